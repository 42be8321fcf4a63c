//! rmcp, the official MCP SDK for Rust, with its own authorization flow: `polyglot URL PORT STEPS` reports what it
//! sees, one JSON object a line.

use std::{env, error::Error, time::Duration};

use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, InitializeRequestParams},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport,
        auth::{AuthClient, AuthorizationRequest, OAuthState},
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

type Client = RunningService<RoleClient, InitializeRequestParams>;
type Failure = Box<dyn Error>;

fn report(event: Value) {
    println!("{event}");
}

/// Connects without a token, which has to fail, and returns the challenge.
async fn challenge(url: &str) -> Result<String, Failure> {
    let transport = StreamableHttpClientTransport::with_client(
        reqwest::Client::default(),
        StreamableHttpClientTransportConfig::with_uri(url),
    );
    match InitializeRequestParams::default().serve(transport).await {
        Ok(_) => Err("connected without a token".into()),
        Err(error) => Ok(error
            .auth_challenge()
            .ok_or_else(|| error.to_string())?
            .to_owned()),
    }
}

/// Waits for the browser, and returns the address that it came back with.
async fn callback(listener: &TcpListener, origin: &str) -> Result<String, Failure> {
    let (mut stream, _) = listener.accept().await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
        .await?;
    let head = String::from_utf8(head)?;
    let target = head.split(' ').nth(1).ok_or("no target")?;
    Ok(format!("{origin}{target}"))
}

async fn connect(url: &str, port: &str) -> Result<Client, Failure> {
    let origin = format!("http://127.0.0.1:{port}");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let challenge = challenge(url).await?;
    let mut state = OAuthState::new(url, None).await?;
    let request = AuthorizationRequest::new(format!("{origin}/callback"))
        .with_client_name("Polyglot rmcp")
        .with_challenge(challenge);
    state.start_authorization(request).await?;
    report(json!({"event": "authorize", "url": state.get_authorization_url().await?}));
    state
        .handle_callback_url(&callback(&listener, &origin).await?)
        .await?;
    let manager = state
        .into_authorization_manager()
        .ok_or("no manager after the authorization")?;
    let transport = StreamableHttpClientTransport::with_client(
        AuthClient::new(reqwest::Client::default(), manager),
        StreamableHttpClientTransportConfig::with_uri(url),
    );
    Ok(InitializeRequestParams::default().serve(transport).await?)
}

/// Makes one call. `Ok` has the text and whether the result is an error.
async fn call(client: &Client, step: &Value) -> Result<(String, bool), Failure> {
    let name = step["tool"]
        .as_str()
        .ok_or("a step without a tool")?
        .to_owned();
    let arguments = step["arguments"].as_object().cloned().unwrap_or_default();
    let request = CallToolRequestParams::new(name).with_arguments(arguments);
    let result = tokio::time::timeout(Duration::from_secs(20), client.call_tool(request)).await??;
    let text = result
        .content
        .iter()
        .filter_map(|part| part.as_text())
        .map(|part| part.text.as_str())
        .collect();
    Ok((text, result.is_error.unwrap_or(false)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().collect();
    let steps: Vec<Value> = serde_json::from_str(&words[3])?;
    let client = connect(&words[1], &words[2]).await?;
    let names: Vec<_> = client
        .list_all_tools()
        .await?
        .into_iter()
        .map(|tool| tool.name)
        .collect();
    report(json!({"event": "tools", "names": names}));
    for step in &steps {
        let (text, failed) = call(&client, step)
            .await
            .unwrap_or_else(|error| (error.to_string(), true));
        report(json!({"event": "call", "label": step["label"], "failed": failed, "text": text}));
    }
    client.cancel().await?;
    Ok(())
}

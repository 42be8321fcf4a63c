package polyglot;

import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.AuthorizationResponse;
import com.nimbusds.oauth2.sdk.ErrorResponse;
import com.nimbusds.oauth2.sdk.GrantType;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.ClientAuthenticationMethod;
import com.nimbusds.oauth2.sdk.client.ClientMetadata;
import com.nimbusds.oauth2.sdk.client.ClientRegistrationRequest;
import com.nimbusds.oauth2.sdk.client.ClientRegistrationResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.BearerTokenError;
import com.sun.net.httpserver.HttpServer;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import tools.jackson.databind.ObjectMapper;

/**
 * The MCP SDK for Java, which leaves OAuth to its application, and Nimbus for OAuth: {@code Walk URL PORT STEPS}
 * reports what it sees, one JSON object a line.
 */
public final class Walk {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI resource;
  private final int port;
  private final URI redirect;

  private Walk(URI resource, int port) {
    this.resource = resource;
    this.port = port;
    this.redirect = URI.create("http://127.0.0.1:" + port + "/callback");
  }

  static void report(Map<String, Object> event) {
    System.out.println(JSON.writeValueAsString(event));
  }

  private static IllegalStateException refused(ErrorResponse answer) {
    return new IllegalStateException(answer.getErrorObject().toString());
  }

  /** The challenge of a request without a token (RFC 6750 section 3). */
  private String challenge() throws Exception {
    var request = HttpRequest.newBuilder(resource)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .POST(HttpRequest.BodyPublishers.ofString("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"))
        .build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 401) throw new IllegalStateException("no challenge but " + answer.statusCode());
    return answer.headers().firstValue("WWW-Authenticate").orElseThrow();
  }

  /** The issuer that the metadata of the resource names (RFC 9728). */
  private static Issuer issuer(String challenge) throws Exception {
    var found = Pattern.compile("resource_metadata=\"([^\"]*)\"").matcher(challenge);
    if (!found.find()) throw new IllegalStateException("no resource_metadata in " + challenge);
    var request = HttpRequest.newBuilder(URI.create(found.group(1))).build();
    var text = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    return new Issuer(JSON.readTree(text).get("authorization_servers").get(0).asString());
  }

  private ClientID register(AuthorizationServerMetadata server) throws Exception {
    var metadata = new ClientMetadata();
    metadata.setName("Polyglot Java");
    metadata.setRedirectionURI(redirect);
    metadata.setTokenEndpointAuthMethod(ClientAuthenticationMethod.NONE);
    metadata.setGrantTypes(Set.of(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN));
    metadata.setResponseTypes(Set.of(ResponseType.CODE));
    var request = new ClientRegistrationRequest(server.getRegistrationEndpointURI(), metadata, null);
    var answer = ClientRegistrationResponse.parse(request.toHTTPRequest().send());
    if (!answer.indicatesSuccess()) throw refused(answer.toErrorResponse());
    return answer.toSuccessResponse().getClientInformation().getID();
  }

  /** Shows the address to the person, and returns the address that the browser came back with. */
  private URI throughBrowser(URI address) throws Exception {
    var answer = new CompletableFuture<URI>();
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/callback", exchange -> {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
      answer.complete(redirect.resolve(exchange.getRequestURI()));
    });
    server.start();
    report(Map.of("event", "authorize", "url", address.toString()));
    try {
      return answer.get(60, TimeUnit.SECONDS);
    } finally {
      server.stop(0);
    }
  }

  private AuthorizationCode authorize(
      AuthorizationServerMetadata server, ClientID client, Scope scope, CodeVerifier verifier) throws Exception {
    var state = new State();
    var request = new AuthorizationRequest.Builder(ResponseType.CODE, client)
        .endpointURI(server.getAuthorizationEndpointURI())
        .redirectionURI(redirect)
        .scope(scope)
        .state(state)
        .codeChallenge(verifier, CodeChallengeMethod.S256)
        .resource(resource)
        .build();
    var answer = AuthorizationResponse.parse(throughBrowser(request.toURI()));
    if (!answer.indicatesSuccess()) throw refused(answer.toErrorResponse());
    if (!state.equals(answer.getState())) throw new IllegalStateException("the state came back changed");
    if (!server.getIssuer().equals(answer.getIssuer())) throw new IllegalStateException("another issuer answered");
    return answer.toSuccessResponse().getAuthorizationCode();
  }

  private AccessToken token() throws Exception {
    var challenge = challenge();
    var server = AuthorizationServerMetadata.resolve(issuer(challenge));
    var client = register(server);
    var verifier = new CodeVerifier();
    var code = authorize(server, client, BearerTokenError.parse(challenge).getScope(), verifier);
    var grant = new AuthorizationCodeGrant(code, redirect, verifier);
    var request = new TokenRequest.Builder(server.getTokenEndpointURI(), client, grant).resource(resource).build();
    var answer = TokenResponse.parse(request.toHTTPRequest().send());
    if (!answer.indicatesSuccess()) throw refused(answer.toErrorResponse());
    return answer.toSuccessResponse().getTokens().getAccessToken();
  }

  private static String textOf(McpSchema.CallToolResult result) {
    var text = new StringBuilder();
    for (var part : result.content()) if (part instanceof McpSchema.TextContent content) text.append(content.text());
    return text.toString();
  }

  /** Makes each call and goes on after one that fails, as an agent does. */
  private void calls(String bearer, List<Map<String, Object>> steps) {
    var origin = resource.getScheme() + "://" + resource.getAuthority();
    var transport = HttpClientStreamableHttpTransport.builder(origin)
        .endpoint(resource.getPath())
        .addHttpRequestCustomizer((request, method, at, body, context) -> request.header("Authorization", bearer))
        .build();
    try (var client = McpClient.sync(transport).requestTimeout(Duration.ofSeconds(20)).build()) {
      client.initialize();
      report(Map.of("event", "tools", "names", client.listTools().tools().stream().map(McpSchema.Tool::name).toList()));
      for (var step : steps) {
        @SuppressWarnings("unchecked")
        var arguments = (Map<String, Object>) step.get("arguments");
        try {
          var request = McpSchema.CallToolRequest.builder((String) step.get("tool")).arguments(arguments).build();
          var result = client.callTool(request);
          var failed = Boolean.TRUE.equals(result.isError());
          report(Map.of("event", "call", "label", step.get("label"), "failed", failed, "text", textOf(result)));
        } catch (RuntimeException error) {
          report(Map.of("event", "call", "label", step.get("label"), "failed", true, "text", error.toString()));
        }
      }
    }
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] words) throws Exception {
    var walk = new Walk(URI.create(words[0]), Integer.parseInt(words[1]));
    walk.calls(walk.token().toAuthorizationHeader(), JSON.readValue(words[2], List.class));
    System.exit(0);
  }
}

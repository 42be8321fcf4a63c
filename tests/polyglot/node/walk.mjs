// What both Node clients have in common: `PROGRAM URL PORT STEPS` reports what it sees, one JSON object a line. The
// libraries do OAuth only, so the few messages of MCP are written here; `send(headers, body)` is the library's request.
import { once } from 'node:events';
import http from 'node:http';

export const url = new URL(process.argv[2]);
export const redirectUri = `http://127.0.0.1:${process.argv[3]}/callback`;
const steps = JSON.parse(process.argv[4]);

export const report = (event, details) => console.log(JSON.stringify({ event, ...details }));

/** Shows the address to the person, and returns the address that the browser came back with. */
export async function authorize(address) {
  const server = http.createServer().listen(Number(process.argv[3]), '127.0.0.1');
  await once(server, 'listening');
  report('authorize', { url: address });
  const [request, response] = await once(server, 'request');
  response.end('done');
  server.close();
  return new URL(request.url, redirectUri);
}

export const registration = (name) => ({
  client_name: name,
  redirect_uris: [redirectUri],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
});

/** The scopes and the metadata that a request without a token is told to use (RFC 6750, RFC 9728 section 5.1). */
export async function challenge() {
  const answer = await fetch(url, { method: 'POST', headers: mcpHeaders, body: JSON.stringify(initialize) });
  const text = answer.headers.get('www-authenticate') ?? '';
  const parameter = (name) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1];
  const metadata = parameter('resource_metadata');
  if (answer.status !== 401 || !metadata) throw new Error(`no challenge: ${answer.status} ${text}`);
  return { metadata, scope: parameter('scope') };
}

const mcpHeaders = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'polyglot-node', version: '1' } },
};

/** The one answer of a POST, which is JSON or an event stream. */
async function answerOf(response) {
  const text = await response.text();
  if (!/^text\/event-stream/.test(response.headers.get('content-type'))) return JSON.parse(text);
  const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, line]) => JSON.parse(line));
  return data.find((message) => 'result' in message || 'error' in message);
}

/** An MCP session: lists the tools, makes each call, and goes on after one that fails. */
export async function walk(send) {
  const headers = { ...mcpHeaders };
  const opened = await send(new Headers(headers), JSON.stringify(initialize));
  headers['Mcp-Session-Id'] = opened.headers.get('mcp-session-id');
  headers['MCP-Protocol-Version'] = (await answerOf(opened)).result.protocolVersion;
  await send(new Headers(headers), JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));

  let id = 0;
  const ask = async (method, params) => {
    const response = await send(new Headers(headers), JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }));
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return answerOf(response);
  };
  const { result: list } = await ask('tools/list', {});
  report('tools', { names: list.tools.map((tool) => tool.name) });
  for (const { label, tool, arguments: args } of steps) {
    try {
      const { result, error } = await ask('tools/call', { name: tool, arguments: args });
      if (error) {
        report('call', { label, failed: true, text: error.message });
      } else {
        const text = result.content.map((part) => part.text).join('');
        report('call', { label, failed: result.isError ?? false, text });
      }
    } catch (error) {
      report('call', { label, failed: true, text: `${error.name} ${error.code ?? ''}: ${error.message}` });
    }
  }
}

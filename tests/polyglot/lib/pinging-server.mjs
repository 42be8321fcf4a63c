// An MCP server with keep-alive events between the messages of every stream, as some frameworks send them: events that
// are not named `message`, whose data is not JSON, with fields that nobody knows.
import { once } from 'node:events';
import http from 'node:http';
import { freePort } from '../../interop/lib/process.mjs';

const keepAlive = [
  'event: ping\ndata: ping\n\n',
  ': a comment\n\n',
  'event: heartbeat\ndata: 2026-11-29T12:00:00Z\n\n',
  'weather: fine\nevent: ping\ndata\n\n',
].join('');

const event = (message) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

const tools = ['echo', 'get-sum', 'get-env'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const results = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {}, logging: {} },
    serverInfo: { name: 'pinging', version: '1' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools }),
  'tools/call': ({ arguments: args }) => ({ content: [{ type: 'text', text: `Echo: ${args.message}` }] }),
};

function answer(message) {
  const result = results[message.method]?.(message.params);
  return result ? { id: message.id, result } : { id: message.id, error: { code: -32601, message: 'Method not found' } };
}

const stream = (response) =>
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Mcp-Session-Id': 'one' }).write(keepAlive);

/** `{url, gets, notify(text), stop()}`. `gets` counts the GET streams; `notify` sends a log message on the open one. */
export async function startPingingServer() {
  let listening;
  const state = { gets: 0 };
  const server = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      state.gets += 1;
      listening = response;
      return stream(response);
    }
    if (request.method !== 'POST') return response.writeHead(200).end();
    let body = '';
    for await (const part of request) body += part;
    const message = JSON.parse(body);
    if (message.id === undefined) return response.writeHead(202).end();
    stream(response);
    return response.end(event(answer(message)) + keepAlive);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/mcp`,
    notify(text) {
      const params = { level: 'info', data: text };
      listening.write(keepAlive + event({ method: 'notifications/message', params }) + keepAlive);
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
}

// The server of tools-server.mjs over the HTTP+SSE transport of 2024-11-05.
import { once } from 'node:events';
import http from 'node:http';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { freePort } from './process.mjs';
import { createServer } from './tools-server.mjs';

/**
 * `{url, headers, open, cut(), stop()}`: the headers of every request, how many streams are open, and a way to end them
 * all. `endpoint` and `refuse` (a status) make it misbehave.
 */
export async function startOldServer() {
  const transports = new Map();
  const upstream = { headers: [], endpoint: undefined, refuse: undefined };
  const server = http.createServer(async (request, response) => {
    upstream.headers.push(request.headers);
    const url = new URL(request.url, 'http://127.0.0.1');
    if (upstream.refuse) return response.writeHead(upstream.refuse).end();
    if (request.method === 'GET' && url.pathname === '/old/sse') {
      if (upstream.endpoint) {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        return response.write(`event: endpoint\ndata: ${upstream.endpoint}\n\n`);
      }
      const transport = new SSEServerTransport('/old/message', response);
      transports.set(transport.sessionId, { transport, response });
      response.on('close', () => transports.delete(transport.sessionId));
      return createServer().connect(transport);
    }
    const known = transports.get(url.searchParams.get('sessionId'));
    if (request.method !== 'POST' || url.pathname !== '/old/message' || !known) return response.writeHead(404).end();
    return known.transport.handlePostMessage(request, response);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.defineProperties(upstream, {
    url: { value: `http://127.0.0.1:${port}/old/sse` },
    open: { get: () => transports.size },
    cut: { value: () => [...transports.values()].forEach(({ response }) => response.destroy()) },
    stop: {
      value: () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      },
    },
  });
}

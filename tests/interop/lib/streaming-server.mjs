// The server of tools-server.mjs over Streamable HTTP with everything a stream can do: event ids, resumption, a priming
// event, a retry time, and streams that the server closes to be asked again.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { freePort } from './process.mjs';
import { createServer } from './tools-server.mjs';

class EventStore {
  #events = [];

  async storeEvent(stream, message) {
    this.#events.push({ id: `${stream}_${this.#events.length}`, stream, message });
    return this.#events.at(-1).id;
  }

  async getStreamIdForEventId(id) {
    return this.#events.find((event) => event.id === id)?.stream;
  }

  async replayEventsAfter(last, { send }) {
    const at = this.#events.findIndex((event) => event.id === last);
    const { stream } = this.#events[at];
    for (const event of this.#events.slice(at + 1))
      if (event.stream === stream && event.message.jsonrpc) await send(event.id, event.message);
    return stream;
  }
}

/** `{url, requests, stop()}`; `requests` are `{method, last}` with the Last-Event-ID. */
export async function startStreamingServer({ retryInterval = 50 } = {}) {
  const transports = new Map();
  const requests = [];
  const server = http.createServer(async (request, response) => {
    requests.push({ method: request.method, last: request.headers['last-event-id'] });
    const session = request.headers['mcp-session-id'];
    if (session) {
      const known = transports.get(session);
      if (known) return known.handleRequest(request, response);
      return response.writeHead(404).end();
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new EventStore(),
      retryInterval,
      onsessioninitialized: (id) => transports.set(id, transport),
    });
    await createServer().connect(transport);
    return transport.handleRequest(request, response);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/mcp`, requests, stop };
}

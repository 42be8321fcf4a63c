// An MCP server that answers some calls with bytes no HTTP client should believe.
import { once } from 'node:events';
import net from 'node:net';
import { freePort } from '../../interop/lib/process.mjs';

export const ok = (message, text = message.params?.name ?? '') => {
  const results = {
    initialize: () => ({
      protocolVersion: message.params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'hostile', version: '1' },
    }),
    'tools/list': () => ({ tools: [{ name: 'good', inputSchema: { type: 'object' } }] }),
    'tools/call': () => ({ content: [{ type: 'text', text }] }),
  };
  return JSON.stringify({ jsonrpc: '2.0', id: message.id, result: results[message.method]?.() ?? {} });
};

export const response = (body, ...lines) =>
  [
    ...(lines.length > 0
      ? lines
      : ['HTTP/1.1 200 OK', 'Content-Type: application/json', `Content-Length: ${body.length}`]),
    '',
    body,
  ].join('\r\n');

export class HostileUpstream {
  /** `scripts` maps tool names to `(socket, message) => …`, which writes whatever it likes. */
  static async start(scripts) {
    const upstream = new HostileUpstream();
    Object.assign(upstream, { scripts, calls: [], connections: 0, sockets: new Set() });
    upstream.server = net.createServer((socket) => upstream.#serve(socket, ++upstream.connections));
    const port = await freePort();
    upstream.server.listen(port, '127.0.0.1');
    await once(upstream.server, 'listening');
    upstream.server.unref();
    upstream.url = `http://127.0.0.1:${port}/mcp`;
    return upstream;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #serve(socket, connection) {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
    let buffer = Buffer.alloc(0);
    socket.on('data', (part) => {
      buffer = Buffer.concat([buffer, part]);
      for (;;) {
        const end = buffer.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = buffer.toString('latin1', 0, end);
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (buffer.length < end + 4 + length) return;
        const body = buffer.toString('utf8', end + 4, end + 4 + length);
        buffer = buffer.subarray(end + 4 + length);
        this.#answer(socket, connection, head, body);
      }
    });
  }

  #answer(socket, connection, head, body) {
    if (!head.startsWith('POST ')) {
      socket.write(response('', 'HTTP/1.1 405 Method Not Allowed', 'Content-Length: 0'));
      return;
    }
    const message = JSON.parse(body);
    const tool = message.method === 'tools/call' ? message.params.name : undefined;
    if (tool) this.calls.push({ tool, connection });
    if (message.id === undefined) socket.write(response('', 'HTTP/1.1 202 Accepted', 'Content-Length: 0'));
    else if (this.scripts[tool]) this.scripts[tool](socket, message);
    else socket.write(response(ok(message)));
  }
}

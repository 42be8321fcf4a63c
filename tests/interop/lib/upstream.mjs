// What stands behind the gateway: the real reference server, or a small one that remembers what reached it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { Child, freePort, nodeModules, python, pythonProgram, root } from './process.mjs';
import { send } from './http.mjs';
import { until } from './wait.mjs';

/** A server of MCP that is a program and has its address at `/mcp`: `{url, child, stop()}`. */
async function startServer(what, port, command, args, { path: at = '/mcp', probe = at, ...options } = {}) {
  const child = new Child(command, args, options);
  const url = `http://127.0.0.1:${port}${at}`;
  await until(
    what,
    async () => {
      if (!child.alive) throw Object.assign(new Error(child.output), { fatal: true });
      return (await send(new URL(probe, url).href, { seconds: 2 })).status > 0;
    },
    { seconds: 30 },
  );
  return { url, child, stop: () => child.kill() };
}

/** The reference MCP server over streamable HTTP, or over the transport of 2024. */
export async function startEverything({ old = false } = {}) {
  const port = await freePort();
  const program = path.join(nodeModules, '@modelcontextprotocol/server-everything/dist/index.js');
  const loopback = path.join(root, 'tests/interop/lib/loopback.mjs');
  return startServer(
    'the reference MCP server',
    port,
    process.execPath,
    ['--import', loopback, program, old ? 'sse' : 'streamableHttp'],
    { env: { PORT: String(port) }, ...(old ? { path: '/sse', probe: '/' } : {}) },
  );
}

/** A server of ours with everything the conformance suites ask for; `name` is a program in `fixture/`. */
export async function startFixture(name) {
  const port = await freePort();
  const program = path.join(root, 'tests/interop/fixture', `${name}.mjs`);
  return startServer(`the fixture ${name}`, port, process.execPath, [program, String(port)]);
}

/** A server in Python. */
export async function startPython() {
  const port = await freePort();
  return startServer('the server in Python', port, python, [pythonProgram('server'), String(port)]);
}

/**
 * A small MCP server without sessions. Every request is kept in `requests` as `{method, url, headers, body, message}`,
 * and the bytes are counted: `untouched()` fails if even one came in since `reset()`.
 * `answer(message, request, response)` may take a request over by returning true. Without `port` it takes a free one.
 * `tls` (`{cert, key, ca…}` as Node takes them, `host` for the URL) makes it https.
 */
export class RecordingUpstream {
  static async start({ answer, port, tls } = {}) {
    const upstream = new RecordingUpstream();
    upstream.answer = answer;
    upstream.requests = [];
    upstream.sockets = new Set();
    upstream.closed = 0;
    upstream.baseline = 0;
    const serve = (request, response) => upstream.#serve(request, response);
    upstream.http = tls ? https.createServer(tls, serve) : http.createServer(serve);
    upstream.connections = 0;
    upstream.http.keepAliveTimeout = 60_000;
    upstream.server = net.createServer((socket) => {
      upstream.sockets.add(socket);
      ++upstream.connections;
      socket.on('error', () => {});
      socket.once('close', () => {
        upstream.closed += socket.bytesRead;
        upstream.sockets.delete(socket);
      });
      upstream.http.emit('connection', socket);
    });
    upstream.port = port ?? (await freePort());
    upstream.server.listen(upstream.port, '127.0.0.1');
    await once(upstream.server, 'listening');
    upstream.server.unref();
    upstream.url = `${tls ? 'https' : 'http'}://${tls?.host ?? '127.0.0.1'}:${upstream.port}/mcp`;
    return upstream;
  }

  get bytes() {
    let open = 0;
    for (const socket of this.sockets) open += socket.bytesRead;
    return this.closed + open - this.baseline;
  }

  reset() {
    this.requests.length = 0;
    this.baseline += this.bytes;
  }

  untouched(what) {
    assert.equal(
      this.bytes,
      0,
      `${what}: ${this.bytes} bytes reached the upstream: ${JSON.stringify(this.requests.map((each) => each.body))}`,
    );
  }

  /** The names of the tools called since `reset()`. */
  get calls() {
    return this.requests
      .filter((each) => each.message?.method === 'tools/call')
      .map((each) => each.message.params.name);
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    this.http.close();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    let body = '';
    for await (const part of request) body += part;
    const record = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      socket: request.socket,
      body,
    };
    try {
      record.message = JSON.parse(body);
    } catch {
      /* kept as text */
    }
    this.requests.push(record);
    if (await this.answer?.(record.message, record, response)) return;
    reply(record.message, request, response);
  }
}

function reply(message, request, response) {
  if (request.method !== 'POST' || !message) {
    response.writeHead(405).end();
    return;
  }
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const results = {
    initialize: () => ({
      protocolVersion: message.params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'recording', version: '1' },
    }),
    ping: () => ({}),
    'tools/list': () => ({
      tools: ['good', 'echo', 'get-sum'].map((name) => ({ name, inputSchema: { type: 'object' } })),
    }),
    'tools/call': () => ({ content: [{ type: 'text', text: JSON.stringify(message.params.arguments ?? {}) }] }),
  };
  const result = results[message.method];
  const payload = result
    ? { jsonrpc: '2.0', id: message.id, result: result() }
    : { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } };
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(payload));
}

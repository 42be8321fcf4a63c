// A proxy in front of a gateway, as operators put one there, that can break one thing of what passes through it.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { Gateway } from './gateway.mjs';
import { freePort } from './process.mjs';

export class BreakingProxy {
  /** `tls` (`{cert, key}` as Node takes them) makes it https. */
  static async start({ tls } = {}) {
    const proxy = new BreakingProxy();
    proxy.repair();
    proxy.sockets = new Set();
    const serve = (request, response) =>
      proxy.#serve(request, response).catch((error) => response.destroy(error));
    proxy.server = tls ? https.createServer(tls, serve) : http.createServer(serve);
    proxy.server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => proxy.sockets.delete(socket));
    });
    proxy.port = await freePort();
    proxy.server.listen(proxy.port, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.server.unref();
    proxy.origin = `${tls ? 'https' : 'http'}://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  /** A gateway behind it, whose public address is the proxy's. */
  async gateway({ configure, ...options }) {
    const gateway = await Gateway.start({
      ...options,
      configure: (config, self) => {
        this.target = self.port;
        self.origin = this.origin;
        self.resource = `${this.origin}/mcp`;
        config.authorization_servers.main.issuer = self.origin;
        config.resources[0].serve = self.resource;
        configure?.(config, self);
      },
    });
    return gateway;
  }

  /**
   * `instead(request)` may answer itself: `{status, headers, body}`. `change(request, answer)` changes what the gateway
   * answered, in place.
   */
  breakWith({ instead, change }) {
    Object.assign(this, { instead, change });
  }

  repair() {
    Object.assign(this, { instead: undefined, change: undefined });
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const own = this.instead?.(request);
    const answer = own ?? (await this.#ask(request, Buffer.concat(parts), response));
    if (!own) this.change?.(request, answer);
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
  }

  /** The whole answer: `{status, headers, body}`, names in lower case. */
  async #ask(request, body, response) {
    const headers = { ...request.headers, 'content-length': body.length };
    const { method, url: path } = request;
    const asked = http.request({ host: '127.0.0.1', port: this.target, method, path, headers, agent: false });
    response.once('close', () => asked.destroy());
    asked.on('error', () => {});
    asked.end(body);
    const [answer] = await once(asked, 'response');
    const parts = [];
    for await (const part of answer) parts.push(part);
    const kept = Object.entries(answer.headers).filter(([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name));
    return { status: answer.statusCode, headers: Object.fromEntries(kept), body: Buffer.concat(parts).toString() };
  }
}

/** Changes the members of a JSON answer; undefined takes one out. */
export function patch(answer, members) {
  answer.body = JSON.stringify({ ...JSON.parse(answer.body), ...members });
}

export const page = (status = 200) => ({
  status,
  headers: { 'Content-Type': 'text/html' },
  body: '<!doctype html><title>Welcome</title>',
});

// Hosts of client metadata documents: one https server on the loopback that stands for all of them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Authority } from './certificates.mjs';
import { Gateway } from './gateway.mjs';
import { freePort } from './process.mjs';
import { RecordingUpstream } from './upstream.mjs';

export class DocumentHosts {
  /** `documents` maps URLs to documents (objects), or to functions `(request, response)` that answer themselves. */
  static async start(hosts, documents = {}) {
    const server = new DocumentHosts();
    const authority = await Authority.create();
    Object.assign(server, { hosts, documents, authority, requests: [], port: await freePort() });
    server.server = https.createServer(await server.contextFor(hosts), (request, response) =>
      server.#serve(request, response),
    );
    server.connections = 0;
    server.server.on('connection', () => ++server.connections);
    server.server.listen(server.port, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  /** A certificate for these names: `{cert, key}`. */
  async contextFor(names) {
    const { certificate, key } = await this.authority.issue(
      'documents',
      names.map((name) => `DNS:${name}`),
    );
    return { cert: readFileSync(certificate), key: readFileSync(key) };
  }

  /** What makes a gateway fetch from here: the value of its `fetch` key. */
  get settings() {
    const address = `127.0.0.1:${this.port}`;
    return {
      ca: this.authority.file,
      unsafe_connect_to: Object.fromEntries(this.hosts.map((host) => [host, address])),
    };
  }

  /** How often that URL was asked for. */
  asked(url) {
    return this.requests.filter((each) => each.url === url).length;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  #serve(request, response) {
    const url = `https://${request.headers.host}${request.url}`;
    this.requests.push({ url, headers: request.headers });
    const document = this.documents[url];
    if (typeof document === 'function') {
      document(request, response);
    } else if (document) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
    } else {
      response.writeHead(404, { 'Content-Type': 'application/json' }).end('{}');
    }
  }
}

/**
 * A gateway that fetches from such hosts, in front of a recording server: `{hosts, upstream, gateway, stop()}`.
 * `configure` changes its configuration further.
 */
export async function startWithDocuments({ name, hosts: names, documents, configure = () => {} }) {
  const hosts = await DocumentHosts.start(names, documents);
  const upstream = await RecordingUpstream.start();
  const gateway = await Gateway.start({
    name,
    upstream: upstream.url,
    configure: (config) => {
      config.fetch = hosts.settings;
      configure(config);
    },
  });
  const stop = async () => {
    await gateway.stop();
    await upstream.stop();
    await hosts.stop();
  };
  return { hosts, upstream, gateway, stop };
}

/** A document as most publish it. */
export const publicDocument = (clientId, changes = {}) => ({
  client_id: clientId,
  client_name: 'Example client',
  redirect_uris: [`${new URL(clientId).origin}/callback`],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  ...changes,
});

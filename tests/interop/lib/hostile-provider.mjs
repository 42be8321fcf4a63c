// An OpenID provider in the hands of the test: it lies wherever the test wants.
import { once } from 'node:events';
import http from 'node:http';
import { newKey } from './jose.mjs';
import { freePort } from './process.mjs';

export class HostileProvider {
  /** `named`: whether its answers name their issuer (RFC 9207). */
  static async start({ named = true } = {}) {
    const provider = new HostileProvider();
    provider.named = named;
    provider.port = await freePort();
    provider.issuer = `http://127.0.0.1:${provider.port}`;
    provider.key = newKey('RS256', 'good');
    provider.requests = [];
    provider.reset();
    provider.server = http.createServer((request, response) => provider.#serve(request, response));
    provider.server.listen(provider.port, '127.0.0.1');
    await once(provider.server, 'listening');
    return provider;
  }

  /** Honest again. `idToken(claims)` makes the token, `answer(body)` the whole answer, `parameters(p)` the redirect. */
  reset() {
    this.subject = 'mallory';
    this.idToken = (claims) => this.key.sign(claims, { typ: 'JWT' });
    this.answer = (body) => ({ status: 200, body });
    this.parameters = (parameters) => parameters;
  }

  asked(path) {
    return this.requests.filter((each) => each.path === path).length;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.issuer);
    let body = '';
    for await (const part of request) body += part;
    this.requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers, body });
    const json = (value, status = 200) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (url.pathname === '/.well-known/openid-configuration') {
      json({
        issuer: this.issuer,
        authorization_endpoint: `${this.issuer}/authorize`,
        token_endpoint: `${this.issuer}/token`,
        jwks_uri: `${this.issuer}/jwks`,
        authorization_response_iss_parameter_supported: this.named,
      });
    } else if (url.pathname === '/jwks') {
      json({ keys: [this.key.jwk] });
    } else if (url.pathname === '/authorize') {
      this.#authorize(url.searchParams, response);
    } else if (url.pathname === '/token') {
      const answer = this.answer(this.#tokens());
      json(answer.body, answer.status);
    } else {
      json({}, 404);
    }
  }

  #authorize(asked, response) {
    this.nonce = asked.get('nonce');
    this.client = asked.get('client_id');
    const parameters = this.parameters({
      ...{ code: 'code', state: asked.get('state') },
      ...(this.named ? { iss: this.issuer } : {}),
    });
    const target = `${asked.get('redirect_uri')}?${new URLSearchParams(parameters)}`;
    response.writeHead(303, { Location: target }).end();
  }

  #tokens() {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer, aud: this.client, sub: this.subject, nonce: this.nonce, iat: now, exp: now + 300 };
    return { access_token: 'at', token_type: 'Bearer', id_token: this.idToken(claims) };
  }
}

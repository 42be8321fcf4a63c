// A real OpenID provider: the npm package oidc-provider, on the loopback. It signs users in without a password, and
// issues JWT access tokens for an audience.
import { once } from 'node:events';
import http from 'node:http';
import Provider from 'oidc-provider';
import { send } from './http.mjs';
import { newKey } from './jose.mjs';
import { freePort } from './process.mjs';

const privateJwk = (key) => ({ ...key.privateJwk, use: 'sig', alg: key.alg, kid: key.kid });

export class OpenIdProvider {
  /**
   * `clients` as oidc-provider takes them; `accounts` maps subjects to claims; `audience` and `algorithm` are of access
   * tokens, `scopes` what these may have.
   */
  static async start({ clients, accounts = {}, audience = 'api', scopes = [], algorithm = 'RS256', claims = {} }) {
    const provider = new OpenIdProvider();
    provider.port = await freePort();
    Object.assign(provider, { clients, accounts, audience, scopes, algorithm, claims, requests: [] });
    provider.issuer = `http://127.0.0.1:${provider.port}`;
    provider.keys = [newKey('RS256', 'rsa-1'), newKey('ES256', 'ec-1')];
    provider.#renew();
    provider.server = http.createServer((request, response) => {
      provider.requests.push({ method: request.method, url: request.url });
      if (provider.takeOver?.(request, response)) return;
      provider.handler(request, response);
    });
    provider.server.listen(provider.port, '127.0.0.1');
    await once(provider.server, 'listening');
    return provider;
  }

  /** New keys sign from now on, and the old ones are gone. */
  rotate() {
    const generation = ++this.generation;
    this.keys = [newKey('RS256', `rsa-${generation}`), newKey('ES256', `ec-${generation}`)];
    this.#renew();
  }

  generation = 1;

  asked(path) {
    return this.requests.filter((each) => each.url.split('?')[0] === path).length;
  }

  /** An access token for `client` (`{client_id, client_secret}`) by itself, or what the provider said instead. */
  async token(client, { scope = this.scopes.join(' ') } = {}) {
    // Each on a connection of its own: one that was kept may be closed by the server just as the request leaves.
    const answer = await send(`${this.issuer}/token`, {
      form: { grant_type: 'client_credentials', ...client, scope, resource: 'urn:api' },
    });
    const body = answer.json();
    if (!body.access_token) throw new Error(`the provider gave no token: ${JSON.stringify(body)}`);
    return body.access_token;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  #renew() {
    const oidc = new Provider(this.issuer, {
      clients: this.clients,
      jwks: { keys: this.keys.map(privateJwk) },
      cookies: { keys: ['test'] },
      clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
      enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups', 'role'] },
      scopes: ['openid', 'email', 'profile', 'groups', ...this.scopes],
      conformIdTokenClaims: false,
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...this.accounts[sub] }) }),
      loadExistingGrant: async (context) => {
        const grant = new context.oidc.provider.Grant({
          clientId: context.oidc.client.clientId,
          accountId: context.oidc.session.accountId,
        });
        grant.addOIDCScope('openid email profile groups');
        await grant.save();
        return grant;
      },
      extraTokenClaims: () => this.claims,
      features: {
        devInteractions: { enabled: true },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: this.scopes.join(' '),
            audience: this.audience,
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: this.algorithm } },
          }),
        },
      },
    });
    this.handler = oidc.callback();
  }
}

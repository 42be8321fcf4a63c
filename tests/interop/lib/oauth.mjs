// An OAuth client without a library: every parameter is in the hands of the test.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { UserAgent } from './browserless.mjs';
import { password } from './gateway.mjs';
import { bearerChallenge, send } from './http.mjs';

export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url'), method: 'S256' };
}

/** An authorization request of a client nobody has heard of yet. */
export const authorizeUrl = (gateway, clientId) =>
  `${gateway.origin}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: 'https://app.example.test/callback',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    state: 's',
    resource: gateway.resource,
  })}`;

/** The error that the page for a request at fault names (RFC 9700 section 4.11.2); undefined: it is another answer. */
export const errorOnPage = (answer) =>
  answer.status === 400 && answer.location === undefined && answer.headers.location === undefined
    ? /<code id="error">([a-z_]+)<\/code>/.exec(answer.text)?.[1]
    : undefined;

/** What a client learns before it can register: `{challenge, resource, server}` (RFC 6750, RFC 9728, RFC 8414). */
export async function discover(resourceUrl) {
  const refusal = await send(resourceUrl, {
    json: { jsonrpc: '2.0', id: 1, method: 'ping' },
    headers: { Accept: 'application/json, text/event-stream' },
  });
  assert.equal(refusal.status, 401, 'without a token the answer is 401');
  const challenge = bearerChallenge(refusal);
  const resource = (await send(challenge.resource_metadata)).json();
  const issuer = new URL(resource.authorization_servers[0]);
  const path = issuer.pathname === '/' ? '' : issuer.pathname;
  const server = (await send(`${issuer.origin}/.well-known/oauth-authorization-server${path}`)).json();
  return { challenge, resource, server };
}

// Identical public registrations are one client to the gateway; tests want each its own.
let registered = 0;

export class OAuthClient {
  /** Discovers and registers. `metadata` is added to the registration. */
  static async register(gateway, { redirectUris = ['http://127.0.0.1:7777/callback'], metadata = {}, agent } = {}) {
    const client = new OAuthClient();
    client.gateway = gateway;
    client.agent = agent;
    const { resource, server, challenge } = await discover(gateway.resource);
    Object.assign(client, { resource: resource.resource, server, challenge, redirectUri: redirectUris[0] });
    const answer = await send(server.registration_endpoint, {
      agent,
      json: {
        client_name: `Raw test client ${++registered}`,
        redirect_uris: redirectUris,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        ...metadata,
      },
    });
    assert.equal(answer.status, 201, `registration: ${answer.text}`);
    client.information = answer.json();
    client.id = client.information.client_id;
    return client;
  }

  /** A client that a document describes: discovers, and has nothing to register. */
  static async described(gateway, { id, redirectUri, resource: address = gateway.resource }) {
    const { resource, server, challenge } = await discover(address);
    assert.equal(server.client_id_metadata_document_supported, true);
    return Object.assign(new OAuthClient(), { gateway, id, redirectUri, resource: resource.resource, server, challenge });
  }

  /** The parameters of a good authorization request, for `this.scope` if it is set; keep the returned `verifier` and `state`. */
  request({ scope = this.scope ?? 'mcp.connect tools.read', ...changes } = {}) {
    const proof = pkce();
    const parameters = {
      response_type: 'code',
      client_id: this.id,
      redirect_uri: this.redirectUri,
      scope,
      state: randomBytes(12).toString('base64url'),
      code_challenge: proof.challenge,
      code_challenge_method: proof.method,
      resource: this.resource,
      ...changes,
    };
    for (const name of Object.keys(parameters)) if (parameters[name] === undefined) delete parameters[name];
    return { parameters, verifier: proof.verifier, state: parameters.state, url: this.authorizeUrl(parameters) };
  }

  /** `parameters` is an object or a list of pairs (for names sent twice). */
  authorizeUrl(parameters) {
    return `${this.server.authorization_endpoint}?${new URLSearchParams(parameters)}`;
  }

  /** Signs in, consents, checks state and issuer: `{code, verifier, parameters}`. */
  async authorize({
    user = 'alice',
    secret = password,
    tenant,
    browser = new UserAgent({ agent: this.agent }),
    ...changes
  } = {}) {
    const request = this.request(changes);
    const end = await browser.authorize(request.url, { username: user, password: secret, tenant });
    assert.ok(end.redirect, `no redirect to the client but ${end.status}: ${end.text.slice(0, 1500)}`);
    const answer = Object.fromEntries(end.redirect.searchParams);
    assert.ok(answer.code, `no code but ${JSON.stringify(answer)}`);
    assert.equal(answer.state, request.state);
    assert.equal(answer.iss, this.server.issuer);
    return { ...request, code: answer.code, browser };
  }

  /** A request to the token endpoint as it stands: `{status, body, headers}`. */
  async token(form, options = {}) {
    const answer = await send(this.server.token_endpoint, { form, agent: this.agent, ...options });
    return {
      status: answer.status,
      headers: answer.headers,
      text: answer.text,
      body: /json/.test(answer.headers['content-type']?.[0] ?? '') ? answer.json() : undefined,
    };
  }

  exchange({ code, verifier }, changes = {}) {
    return this.token(
      clean({
        grant_type: 'authorization_code',
        code,
        client_id: this.id,
        redirect_uri: this.redirectUri,
        code_verifier: verifier,
        resource: this.resource,
        ...changes,
      }),
    );
  }

  refresh(refreshToken, changes = {}) {
    return this.token(
      clean({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: this.id,
        resource: this.resource,
        ...changes,
      }),
    );
  }

  /** From nothing to tokens. */
  async grant(options) {
    const answer = await this.exchange(await this.authorize(options));
    assert.equal(answer.status, 200, `token: ${answer.text}`);
    return answer.body;
  }

  async revoke(token, changes = {}) {
    return send(this.server.revocation_endpoint, {
      form: clean({ token, client_id: this.id, ...changes }),
      agent: this.agent,
    });
  }
}

function clean(form) {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined));
}

// The official SDK clients, v1 and v2, with an OAuth provider that keeps everything in memory and a person who signs in.
import { randomBytes } from 'node:crypto';
import * as v1 from '@modelcontextprotocol/sdk/client/index.js';
import * as v1Http from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v1Sse from '@modelcontextprotocol/sdk/client/sse.js';
import * as v1Auth from '@modelcontextprotocol/sdk/client/auth.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import * as v2 from '@modelcontextprotocol/client';
import { UserAgent } from './browserless.mjs';
import { password } from './gateway.mjs';

/** What an application implements for the SDK: storage, and a way to a browser. `events` tells what happened. */
export class Provider {
  #state;
  #verifier;
  #information;
  #tokens;
  #discovered;

  constructor({
    user = 'alice',
    secret = password,
    redirectUrl = 'http://127.0.0.1:7777/callback',
    decision = 'approve',
    tenant,
  } = {}) {
    Object.assign(this, { user, secret, redirectUrl, decision, tenant, events: [], browser: new UserAgent() });
  }

  get clientMetadata() {
    return {
      client_name: 'SDK test client',
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
  }

  state() {
    return (this.#state = randomBytes(12).toString('base64url'));
  }

  clientInformation() {
    return this.#information;
  }

  saveClientInformation(information) {
    this.events.push('registered');
    this.#information = information;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens) {
    this.events.push('tokens');
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  saveDiscoveryState(state) {
    this.#discovered = state;
  }

  discoveryState() {
    return this.#discovered;
  }

  invalidateCredentials(what) {
    this.events.push(`invalidated ${what}`);
    if (what === 'all' || what === 'discovery') this.#discovered = undefined;
    if (what === 'all' || what === 'tokens') this.#tokens = undefined;
    if (what === 'all' || what === 'client') this.#information = undefined;
  }

  async redirectToAuthorization(url) {
    this.events.push('authorizing');
    this.authorizationUrl = url;
    const end = await this.browser.authorize(url.href, {
      username: this.user,
      password: this.secret,
      decision: this.decision,
      tenant: this.tenant,
    });
    if (!end.redirect) throw new Error(`sign-in ended on a page (${end.status}): ${end.text.slice(0, 1500)}`);
    if (end.redirect.searchParams.get('state') !== this.#state) throw new Error('the state came back changed');
    this.callback = end.redirect.searchParams;
  }

  get scopes() {
    return new Set((this.#tokens?.scope ?? '').split(' ').filter(Boolean));
  }
}

const flavours = {
  v1: {
    Client: v1.Client,
    Transport: v1Http.StreamableHTTPClientTransport,
    Unauthorized: v1Auth.UnauthorizedError,
    finish: (transport, callback) => transport.finishAuth(callback.get('code')),
  },
  // The transport of 2024-11-05.
  'v1-sse': {
    Client: v1.Client,
    Transport: v1Sse.SSEClientTransport,
    Unauthorized: v1Auth.UnauthorizedError,
    finish: (transport, callback) => transport.finishAuth(callback.get('code')),
  },
  v2: {
    Client: v2.Client,
    Transport: v2.StreamableHTTPClientTransport,
    Unauthorized: v2.UnauthorizedError,
    finish: (transport, callback) => transport.finishAuth(callback),
  },
};

/** What `setNotificationHandler` of each version takes for the server's log messages. */
export const logMessages = { v1: LoggingMessageNotificationSchema, v2: 'notifications/message' };

/**
 * A connected client of `version` ('v1', 'v1-sse' or 'v2'), which `prepare` may give handlers before; `call` goes
 * through a step-up as an application would.
 */
export class SdkClient {
  static async connect(version, url, { provider = new Provider(), options = {}, prepare, fetch } = {}) {
    const sdk = new SdkClient();
    Object.assign(sdk, { ...flavours[version], provider, url: new URL(url), fetch });
    const open = () => {
      sdk.client = new sdk.Client({ name: `postern-test-${version}`, version: '1.0.0' }, options);
      prepare?.(sdk.client);
      sdk.transport = new sdk.Transport(sdk.url, { authProvider: provider, fetch });
      return sdk.client.connect(sdk.transport);
    };
    await sdk.#authorizing(open, open);
    return sdk;
  }

  async #authorizing(attempt, again) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof this.Unauthorized)) throw error;
      await this.finish(this.transport, this.provider.callback);
      return again();
    }
  }

  call(name, args) {
    const attempt = () => this.client.callTool({ name, arguments: args });
    return this.#authorizing(attempt, attempt);
  }

  async tools() {
    return (await this.client.listTools()).tools.map((tool) => tool.name);
  }

  async close() {
    await this.client.close();
  }
}

/** A connected client v1 as somebody has it who pastes headers into it, a token among them. */
export async function pasted(url, headers) {
  const client = new v1.Client({ name: 'pasted', version: '1.0.0' });
  await client.connect(new v1Http.StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

export const textOf = (result) => result.content.map((part) => part.text).join('');

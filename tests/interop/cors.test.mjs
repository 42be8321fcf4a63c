// What pages of other origins may do (the Fetch standard's CORS protocol), and what a rebound host name gets.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { isAllowed, isHidden, isReadableBy, names } from './lib/cors.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { startEverything } from './lib/upstream.mjs';

const friend = 'https://app.example.test';
const foreign = 'https://evil.example';

describe('cross-origin requests', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let token;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({
      name: 'cors',
      upstream: upstream.url,
      configure: (config) => {
        config.origins = [friend];
      },
    });
    client = await OAuthClient.register(gateway);
    token = (await client.grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const preflight = (url, origin, method, asked) =>
    send(url, {
      method: 'OPTIONS',
      headers: {
        ...(origin === undefined ? {} : { Origin: origin }),
        'Access-Control-Request-Method': method,
        ...(asked ? { 'Access-Control-Request-Headers': asked } : {}),
      },
    });

  const mcpHeaders = [
    ...['authorization', 'content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id'],
    ...['mcp-method', 'mcp-name'],
  ];

  for (const origin of [friend, 'our own origin']) {
    it(`resource: ${origin} may call with every header a client sends`, async () => {
      const self = origin === friend ? friend : gateway.origin;
      for (const method of ['POST', 'GET', 'DELETE']) {
        for (const url of [gateway.resource, `${gateway.resource}/`])
          isAllowed(await preflight(url, self, method, mcpHeaders.join(',')), self, method, mcpHeaders, method);
      }
      const parameter = await preflight(gateway.resource, self, 'POST', 'content-type,mcp-param-region');
      isAllowed(parameter, self, 'POST', ['mcp-param-region'], 'a parameter in a header');
    });
  }

  it('resource: the preflight grants no header that no client needs', async () => {
    const answer = await preflight(
      gateway.resource,
      friend,
      'POST',
      'cookie,x-forwarded-for,x-tenant,host,mcp-param-a b',
    );
    const allowed = names(answer, 'access-control-allow-headers');
    for (const each of ['cookie', 'x-forwarded-for', 'x-tenant', 'host', 'mcp-param-a b', 'mcp-param-a'])
      assert.ok(!allowed.includes(each), each);
  });

  const strangers = {
    'another origin': foreign,
    'no origin at all (a sandboxed frame)': 'null',
    'our name with another port': 'http://127.0.0.1:1',
    'our origin with https': undefined,
    'an allowed origin with a suffix': `${friend}.evil.example`,
    'an allowed origin with a path': `${friend}/`,
    'an allowed origin in capitals': friend.toUpperCase(),
    'an allowed origin without TLS': friend.replace('https', 'http'),
    'two origins': `${friend} ${foreign}`,
    'an empty origin': '',
  };

  for (const [what, value] of Object.entries(strangers)) {
    it(`resource: ${what} gets 403, in a preflight and in spite of a good token, and reads nothing`, async () => {
      const origin = value ?? gateway.origin.replace('http:', 'https:');
      const asked = await preflight(gateway.resource, origin, 'POST', 'authorization,content-type');
      assert.equal(asked.status, 403);
      isHidden(asked, 'preflight');
      for (const credentials of [token, undefined]) {
        const answer = await ping(gateway.resource, credentials, { headers: { Origin: origin } });
        assert.equal(answer.status, 403, `${credentials ? 'with' : 'without'} a token`);
        assert.equal(answer.message.error.data.error, 'origin_not_allowed');
        isHidden(answer, 'call');
        for (const method of ['GET', 'DELETE']) {
          const headers = { Origin: origin, ...(credentials ? { Authorization: `Bearer ${credentials}` } : {}) };
          const refused = await send(gateway.resource, { method, headers });
          assert.equal(refused.status, 403, method);
          isHidden(refused, method);
        }
      }
    });
  }

  it('resource: two Origin fields are no allowed one', async () => {
    const headers = ['Authorization', `Bearer ${token}`, 'Origin', friend, 'Origin', foreign];
    const answer = await send(gateway.resource, { json: rpc('ping'), headers });
    assert.equal(answer.status, 403);
    assert.equal(answer.json().error.data.error, 'origin_not_allowed');
    isHidden(answer, 'two origins');
  });

  it('resource: a client that is no browser needs no Origin', async () => {
    const session = await initialize(gateway.resource, token);
    const answer = await ping(gateway.resource, token, { session });
    assert.equal(answer.status, 200);
    isHidden(answer, 'nobody asked');
  });

  it('resource: every kind of answer can be read by an allowed page, with the headers it must see', async () => {
    const headers = { Origin: friend };
    const session = await initialize(gateway.resource, token, { headers });
    const answers = {
      'no token: 401': [401, await ping(gateway.resource, undefined, { headers })],
      'a token that is no good: 401': [401, await ping(gateway.resource, `mcpv1_${'A'.repeat(43)}`, { headers })],
      'two tokens: 400': [
        400,
        await send(gateway.resource, {
          json: rpc('ping'),
          headers: ['Origin', friend, 'Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`],
        }),
      ],
      'a scope that is missing: 403': [
        403,
        await callTool(gateway.resource, token, 'get-sum', {}, { headers, session }),
      ],
      'denied: 200': [200, await callTool(gateway.resource, token, 'get-env', {}, { headers, session })],
      'no session: 404': [404, await ping(gateway.resource, token, { headers, session: 'none' })],
      'no JSON: 415': [
        415,
        await send(gateway.resource, { body: 'x', headers: { ...headers, Authorization: `Bearer ${token}` } }),
      ],
      'JSON that is broken: 400': [
        400,
        await send(gateway.resource, {
          body: '{',
          headers: { ...headers, Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        }),
      ],
      'another method: 405': [
        405,
        await send(gateway.resource, { method: 'PUT', headers: { ...headers, Authorization: `Bearer ${token}` } }),
      ],
      'a call: 200': [200, await callTool(gateway.resource, token, 'echo', { message: 'x' }, { headers, session })],
    };
    for (const [what, [status, answer]] of Object.entries(answers)) {
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
      isReadableBy(friend, answer, what);
      const exposed = names(answer, 'access-control-expose-headers');
      for (const each of ['www-authenticate', 'mcp-session-id', 'retry-after'])
        assert.ok(exposed.includes(each), `${what}: ${each} is not among ${exposed}`);
    }
    assert.ok(bearerChallenge(answers['no token: 401'][1]).resource_metadata);
    const opened = await post(
      gateway.resource,
      rpc('initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'page', version: '1' },
      }),
      { token, headers },
    );
    assert.ok(header(opened, 'mcp-session-id'), 'the session id to be seen');
    isReadableBy(friend, opened, 'initialize');
  });

  it('metadata, token, registration and revocation are open to every page, and only without credentials', async () => {
    const { server } = client;
    const endpoints = {
      [`${gateway.origin}/.well-known/oauth-protected-resource/mcp`]: 'GET',
      [`${gateway.origin}/.well-known/oauth-authorization-server`]: 'GET',
      [server.token_endpoint]: 'POST',
      [server.registration_endpoint]: 'POST',
      [server.revocation_endpoint]: 'POST',
    };
    for (const [url, method] of Object.entries(endpoints)) {
      for (const origin of [friend, foreign]) {
        const asked = await preflight(url, origin, method, 'content-type,mcp-protocol-version,authorization');
        isAllowed(asked, origin, method, ['content-type', 'mcp-protocol-version', 'authorization'], url);
        const answer = await send(url, {
          method,
          headers: { Origin: origin },
          ...(method === 'POST' ? { form: {} } : {}),
        });
        isReadableBy(origin, answer, `${url}: ${answer.status}`);
        assert.equal(
          header(answer, 'access-control-allow-origin'),
          '*',
          'the same for everybody, with cookies for none',
        );
      }
    }
  });

  it('a page of any origin registers, and gets tokens for a code', async () => {
    const headers = { Origin: foreign };
    const registered = await send(client.server.registration_endpoint, {
      headers,
      json: {
        client_name: 'A page',
        redirect_uris: ['https://evil.example/callback'],
        token_endpoint_auth_method: 'none',
      },
    });
    assert.equal(registered.status, 201, registered.text);
    isReadableBy(foreign, registered, 'registration');
    const grant = await client.authorize();
    const form = {
      grant_type: 'authorization_code',
      code: grant.code,
      client_id: client.id,
      redirect_uri: client.redirectUri,
      code_verifier: grant.verifier,
      resource: client.resource,
    };
    const answer = await client.token(form, { headers });
    assert.equal(answer.status, 200, answer.text);
    isReadableBy(foreign, answer, 'token');
  });

  it('sign-in pages can be read by no other page, also not by an allowed one', async () => {
    const browser = new UserAgent();
    const { url } = client.request();
    for (const origin of [friend, foreign, 'null']) {
      const headers = { Origin: origin };
      const pages = {
        authorize: [await browser.open(url, { headers }), 200],
        login: [await browser.request(`${gateway.origin}/login`, { headers }), 200],
        logout: [await browser.request(`${gateway.origin}/logout`, { headers }), 303],
        'a login': [await browser.request(`${gateway.origin}/login`, { method: 'POST', form: {}, headers }), 403],
        'a decision': [await browser.request(url, { method: 'POST', form: { decision: 'approve' }, headers }), 400],
      };
      for (const [what, [page, status]] of Object.entries(pages)) {
        isHidden(page, `${what} for ${origin}`);
        assert.equal(page.status, status, what);
        assert.ok(/frame-ancestors 'none'/.test(header(page, 'content-security-policy') ?? '') || page.location, what);
      }
      for (const path of ['/oauth/authorize', '/login', '/logout']) {
        const asked = await preflight(gateway.origin + path, origin, 'POST', 'content-type');
        assert.equal(asked.status, 405, path);
        isHidden(asked, path);
      }
    }
  });

  it('introspection is for servers: no page may use it', async () => {
    const url = client.server.introspection_endpoint ?? `${gateway.origin}/oauth/introspect`;
    const asked = await preflight(url, friend, 'POST', 'authorization');
    assert.deepEqual([asked.status, asked.json().error], [405, 'method_not_allowed']);
    isHidden(asked, 'preflight');
    isHidden(await send(url, { form: { token }, headers: { Origin: friend } }), 'introspection');
  });

  it('a host name that was pointed at us gets nothing, whatever its Origin says', async () => {
    for (const host of ['evil.example', `evil.example:${gateway.port}`, `localhost:${gateway.port}`]) {
      for (const origin of [`http://${host}`, gateway.origin, friend]) {
        const headers = { Host: host, Origin: origin };
        const call = await ping(gateway.resource, token, { headers });
        assert.equal(call.status, 421, `${host} from ${origin}`);
        isHidden(call, host);
        assert.equal((await send(`${gateway.origin}/login`, { headers })).status, 421);
      }
    }
  });
});

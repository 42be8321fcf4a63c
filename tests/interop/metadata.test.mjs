// What clients discover, and how they are challenged. The numbers order the cases; each stands alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { ping, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('metadata and challenge', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'metadata', upstream: upstream.url });
    client = await OAuthClient.register(gateway);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const resourcePaths = ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'];
  const serverPaths = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

  it('case 61: protected resource metadata at its path and, for the root resource, at the root', async () => {
    for (const path of resourcePaths) {
      const answer = await send(gateway.origin + path);
      assert.equal(answer.status, 200, path);
      assert.match(header(answer, 'content-type'), /^application\/json/);
      const document = answer.json();
      assert.equal(document.resource, gateway.resource);
      assert.deepEqual(document.authorization_servers, [gateway.origin]);
      assert.deepEqual(document.bearer_methods_supported, ['header']);
      assert.deepEqual(
        document.scopes_supported,
        ['mcp.connect', 'tools.read'],
        'the least that is needed, as the challenge',
      );
    }
    for (const path of ['/nothing', '/mcp/deeper', '/MCP']) {
      const answer = await send(`${gateway.origin}/.well-known/oauth-protected-resource${path}`);
      assert.equal(answer.status, 404, path);
      assert.match(header(answer, 'content-type'), /^application\/json/);
    }
  });

  it('case 62: authorization server metadata, also where OpenID Connect clients look', async () => {
    for (const path of serverPaths) {
      const answer = await send(gateway.origin + path);
      assert.equal(answer.status, 200, path);
      const document = answer.json();
      assert.equal(document.issuer, gateway.origin);
      assert.deepEqual(document.code_challenge_methods_supported, ['S256']);
      assert.deepEqual(document.response_types_supported, ['code']);
      assert.equal(document.authorization_response_iss_parameter_supported, true);
      assert.ok(document.token_endpoint_auth_methods_supported.includes('none'));
      assert.ok(document.grant_types_supported.includes('refresh_token'));
    }
  });

  it('case 62: every endpoint that is advertised is served', async () => {
    const document = client.server;
    for (const [name, url] of Object.entries(document)) {
      if (!/(_endpoint|jwks_uri)$/.test(name)) continue;
      const status = { authorization_endpoint: 400, jwks_uri: 200 }[name] ?? 405;
      assert.equal((await send(url)).status, status, name);
    }
  });

  it('case 63: a forged host is refused, a forged forwarding header ignored', async () => {
    for (const path of [...resourcePaths, ...serverPaths]) {
      const answer = await send(gateway.origin + path, { headers: { Host: 'evil.example' } });
      assert.deepEqual([answer.status, answer.json().error], [421, 'misdirected_request'], path);
      assert.ok(!answer.text.includes('evil.example') && !JSON.stringify(answer.raw).includes('evil.example'), path);
      const forwarded = await send(gateway.origin + path, {
        headers: { 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example', 'X-Forwarded-Proto': 'https' },
      });
      assert.ok(!forwarded.text.includes('evil.example') && !forwarded.text.includes('https:'), path);
    }
  });

  it('case 64: every URL in the documents is on our own origin', async () => {
    for (const path of [...resourcePaths, ...serverPaths]) {
      for (const [url] of (await send(gateway.origin + path)).text.matchAll(/https?:\/\/[^"\\]+/g)) {
        assert.equal(new URL(url).origin, gateway.origin, `${path}: ${url}`);
      }
    }
  });

  it('case 65: metadata may be read from any page, without credentials; the sign-in may not', async () => {
    const origin = 'https://page.example';
    for (const path of [...resourcePaths, ...serverPaths]) {
      const preflight = await send(gateway.origin + path, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'mcp-protocol-version',
        },
      });
      assert.equal(preflight.status, 204, path);
      assert.match(header(preflight, 'access-control-allow-headers'), /mcp-protocol-version/i);
      const answer = await send(gateway.origin + path, { headers: { Origin: origin } });
      for (const each of [preflight, answer]) {
        assert.equal(header(each, 'access-control-allow-origin'), '*');
        assert.equal(header(each, 'access-control-allow-credentials'), undefined);
      }
    }
    const page = await send(client.request().url, { headers: { Origin: origin } });
    assert.equal(header(page, 'access-control-allow-origin'), undefined);
    for (const endpoint of [client.server.token_endpoint, client.server.registration_endpoint]) {
      const answer = await send(endpoint, { form: {}, headers: { Origin: origin } });
      assert.equal(header(answer, 'access-control-allow-credentials'), undefined);
    }
  });

  it('case 66: no token: one challenge, without an error', async () => {
    const answer = await ping(gateway.resource);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['www-authenticate'].length, 1);
    assert.deepEqual(bearerChallenge(answer), {
      resource_metadata: `${gateway.origin}/.well-known/oauth-protected-resource/mcp`,
      scope: 'mcp.connect tools.read',
      ...(bearerChallenge(answer).realm ? { realm: bearerChallenge(answer).realm } : {}),
    });
    assert.equal(answer.message.error.code, -32003);
    assert.equal(answer.message.error.data.error, 'missing_bearer_token');
    assert.ok(answer.message.error.data.request_id);
    for (const method of ['GET', 'DELETE'])
      assert.equal(
        (await send(gateway.resource, { method, headers: { Accept: 'text/event-stream' } })).status,
        401,
        method,
      );
  });

  it('case 66: the resource answers with and without a trailing slash, never by redirect', async () => {
    assert.equal((await ping(`${gateway.resource}/`)).status, 401);
    const { access_token: token } = await client.grant();
    assert.equal((await ping(`${gateway.resource}/`, token)).status, 200);
  });

  it('case 67: tokens that are not ours', async () => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: gateway.origin, sub: 'alice', aud: gateway.resource, exp: 4102444800, scope: 'mcp.connect' };
    const { access_token: good } = await client.grant();
    const tokens = {
      garbage: 'nonsense',
      'another prefix': `ghp_${good.slice(6)}`,
      'cut short': good.slice(0, -1),
      'too long': `${good}A`,
      'one byte changed': good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'),
      'upper case prefix': `MCPV1_${good.slice(6)}`,
      'alg none': `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`,
      'alg HS256': `${part({ alg: 'HS256', typ: 'at+jwt' })}.${part(claims)}.${'A'.repeat(43)}`,
      'unknown kid': `${part({ alg: 'RS256', kid: '"\\r\\n', typ: 'JWT' })}.${part(claims)}.${'A'.repeat(342)}`,
    };
    for (const [what, token] of Object.entries(tokens)) {
      const answer = await ping(gateway.resource, token);
      assert.equal(answer.status, 401, what);
      assert.equal(answer.headers['www-authenticate'].length, 1, what);
      assert.equal(bearerChallenge(answer).error, 'invalid_token', what);
      assert.match(
        answer.message.error.data.error,
        what === 'one byte changed' ? /^invalid_token$/ : /^invalid_token(_format)?$/,
        what,
      );
      assert.ok(!answer.text.includes(token), `${what} is not echoed`);
    }
  });

  it('case 67: two or malformed Authorization fields', async () => {
    const { access_token: token } = await client.grant();
    const twice = await post(gateway.resource, rpc('ping'), { headers: {} });
    assert.equal(twice.status, 401);
    const flat = [
      'Accept',
      'application/json, text/event-stream',
      'Authorization',
      `Bearer ${token}`,
      'Authorization',
      'Bearer other',
    ];
    const lists = {
      twice: [flat, 400, 'invalid_request'],
      'no token': [[...flat.slice(0, 3), 'Bearer'], 401, undefined],
      'two tokens': [[...flat.slice(0, 3), `Bearer ${token} ${token}`], 401, 'invalid_token'],
      'a comma': [[...flat.slice(0, 3), `Bearer ${token},${token}`], 401, 'invalid_token'],
    };
    for (const [what, [headers, status, error]] of Object.entries(lists)) {
      const answer = await send(gateway.resource, { json: rpc('ping'), headers });
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
      assert.equal(bearerChallenge(answer).error, error, what);
      assert.ok(!answer.text.includes(token), what);
    }
  });

  it('case 71: a token in the query or the body is no token', async () => {
    const { access_token: token } = await client.grant();
    const answer = await ping(`${gateway.resource}?access_token=${token}`);
    assert.deepEqual([answer.status, answer.message.error.data.error], [401, 'missing_bearer_token']);
    const form = await send(gateway.resource, { form: { access_token: token } });
    assert.deepEqual([form.status, form.json().error], [401, 'missing_bearer_token']);
    assert.ok(!gateway.logs().includes(token), 'nor is it logged');
  });

  it('places where clients probe are a clean 404, and never the upstream', async () => {
    upstream.reset();
    const { access_token: token } = await client.grant();
    for (const path of [
      '/.well-known/oauth-authorization-server/mcp',
      '/.well-known/openid-configuration/mcp',
      '/mcp/.well-known/openid-configuration',
      '/mcp/.well-known/oauth-protected-resource',
      '/',
      '/favicon.ico',
      '/robots.txt',
    ]) {
      for (const headers of [{}, { Authorization: `Bearer ${token}` }]) {
        const answer = await send(gateway.origin + path, { headers });
        assert.equal(answer.status, 404, path);
        assert.equal(answer.headers['www-authenticate'], undefined, path);
      }
    }
    assert.deepEqual(
      upstream.requests.filter((each) => each.method === 'GET'),
      [],
    );
  });
});

// Tokens that somebody forged, or that were made for something else, at a resource whose tokens are made elsewhere.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { HostileProvider } from './lib/hostile-provider.mjs';
import { newKey, unsigned } from './lib/jose.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('forged tokens of a provider', { timeout: 120_000 * patience }, () => {
  let provider;
  let upstream;
  let gateway;

  before(async () => {
    provider = await HostileProvider.start();
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'external-hostile',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.authorization_servers.entra = {
          external: { issuer: provider.issuer, audience: ['api'], members: 'any', role: 'viewer' },
        };
        config.resources.push({
          serve: `${origin}/external`,
          tenant: 'acme',
          upstream: 'everything',
          policy: 'everything',
          authorization_server: 'entra',
        });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    await provider?.stop();
  });

  const claims = (changes = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      ...{ iss: provider.issuer, aud: 'api', sub: 'mallory', azp: 'client', iat: now, exp: now + 300 },
      ...{ scope: 'mcp.connect tools.read' },
      ...changes,
    };
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return all;
  };
  const signed = (changes, header = { typ: 'JWT' }) => provider.key.sign(claims(changes), header);
  const call = (token) => callTool(`${gateway.origin}/external`, token, 'echo');

  it('a good token passes, so that the others are refused for what they are', async () => {
    const answer = await call(signed());
    assert.equal(answer.status, 200, answer.text);
  });

  it('compat 6: an Authorization that shows no token is 401, and only the plain challenge starts a sign-in', async () => {
    const ask = (value) =>
      send(`${gateway.origin}/external`, {
        json: { jsonrpc: '2.0', id: 1, method: 'ping' },
        headers: { Accept: 'application/json, text/event-stream', Authorization: value },
      });
    for (const value of ['', 'Bearer', 'Basic eDp5', 'token x', 'DPoP x', 'Negotiate x==']) {
      const answer = await ask(value);
      assert.equal(answer.status, 401, `${value}: ${answer.text}`);
      assert.equal(answer.json().error.data.error, 'missing_bearer_token', value);
      assert.equal(bearerChallenge(answer).error, undefined, value);
    }
    for (const value of ['Bearer a b', 'Bearer "x"', 'Bearer x,y']) {
      const answer = await ask(value);
      assert.equal(answer.status, 401, `${value}: ${answer.text}`);
      assert.equal(answer.json().error.data.error, 'invalid_token_format', value);
      assert.equal(bearerChallenge(answer).error, 'invalid_token', value);
    }
  });

  it('none of them reaches the server behind', async () => {
    const now = Math.floor(Date.now() / 1000);
    const head = { alg: 'RS256', typ: 'JWT', kid: 'good' };
    const publicPem = createPublicKey({ key: provider.key.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
    const mac = unsigned({ ...head, alg: 'HS256' }, claims());
    const good = signed();
    const forged = {
      'alg none': unsigned({ ...head, alg: 'none' }, claims(), 'x'),
      'HS256 with the public key': mac + createHmac('sha256', publicPem).update(mac.slice(0, -1)).digest('base64url'),
      'another key of the same kid': newKey('RS256', 'good').sign(claims(), { typ: 'JWT' }),
      'a key of its own in the header': newKey('RS256', 'x').sign(claims(), { typ: 'JWT', jwk: newKey('RS256', 'x').jwk }),
      'an algorithm that is not allowed': newKey('EdDSA', 'good').sign(claims(), { typ: 'JWT' }),
      'changed claims': `${good.split('.')[0]}.${unsigned({}, claims({ sub: 'alice' })).split('.')[1]}.${good.split('.')[2]}`,
      'wrong aud': signed({ aud: 'other' }),
      'no aud': signed({ aud: undefined }),
      'wrong iss': signed({ iss: 'https://evil.example' }),
      'another spelling of iss': signed({ iss: `${provider.issuer}/` }),
      expired: signed({ exp: now - 120 }),
      'no exp': signed({ exp: undefined }),
      'not yet good': signed({ nbf: now + 600 }),
      'made in the future': signed({ iat: now + 600 }),
      'another type': signed({}, { typ: 'logout+jwt' }),
      'no type': signed({}, {}),
      'an ID token': signed({ nonce: 'n' }),
      crit: signed({}, { typ: 'JWT', crit: ['x'], x: 1 }),
      'no sub': signed({ sub: undefined }),
      'a sub with blanks': signed({ sub: 'a b' }),
    };
    upstream.reset();
    for (const [what, token] of Object.entries(forged)) {
      const answer = await call(token);
      assert.deepEqual([answer.status, answer.message.error.data.error], [401, 'invalid_token'], what);
      assert.equal(bearerChallenge(answer).error, 'invalid_token', what);
    }
    upstream.untouched('forged tokens');
    for (const none of ['mcpv1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x', 'a.b', 'a.b.c']) {
      assert.equal((await call(none)).message.error.data.error, 'invalid_token_format', none);
    }
    for (const token of Object.values(forged)) assert.ok(!gateway.logs().includes(token.split('.')[1]));
  });

  // RFC 9449 section 6, RFC 8705 section 3: the gateway checks no proof, so a stolen token would be as good as one's own.
  it('compat 20: a token that is bound to a key is not taken as a bearer token, and the log says so once', async () => {
    upstream.reset();
    const bound = {
      DPoP: signed({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
      'mutual TLS': signed({ cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }),
      'a form nobody knows': signed({ cnf: { quantum: 'x' } }),
      'DPoP as Keycloak names it': signed({ typ: 'DPoP' }),
    };
    for (const [what, token] of Object.entries(bound)) {
      const answer = await call(token);
      assert.deepEqual([answer.status, answer.message.error.data.error], [401, 'invalid_token'], what);
      assert.match(answer.message.error.message, /bound to a key \(cnf\).*get a plain bearer token/, what);
      assert.equal(bearerChallenge(answer).error, 'invalid_token', what);
    }
    const proven = await callTool(`${gateway.origin}/external`, bound.DPoP, 'echo', {}, { headers: { DPoP: 'a.b.c' } });
    assert.equal(proven.status, 401, 'a proof that nobody checks changes nothing');
    upstream.untouched('tokens that are bound to a key');
    assert.equal((await call(signed())).status, 200, 'plain bearer tokens of the same provider are taken');
    const said = await gateway.logged('external_tokens_bound_to_keys');
    assert.equal(said.length, 1, said.join('\n'));
    assert.ok(said[0].includes(provider.issuer), said[0]);
    for (const thumbprint of ['0ZcOCORZ', 'bwcK0esc']) assert.ok(!gateway.logs().includes(thumbprint));
  });

  it('a sub that is the name of somebody else is still of the provider', async () => {
    upstream.reset();
    assert.equal((await call(signed({ sub: 'local:alice' }))).status, 200);
    assert.equal((await call(signed({ sub: 'alice', tid: 'globex', role: 'admin' }))).status, 200);
    const sum = await callTool(`${gateway.origin}/external`, signed({ scope: 'mcp.connect tools.read tools.write' }), 'get-sum');
    denied(sum, 'the role is not the token\'s to say');
  });

  it('tokens of ours do not hold at the provider\'s resource, nor its tokens at ours', async () => {
    const client = await OAuthClient.register(gateway);
    const { access_token: own } = await client.grant();
    assert.equal((await callTool(gateway.resource, own, 'echo')).status, 200);
    assert.equal((await call(own)).message.error.data.error, 'invalid_token_format');
    const foreign = signed();
    assert.equal((await call(foreign)).status, 200);
    assert.equal((await callTool(gateway.resource, foreign, 'echo')).status, 401);
    const request = client.request({ resource: `${gateway.origin}/external` });
    const answer = await send(request.url);
    assert.match(answer.headers.location[0], /error=invalid_target/);
  });

  it('no token is made by hand for it', async () => {
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', `${gateway.origin}/external`, '--scope', 'tools.read'];
    await assert.rejects(gateway.command(['token', 'mint', ...words]), /made elsewhere/);
  });
});

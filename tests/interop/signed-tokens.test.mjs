// Access tokens as signed JWTs (RFC 9068), and everything that must not pass for one.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { isDead, refusalOf, works } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { newKey, parse, unsigned, verified } from './lib/jose.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { RecordingUpstream, startEverything } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const signing = (config) => {
  config.authorization_servers.main.access_token = { format: 'jwt' };
};

describe('signed access tokens', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let tokens;
  let keys;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'signed-tokens',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        signing(config);
        config.authorization_servers.plain = {
          issuer: `${origin}/plain`,
          endpoints: Object.fromEntries(
            ['authorize', 'token', 'register', 'revoke', 'introspect'].map((name) => [name, `/plain/${name}`]),
          ),
        };
        config.resources[0].authorization_server = 'main';
        config.resources.push(
          { ...config.resources[0], serve: `${origin}/second`, root: undefined },
          { ...config.resources[0], serve: `${origin}/opaque`, root: undefined, authorization_server: 'plain' },
        );
      },
    });
    client = await OAuthClient.register(gateway);
    tokens = await client.grant();
    keys = (await send(client.server.jwks_uri)).json();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const refusedAs = async (token, error, status = 401) => {
    upstream.reset();
    const answer = await ping(gateway.resource, token);
    assert.equal(answer.status, status, answer.text);
    assert.equal(bearerChallenge(answer).error, 'invalid_token');
    const body = answer.json();
    assert.equal(body.error.data?.error ?? body.error, error);
    upstream.untouched();
  };

  it('a token holds the claims of RFC 9068 and the tenant, and the resource takes it', async () => {
    const { header: head, claims } = parse(tokens.access_token);
    assert.equal(head.typ, 'at+jwt');
    assert.equal(head.alg, 'ES256');
    assert.equal(claims.iss, gateway.origin);
    assert.equal(claims.aud, gateway.resource);
    assert.equal(claims.sub, 'local:alice');
    assert.equal(claims.client_id, client.id);
    assert.equal(claims.tenant, 'acme');
    assert.equal(claims.scope, tokens.scope);
    assert.equal(claims.exp - claims.iat, tokens.expires_in);
    assert.ok(claims.jti);
    await works(gateway.resource, tokens.access_token);
  });

  it('anybody can check it with the published keys, which hold nothing private', async () => {
    const answer = await send(client.server.jwks_uri);
    assert.equal(answer.status, 200);
    assert.match(header(answer, 'content-type'), /json/);
    assert.equal(header(answer, 'cache-control'), 'public, max-age=300');
    assert.equal(header(answer, 'access-control-allow-origin'), '*');
    assert.ok(verified(tokens.access_token, answer.json()));
    assert.ok(!/"(d|p|q|k)"/.test(answer.text));
    assert.equal((await send(client.server.jwks_uri, { method: 'HEAD' })).text, '');
    assert.equal((await send(client.server.jwks_uri, { method: 'POST', body: '' })).status, 405);
  });

  it('only a server that signs tokens publishes keys', async () => {
    const plain = (await send(`${gateway.origin}/.well-known/oauth-authorization-server/plain`)).json();
    assert.ok(!('jwks_uri' in plain));
  });

  it('case 67: wrong algorithms, none, and a MAC with the public key: 401', async () => {
    const { header: head, claims, parts } = parse(tokens.access_token);
    for (const alg of ['none', 'None', 'RS256', 'EdDSA', 'ES384'])
      await refusedAs(unsigned({ ...head, alg }, claims, parts[2]), 'invalid_token');
    const text = unsigned({ ...head, alg: 'HS256' }, claims).slice(0, -1);
    for (const secret of [JSON.stringify(keys.keys[0]), keys.keys[0].x, ''])
      await refusedAs(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`, 'invalid_token');
    await refusedAs(unsigned({ ...head, alg: 'none' }, claims), 'invalid_token_format');
  });

  it('case 67: other keys, unknown keys, keys brought along: 401', async () => {
    const { header: head, claims } = parse(tokens.access_token);
    const stranger = newKey('ES256', head.kid);
    await refusedAs(stranger.sign(claims, { typ: 'at+jwt' }), 'invalid_token');
    await refusedAs(stranger.sign(claims, { typ: 'at+jwt', kid: 'unknown' }), 'invalid_token');
    await refusedAs(stranger.sign(claims, { typ: 'at+jwt', kid: undefined, jwk: stranger.jwk }), 'invalid_token');
    await refusedAs(stranger.sign(claims, { typ: 'at+jwt', jku: 'https://evil.example/keys' }), 'invalid_token');
  });

  it('case 67: changed, cut and stretched tokens: 401', async () => {
    const { header: head, claims, parts } = parse(tokens.access_token);
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const changes = {
      scope: `${parts[0]}.${encode({ ...claims, scope: 'mcp.connect tools.read tools.write' })}.${parts[2]}`,
      end: `${parts[0]}.${encode({ ...claims, exp: claims.exp + 3600 })}.${parts[2]}`,
      type: `${encode({ ...head, typ: 'JWT' })}.${parts[1]}.${parts[2]}`,
      critical: `${encode({ ...head, crit: ['exp'] })}.${parts[1]}.${parts[2]}`,
      longer: `${tokens.access_token}AAAA`,
      shorter: tokens.access_token.slice(0, -4),
    };
    for (const token of Object.values(changes)) await refusedAs(token, 'invalid_token');
    await refusedAs(`${tokens.access_token}.AAAA`, 'invalid_token_format');
    await refusedAs(`${parts[0]}.${parts[1]}`, 'invalid_token_format');
  });

  it('holds at its own resource only, and where tokens are opaque not even its shape is accepted', async () => {
    assert.equal((await ping(`${gateway.origin}/second`, tokens.access_token)).status, 401);
    const elsewhere = await ping(`${gateway.origin}/opaque`, tokens.access_token);
    assert.equal(elsewhere.status, 401);
    assert.match(elsewhere.text, /invalid_token_format/);
  });

  it('revoking one token, the grant, or the membership counts at once', async () => {
    const first = await client.grant();
    await works(gateway.resource, first.access_token);
    await client.revoke(first.access_token);
    await isDead(gateway.resource, first.access_token);
    const second = await client.refresh(first.refresh_token);
    assert.equal(second.status, 200, second.text);
    await works(gateway.resource, second.body.access_token);
    await client.revoke(second.body.refresh_token);
    await isDead(gateway.resource, second.body.access_token);
  });

  it('a lowered role counts at once, whatever the token says', async () => {
    await gateway.addUser({ name: 'bob', members: ['acme:admin'] });
    const { access_token: token } = await client.grant({
      user: 'bob',
      scope: 'mcp.connect tools.read tools.write',
    });
    assert.match(parse(token).claims.scope, /tools\.write/);
    assert.equal((await callTool(gateway.resource, token, 'get-sum', { a: 1, b: 2 })).status, 200);
    await gateway.command(['member', 'add', 'bob', 'acme:viewer']);
    await until('the call to be refused', async () => {
      const { message } = await callTool(gateway.resource, token, 'get-sum', { a: 1, b: 2 });
      return refusalOf(message)?.data.error === 'access_denied';
    });
  });

  it('a minted token is signed too', async () => {
    const minted = (
      await gateway.command([
        ...['token', 'mint', '--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource],
        ...['--scope', 'mcp.connect', '--lifetime', '30d'],
      ])
    ).trim();
    assert.ok(verified(minted, keys));
    await works(gateway.resource, minted);
  });

  it('no token is in the log', () => {
    assert.ok(!gateway.logs().includes(tokens.access_token.slice(0, 40)));
  });
});

describe('signed access tokens and the SDK', { timeout: 120_000 * patience }, () => {
  it('clients do not notice the format', async () => {
    const upstream = await startEverything();
    const gateway = await Gateway.start({ name: 'signed-sdk', upstream: upstream.url, configure: signing });
    try {
      for (const version of ['v1', 'v2']) {
        const sdk = await SdkClient.connect(version, gateway.resource);
        assert.equal(sdk.provider.tokens().access_token.split('.').length, 3);
        assert.ok((await sdk.tools()).includes('echo'));
        await sdk.close();
      }
    } finally {
      await gateway.stop();
      await upstream.stop();
    }
  });
});

// Clients that act by themselves: with a secret, and with a key of their own (RFC 7523), as the SDK does it.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  Client,
  ClientCredentialsProvider,
  PrivateKeyJwtProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { isDead, works } from './lib/expect.mjs';
import { binary, Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { newKey } from './lib/jose.mjs';
import { ping } from './lib/mcp.mjs';
import { run } from './lib/process.mjs';
import { textOf } from './lib/sdk.mjs';
import { RecordingUpstream, startEverything } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('client credentials', { timeout: 180_000 * patience }, () => {
  let upstream;
  let recording;
  let gateway;
  let server;

  before(async () => {
    upstream = await startEverything();
    recording = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'client-credentials',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.upstreams.recording = { urls: [recording.url], headers: { 'X-User': '{user.name}' } };
        config.resources.push({
          ...config.resources[0],
          serve: `${origin}/recorded`,
          upstream: 'recording',
          root: undefined,
        });
      },
    });
    server = (await send(`${gateway.origin}/.well-known/oauth-authorization-server`)).json();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    await recording?.stop();
  });

  const add = async (...words) =>
    JSON.parse(
      await gateway.command([
        ...['client', 'add', '--json', '--name', 'Nightly', '--grant', 'client_credentials'],
        ...['--tenant', 'acme:admin', '--scope', 'mcp.connect tools.read'],
        ...(words.includes('--resource') ? [] : ['--resource', gateway.resource]),
        ...words,
      ]),
    );
  const addSigner = async (key) => {
    const file = path.join(gateway.folder, 'keys.json');
    writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
    return (await add('--jwks', file)).client_id;
  };
  const token = (form, headers = {}) =>
    send(server.token_endpoint, { form: { grant_type: 'client_credentials', ...form }, headers });
  const connected = async (authProvider, use) => {
    const client = new Client({ name: 'nightly', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(gateway.resource), { authProvider });
    await client.connect(transport);
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  };

  it('the metadata says so', () => {
    assert.ok(server.grant_types_supported.includes('client_credentials'));
    assert.ok(server.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
    assert.ok(server.token_endpoint_auth_signing_alg_values_supported.includes('ES256'));
    assert.ok(!server.token_endpoint_auth_signing_alg_values_supported.some((name) => /^(HS|none)/.test(name)));
  });

  it("SDK v2's ClientCredentialsProvider connects, lists and calls", async () => {
    const { client_id: clientId, client_secret: clientSecret } = await add('--confidential');
    const provider = new ClientCredentialsProvider({ clientId, clientSecret, expectedIssuer: gateway.origin });
    await connected(provider, async (client) => {
      const { tools } = await client.listTools();
      assert.ok(tools.some((tool) => tool.name === 'echo'));
      assert.ok(!tools.some((tool) => tool.name === 'get-env'), 'the policy holds for it too');
      assert.match(textOf(await client.callTool({ name: 'echo', arguments: { message: 'hello' } })), /hello/);
      await assert.rejects(client.callTool({ name: 'get-sum', arguments: { a: 1, b: 2 } }), 'beyond its scopes');
    });
    const tokens = provider.tokens();
    assert.equal(tokens.refresh_token, undefined);
    assert.deepEqual(tokens.scope.split(' ').sort(), ['mcp.connect', 'tools.read']);
  });

  for (const algorithm of ['ES256', 'RS256', 'EdDSA']) {
    it(`SDK v2's PrivateKeyJwtProvider connects and calls with ${algorithm}`, async () => {
      const key = newKey(algorithm);
      const clientId = await addSigner(key);
      // As a JWK, since the SDK takes PEM for RSA and EC alone.
      const privateKey = createPrivateKey(key.pem).export({ format: 'jwk' });
      const provider = new PrivateKeyJwtProvider({ clientId, privateKey, algorithm, expectedIssuer: gateway.origin });
      await connected(provider, async (client) => {
        assert.match(textOf(await client.callTool({ name: 'echo', arguments: { message: algorithm } })), /256|EdDSA/);
      });
    });
  }

  it('an assertion works once, for the issuer or the token endpoint, with the right key', async () => {
    const key = newKey('ES256', 'k1');
    const clientId = await addSigner(key);
    let count = 0;
    const claims = (changes = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const jti = `${process.pid}-${++count}`;
      return { iss: clientId, sub: clientId, aud: gateway.origin, iat: now, exp: now + 60, jti, ...changes };
    };
    const present = async (assertion, more = {}) => {
      const answer = await token({ client_assertion_type: assertionType, client_assertion: assertion, ...more });
      return answer.status === 200 ? 'ok' : `${answer.status} ${answer.json().error}`;
    };
    const good = key.sign(claims());
    assert.equal(await present(good), 'ok');
    assert.equal(await present(good), '401 invalid_client', 'replayed');
    assert.equal(await present(key.sign(claims({ aud: server.token_endpoint }))), 'ok');
    assert.equal(await present(key.sign(claims({ aud: [server.token_endpoint] }))), 'ok');
    assert.equal(await present(key.sign(claims()), { client_id: clientId }), 'ok');
    const bad = {
      'another audience': key.sign(claims({ aud: 'https://elsewhere.example' })),
      'two audiences': key.sign(claims({ aud: [gateway.origin, 'https://elsewhere.example'] })),
      'no end': key.sign(claims({ exp: undefined })),
      'too long': key.sign(claims({ exp: Math.floor(Date.now() / 1000) + 86_400 })),
      'no jti': key.sign(claims({ jti: undefined })),
      'another client': key.sign(claims({ sub: 'somebody' })),
      'another key': newKey('ES256', 'k1').sign(claims()),
      'an access token': key.sign(claims(), { typ: 'at+jwt' }),
    };
    for (const [what, assertion] of Object.entries(bad))
      assert.equal(await present(assertion), '401 invalid_client', what);
    const racing = key.sign(claims());
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => present(racing)));
    assert.equal(outcomes.filter((each) => each === 'ok').length, 1, 'of all at once, one');
  });

  it('the server behind sees the client; it can give a token back, and its removal ends them all', async () => {
    const resource = `${gateway.origin}/recorded`;
    const { client_id: id, client_secret: secret } = await add('--confidential', '--resource', resource);
    const credentials = { client_id: id, client_secret: secret };
    const first = (await token(credentials)).json().access_token;
    const second = (await token(credentials)).json().access_token;
    await works(resource, first);
    assert.equal(recording.requests.at(-1).headers['x-user'], 'Nightly');
    await send(server.revocation_endpoint, { form: { ...credentials, token: first } });
    await isDead(resource, first);
    await works(resource, second);
    await gateway.command(['client', 'remove', id]);
    await until('the token to be dead', async () => (await ping(resource, second)).status === 401);
    assert.equal((await token(credentials)).json().error, 'invalid_client');
  });

  it('the list of clients says where they act', async () => {
    const { client_id: id } = await add('--confidential');
    const all = JSON.parse(await gateway.command(['client', 'list', '--json']));
    const { grant_types, tenant, role, resource, scope } = all.find((each) => each.client_id === id);
    assert.deepEqual(
      [grant_types, tenant, role, resource, scope],
      [['client_credentials'], 'acme', 'admin', gateway.resource, 'mcp.connect tools.read'],
    );
    const line = (await gateway.command(['client', 'list'])).split('\n').find((each) => each.startsWith(id));
    assert.ok(line.endsWith(`client_credentials  acme:admin  ${gateway.resource}  mcp.connect tools.read`), line);
  });

  it('the command line refuses what could not work', async () => {
    const outcome = async (...words) => {
      const { code, output } = await run(binary(), ['client', 'add', '--name', 'x', ...words, '-c', gateway.file]);
      return `${code} ${output}`;
    };
    const place = ['--grant', 'client_credentials', '--tenant', 'acme', '--resource', gateway.resource];
    assert.match(await outcome(...place, '--scope', 'mcp.connect'), /^2 .*--confidential/);
    assert.match(await outcome(...place, '--confidential'), /^2 .*--scope/);
    assert.match(await outcome(...place, '--confidential', '--scope', 'tools.read'), /^1 .*HANDLE:ROLE/);
    assert.match(await outcome(...place, '--confidential', '--scope', 'unheard.of'), /^1 .*no scope `unheard.of`/);
    for (const host of ['127.0.0.1', 'localhost', '10.1.2.3', '[::1]', '[fd00::1]', '169.254.169.254']) {
      const words = [...place, '--scope', 'mcp.connect', '--jwks-uri', `https://${host}/keys`];
      assert.match(await outcome(...words), /^1 .*not a public address.*unsafe_allow_private/, host);
    }
    assert.match(await outcome('--confidential'), /^2 .*--redirect-uri/);
    assert.match(await outcome(...place, '--jwks', '/nowhere', '--scope', 'mcp.connect'), /^1 .*cannot be read/);
  });
});

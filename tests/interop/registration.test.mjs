// Registrations of real clients: what is kept of them, what is left out, and how people find out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { binary, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { OAuthClient, errorOnPage } from './lib/oauth.mjs';
import { run } from './lib/process.mjs';
import { until } from './lib/wait.mjs';

// What Cursor registers, all at once.
const cursor = [
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'https://www.cursor.com/agents/mcp/oauth/callback',
  'http://localhost:8787/callback',
];

describe('registrations where the operator names redirect domains', { timeout: 120_000 * patience }, () => {
  const id = 'https://desk.example.test/client.json';
  let started;
  let gateway;
  let upstream;

  before(async () => {
    started = await startWithDocuments({
      name: 'registration',
      hosts: ['desk.example.test'],
      configure: (config) => {
        config.authorization_servers.main.registration = { redirect_domains: ['cursor:', '[::1]', '*.example.test'] };
      },
    });
    ({ gateway, upstream } = started);
  });
  after(() => started?.stop());

  const register = (uris, name = 'Cursor') =>
    send(`${gateway.origin}/oauth/register`, {
      json: { client_name: name, redirect_uris: uris, token_endpoint_auth_method: 'none' },
    });
  const wholeWay = async (client) => {
    const tokens = await client.grant();
    assert.equal(tokens.token_type, 'Bearer');
  };

  it('compat 9: what is allowed of three URIs is registered and works, and the log says what is not', async () => {
    const client = await OAuthClient.register(gateway, { redirectUris: cursor, metadata: { client_name: 'Cursor' } });
    assert.deepEqual(client.information.redirect_uris, [cursor[0]]);
    await wholeWay(client);
    const [line] = await gateway.logged('redirect_uris_left_out');
    for (const part of ['Cursor', cursor[1], cursor[2], 'registration.redirect_domains', client.id])
      assert.ok(line.includes(part), `${part} is not in ${line}`);

    // A client that uses another one all the same: a page that says whom to ask, and nothing is sent there.
    const page = await new UserAgent().open(client.request({ redirect_uri: cursor[2] }).url);
    assert.equal(page.status, 400);
    assert.equal(page.location, undefined);
    assert.match(page.text, /operator[\s\S]*registration\.redirect_domains/);
    await until('the log to name it', () => /redirect_uri_not_allowed/.test(gateway.logs()));
  });

  it('compat 9: each of the forms is allowed, and nothing that only looks like it', async () => {
    for (const uri of ['http://[::1]:51234/cb', 'https://a.example.test/cb', 'https://a.b.example.test/cb', cursor[0]])
      assert.deepEqual((await register([uri])).json().redirect_uris, [uri]);
    for (const uri of [
      ...['https://example.test/cb', 'https://evilexample.test/cb', 'https://a.example.test.evil.test/cb'],
      ...['http://127.0.0.1/cb', 'http://localhost/cb', 'cursor2://x/cb', 'https://cursor/cb'],
    ]) {
      const answer = await register([uri]);
      assert.equal(answer.status, 400, uri);
      assert.equal(answer.json().error, 'invalid_redirect_uri', uri);
      assert.ok(answer.json().error_description.includes(uri), answer.text);
      assert.ok(answer.json().error_description.includes('registration.redirect_domains'), answer.text);
    }
  });

  it('compat 9: `connect` says which key allows what it was not given', async () => {
    const words = cursor.flatMap((uri) => ['--redirect-uri', uri]);
    const { code, output } = await run(binary(), ['connect', gateway.resource, ...words]);
    assert.equal(code, 1, output);
    assert.ok(output.includes(cursor[1]) && output.includes('redirect_domains'), output);
    const none = await run(binary(), ['connect', gateway.resource, '--redirect-uri', cursor[2]]);
    assert.equal(none.code, 1, none.output);
    assert.ok(none.output.includes(cursor[2]) && none.output.includes('redirect_domains'), none.output);
  });

  it('compat 9: a document works with those of its URIs that are allowed', async () => {
    started.hosts.documents = { [id]: { ...publicDocument(id), redirect_uris: [cursor[2], cursor[0]] } };
    await wholeWay(await OAuthClient.described(gateway, { id, redirectUri: cursor[0] }));
    const other = 'https://desk.example.test/other.json';
    started.hosts.documents[other] = { ...publicDocument(other), redirect_uris: [cursor[2]] };
    const client = await OAuthClient.described(gateway, { id: other, redirectUri: cursor[2] });
    const page = await new UserAgent().open(client.request().url);
    assert.equal(page.status, 400);
    assert.ok(page.text.includes('registration.redirect_domains'), page.text);
  });

  it('compat 13: metadata that decides nothing is left out or replaced, and the client works', async () => {
    const key = { kty: 'RSA', use: 'enc', alg: 'RSA-OAEP', n: 'AQAB', e: 'AQAB' };
    for (const metadata of [
      ...[{ jwks: { keys: [] } }, { jwks: { keys: [key] } }, { jwks: { keys: [{ kty: 'AKP', pub: 'AA' }] } }],
      ...[{ jwks: 'x', jwks_uri: 'x' }, { application_type: 'spa' }, { application_type: null, scope: ['a'] }],
      { client_uri: 5, logo_uri: 5, contacts: 'x', policy_uri: null, scope: null },
    ]) {
      const client = await OAuthClient.register(gateway, { redirectUris: [cursor[0]], metadata });
      const { jwks, jwks_uri, scope, client_uri, application_type } = client.information;
      assert.deepEqual([jwks, jwks_uri, scope, client_uri, application_type], [...Array(4), 'native']);
      await wholeWay(client);
    }
    const signs = { redirect_uris: [cursor[0]], token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } };
    const answer = await send(`${gateway.origin}/oauth/register`, { json: signs });
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_client_metadata']);
    assert.match(answer.json().error_description, /jwks/);
  });

  it('compat 13: only scopes of OpenID Connect asked for are the default scopes, at a refresh too', async () => {
    const client = await OAuthClient.register(gateway, { redirectUris: [cursor[0]] });
    for (const scope of ['openid', 'openid profile email offline_access', 'offline_access']) {
      const tokens = await client.grant({ scope });
      assert.equal(tokens.scope, 'mcp.connect tools.read', scope);
      const refreshed = await client.refresh(tokens.refresh_token, { scope });
      assert.equal(refreshed.body.scope, 'mcp.connect tools.read', scope);
    }
    const nothing = await new UserAgent().open(client.request({ scope: 'openid unheard-of' }).url);
    assert.equal(errorOnPage(nothing), 'invalid_scope');
  });

  it('nothing of this reached the server behind', () => upstream.untouched('a registration'));
});

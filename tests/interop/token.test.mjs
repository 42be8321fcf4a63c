// Codes at the token endpoint. The numbers order the cases; each stands alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDead, refused, works } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('token endpoint', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let other;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'token',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.resources.push({ ...config.resources[0], serve: `${origin}/second`, root: undefined });
      },
    });
    client = await OAuthClient.register(gateway);
    other = await OAuthClient.register(gateway);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('case 29: unknown client: 401 invalid_client as JSON, not stored', async () => {
    const answer = await client.exchange(await client.authorize(), { client_id: 'nobody' });
    assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_client']);
    assert.match(answer.headers['cache-control'][0], /no-store/);
  });

  it('a good answer says what was granted, and is not stored', async () => {
    const answer = await client.exchange(await client.authorize());
    assert.equal(answer.status, 200);
    assert.equal(answer.body.token_type, 'Bearer');
    assert.match(answer.body.access_token, /^mcpv1_/);
    assert.equal(answer.body.expires_in, 600);
    assert.deepEqual(answer.body.scope.split(' ').sort(), ['mcp.connect', 'tools.read']);
    assert.match(answer.headers['cache-control'][0], /no-store/);
    assert.ok(!Object.values(answer.body).includes(null));
  });

  it('case 30: a code used twice is refused and takes the first tokens with it', async () => {
    const grant = await client.authorize();
    const first = await client.exchange(grant);
    assert.equal(first.status, 200);
    await works(gateway.resource, first.body.access_token);
    refused(await client.exchange(grant), 'invalid_grant');
    await isDead(gateway.resource, first.body.access_token);
    refused(await client.refresh(first.body.refresh_token), 'invalid_grant');
  });

  it('case 32: a wrong verifier does not use the code up; many do', async () => {
    const grant = await client.authorize();
    refused(await client.exchange(grant, { code_verifier: 'a'.repeat(43) }), 'invalid_grant');
    assert.equal((await client.exchange(grant)).status, 200);
    const second = await client.authorize();
    for (let tries = 0; tries < 100; ++tries)
      refused(await client.exchange(second, { code_verifier: 'b'.repeat(43) }), 'invalid_grant');
    refused(await client.exchange(second), 'invalid_grant', 'after a hundred guesses');
  });

  it('case 33: no verifier', async () => {
    const grant = await client.authorize();
    refused(await client.exchange(grant, { code_verifier: undefined }), 'invalid_request');
    assert.equal((await client.exchange(grant)).status, 200);
  });

  it('case 34: another redirect URI is refused, none is accepted', async () => {
    const grant = await client.authorize();
    refused(await client.exchange(grant, { redirect_uri: 'http://127.0.0.1:7777/other' }), 'invalid_grant');
    assert.equal((await client.exchange(await client.authorize(), { redirect_uri: undefined })).status, 200);
  });

  it('case 35: a code in the hands of another client harms nobody', async () => {
    const grant = await client.authorize();
    refused(await other.exchange(grant), 'invalid_grant');
    const answer = await client.exchange(grant);
    assert.equal(answer.status, 200);
    refused(await other.exchange(grant), 'invalid_grant');
    await works(gateway.resource, answer.body.access_token, 'a stranger with a used code cannot revoke');
  });

  it('case 36: verifiers of the wrong length or alphabet', async () => {
    const grant = await client.authorize();
    for (const verifier of ['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(42)}!`]) {
      refused(await client.exchange(grant, { code_verifier: verifier }), 'invalid_request');
    }
  });

  it('case 38: the code of one resource at another', async () => {
    refused(
      await client.exchange(await client.authorize(), { resource: `${gateway.origin}/second` }),
      'invalid_target',
    );
    refused(
      await client.exchange(await client.authorize(), { resource: 'https://elsewhere.example/mcp' }),
      'invalid_target',
    );
  });

  it('case 39: two resources at once', async () => {
    const { code, verifier } = await client.authorize();
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id: client.id,
      redirect_uri: client.redirectUri,
      resource: client.resource,
    });
    form.append('resource', `${gateway.origin}/second`);
    refused(await client.token(form), 'invalid_target');
  });

  it('a token holds at its own resource only', async () => {
    const { access_token: token } = await client.grant();
    await works(gateway.resource, token);
    assert.equal((await ping(`${gateway.origin}/second`, token)).status, 401);
  });

  it('case 40: anything but a form in the body of a POST', async () => {
    const { code, verifier, browser } = await client.authorize();
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id: client.id,
      redirect_uri: client.redirectUri,
    };
    const endpoint = client.server.token_endpoint;
    const query = new URLSearchParams(form);
    for (const [what, status, error, answer] of [
      ['json', 400, 'invalid_request', await send(endpoint, { json: form })],
      ['no type', 400, 'invalid_request', await send(endpoint, { body: query.toString() })],
      ['get', 405, 'method_not_allowed', await send(`${endpoint}?${query}`)],
      ['query', 400, 'invalid_request', await send(`${endpoint}?${query}`, { form: {} })],
      ['both', 400, 'invalid_request', await send(`${endpoint}?${query}`, { form })],
    ]) {
      assert.deepEqual([answer.status, answer.json().error], [status, error], what);
      assert.ok(!answer.text.includes('access_token'), what);
    }
    assert.equal((await client.exchange({ code, verifier, browser })).status, 200, 'the code is still good');
  });

  it('parameters sent twice', async () => {
    const { code, verifier } = await client.authorize();
    for (const name of ['code', 'client_id', 'grant_type', 'code_verifier']) {
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        client_id: client.id,
        redirect_uri: client.redirectUri,
      });
      form.append(name, form.get(name));
      refused(await client.token(form), 'invalid_request', name);
    }
  });

  it('other grant types', async () => {
    for (const type of ['password', 'client_credentials', 'urn:example:unknown']) {
      const answer = await client.token({ grant_type: type, client_id: client.id, username: 'alice', password: 'x' });
      assert.equal(answer.status, 400);
      assert.match(answer.body.error, /^(unsupported_grant_type|unauthorized_client)$/, type);
    }
    refused(await client.token({ client_id: client.id }), 'invalid_request', 'no grant type');
  });

  it('a confidential client must show its secret', async () => {
    const answer = await send(client.server.registration_endpoint, {
      json: {
        client_name: 'Secret',
        redirect_uris: [client.redirectUri],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    });
    assert.equal(answer.status, 201);
    const { client_id: id, client_secret: secret } = answer.json();
    assert.ok(secret);
    const confidential = Object.assign(Object.create(Object.getPrototypeOf(client)), client, { id });
    const grant = await confidential.authorize();
    const without = await confidential.exchange(grant);
    assert.deepEqual([without.status, without.body.error], [401, 'invalid_client']);
    const basic = (value) => ({ Authorization: `Basic ${Buffer.from(`${id}:${value}`).toString('base64')}` });
    const form = {
      grant_type: 'authorization_code',
      code: grant.code,
      code_verifier: grant.verifier,
      redirect_uri: client.redirectUri,
    };
    const wrong = await send(client.server.token_endpoint, { form, headers: basic('wrong') });
    assert.equal(wrong.status, 401);
    assert.match(header(wrong, 'www-authenticate'), /^Basic/);
    assert.equal((await send(client.server.token_endpoint, { form, headers: basic(secret) })).status, 200);
  });
});

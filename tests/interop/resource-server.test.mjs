// A server behind that looks tokens up itself (RFC 7662): it authenticates, and learns about those of its own resources.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binary, Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { newKey } from './lib/jose.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('resource servers', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let server;
  let of; // tokens, by where they hold

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'resource-server',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        const { tenant, root, ...rest } = config.resources[0];
        assert.ok(tenant && root);
        config.resources.push({ ...rest, tenant, serve: `${origin}/second` }, { ...rest, serve: `${origin}/t/{tenant}/mcp` });
      },
    });
    server = (await send(`${gateway.origin}/.well-known/oauth-authorization-server`)).json();
    const client = await OAuthClient.register(gateway);
    of = {
      main: (await client.grant()).access_token,
      second: await mint(`${gateway.origin}/second`),
      acme: await mint(`${gateway.origin}/t/acme/mcp`),
    };
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const mint = async (resource) => {
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', resource, '--scope', 'mcp.connect tools.read'];
    return (await gateway.command(['token', 'mint', ...words])).trimEnd().split('\n').at(-1);
  };
  const add = async (...words) =>
    JSON.parse(await gateway.command(['client', 'add', '--json', '--name', 'Shop', '--resource-server', ...words]));
  const ask = (token, credentials) => send(server.introspection_endpoint, { form: { token, ...credentials } });
  const known = async (credentials) => {
    const names = [];
    for (const [name, token] of Object.entries(of)) {
      const answer = await ask(token, credentials());
      assert.equal(answer.status, 200, answer.text);
      if (answer.json().active) names.push(name);
      else assert.deepEqual(answer.json(), { active: false }, 'nothing is said of a token that is not its own');
    }
    return names;
  };
  const secretOf = ({ client_id, client_secret }) => ({ client_id, client_secret });

  it('compat 21: with a secret it learns who brings a token to its resource, whichever client got it', async () => {
    const added = await add('--confidential', '--resource', gateway.resource);
    assert.deepEqual(added.resources, [gateway.resource]);
    const answer = (await ask(of.main, secretOf(added))).json();
    assert.equal(answer.active, true);
    assert.equal(answer.sub, 'local:alice');
    assert.equal(answer.tenant, 'acme');
    assert.equal(answer.aud, gateway.resource);
    assert.deepEqual(await known(() => secretOf(added)), ['main']);
  });

  it('compat 21: with a key, for several resources, one of them that of every tenant', async () => {
    const key = newKey('ES256');
    const file = path.join(gateway.folder, 'keys.json');
    writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
    const added = await add('--jwks', file, '--resource', `${gateway.origin}/second`, `${gateway.origin}/t/{tenant}/mcp`);
    const signed = () => {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: added.client_id, sub: added.client_id, aud: gateway.origin, iat: now, exp: now + 60 };
      return {
        client_assertion_type: assertionType,
        client_assertion: key.sign({ ...claims, jti: randomUUID() }, { typ: 'JWT' }),
      };
    };
    assert.deepEqual(await known(signed), ['second', 'acme']);
  });

  it('compat 21: a caller that does not prove to be it learns nothing', async () => {
    const added = await add('--confidential', '--resource', gateway.resource);
    for (const credentials of [{}, { client_secret: 'wrong' }]) {
      const answer = await ask(of.main, { client_id: added.client_id, ...credentials });
      assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client']);
    }
  });

  it('compat 21: it gets no tokens, no user is sent to it, and nobody can register as one', async () => {
    const added = await add('--confidential', '--resource', gateway.resource);
    for (const grant_type of ['client_credentials', 'authorization_code', 'refresh_token']) {
      const answer = await send(server.token_endpoint, { form: { ...secretOf(added), grant_type } });
      assert.deepEqual([answer.status, answer.json().error], [400, 'unauthorized_client'], grant_type);
    }
    const redirect = 'http://127.0.0.1:7777/callback';
    const query = new URLSearchParams({ client_id: added.client_id, response_type: 'code', redirect_uri: redirect });
    const page = await send(`${server.authorization_endpoint}?${query}`);
    assert.deepEqual([page.status, page.headers.location], [400, undefined]);

    const registered = await OAuthClient.register(gateway, {
      metadata: { token_endpoint_auth_method: 'client_secret_post', introspects: [gateway.resource], resources: [gateway.resource] },
    });
    const { client_id, client_secret } = registered.information;
    assert.deepEqual((await ask(of.main, { client_id, client_secret })).json(), { active: false });
  });

  it('compat 21: the list of clients says what it is, and its secret can be replaced', async () => {
    const added = await add('--confidential', '--resource', `${gateway.origin}/t/{tenant}/mcp`);
    const template = `${gateway.origin}/t/{tenant}/mcp`;
    const all = JSON.parse(await gateway.command(['client', 'list', '--json']));
    const { kind, resources, grant_types } = all.find((each) => each.client_id === added.client_id);
    assert.deepEqual([kind, resources, grant_types], ['resource_server', [template], []]);
    const lines = (await gateway.command(['client', 'list'])).split('\n');
    assert.ok(lines.find((each) => each.startsWith(added.client_id)).endsWith(`resource_server  ${template}`));
    const rotated = JSON.parse(await gateway.command(['client', 'rotate-secret', '--json', added.client_id]));
    assert.deepEqual(await known(() => secretOf(rotated)), ['acme']);
  });

  it('compat 21: the command line refuses what could not work', async () => {
    const outcome = async (...words) => {
      const all = ['client', 'add', '--name', 'x', '--resource-server', ...words, '-c', gateway.file];
      const { code, output } = await run(binary(), all);
      return `${code} ${output}`;
    };
    const mine = ['--resource', gateway.resource];
    assert.match(await outcome('--confidential'), /^2 .*--resource/);
    assert.match(await outcome(...mine), /^2 .*--confidential/);
    for (const more of [['--redirect-uri', 'https://x.example/cb'], ['--tenant', 'acme'], ['--scope', 'mcp.connect']])
      assert.match(await outcome(...mine, '--confidential', ...more), /^2 .*gets no tokens/, more[0]);
    assert.match(await outcome(...mine, '--confidential', '--grant', 'client_credentials'), /^2 /);
    assert.match(await outcome('--confidential', '--resource', `${gateway.origin}/none`), /^1 .*serves no resource/);
    assert.match(await outcome('--confidential', '--resource', `${gateway.origin}/{tenant}`), /^1 .*serves no resource/);
  });

  it('is not registered for a resource or a tenant that is not there', async () => {
    for (const [resource, sentence] of [
      [`${gateway.origin}/third`, /the configuration serves no resource/],
      [`${gateway.origin}/t/nobody/mcp`, /there is no tenant `nobody`/],
    ]) {
      const words = ['client', 'add', '--name', 'Shop', '--resource-server', '--confidential', '--resource', resource];
      const { code, output, stdout } = await run(binary(), [...words, '-c', gateway.file], { cwd: gateway.folder });
      assert.deepEqual([code, stdout], [1, ''], resource);
      assert.match(output, sentence);
    }
  });
});

// Tokens made elsewhere: a real provider issues them, the gateway only checks them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { denied, refusalOf } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OpenIdProvider } from './lib/provider.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const machine = (id) => ({ client_id: id, client_secret: `secret of ${id} `.repeat(3).trim() });
const [agent, foreign, stranger] = ['agent', 'foreign', 'stranger'].map(machine);
const scopes = ['mcp.connect', 'tools.read', 'mcp:read'];

describe('tokens made elsewhere', { timeout: 180_000 * patience }, () => {
  let provider;
  let upstream;
  let gateway;

  before(async () => {
    provider = await OpenIdProvider.start({
      clients: [agent, foreign, stranger].map((client) => ({
        ...client,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      })),
      scopes,
    });
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'external',
      upstream: upstream.url,
      users: [],
      configure: (config, { origin }) => {
        config.authorization_servers = {
          entra: {
            external: {
              issuer: provider.issuer,
              audience: ['api'],
              allowed_clients: [agent.client_id, stranger.client_id],
              required_scopes: ['mcp:read'],
              tenant_map: { 'tenant-of-acme': 'acme' },
            },
          },
        };
        config.tenants[0].members = [{ user: 'entra:agent', role: 'viewer' }];
        config.tenants.push({ handle: 'globex', name: 'Globex' });
        config.upstreams.everything.headers = { 'X-User': '{user.key}', 'X-Tenant': '{tenant.handle}', 'X-Client': '{client.id}' };
        const resource = { upstream: 'everything', policy: 'everything' };
        config.resources.push({ serve: `${origin}/any`, ...resource });
        config.resources.push({ serve: `${origin}/globex`, tenant: 'globex', ...resource });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    await provider?.stop();
  });

  const call = (token, url = gateway.resource) => callTool(url, token, 'echo');

  it('the resource names the provider, whose metadata is there word for word, and nothing of ours is', async () => {
    const refused = await ping(gateway.resource);
    assert.equal(refused.status, 401);
    const metadata = (await send(bearerChallenge(refused).resource_metadata)).json();
    assert.deepEqual(metadata.authorization_servers, [provider.issuer]);
    assert.deepEqual(metadata.scopes_supported, ['mcp.connect', 'tools.read', 'mcp:read']);
    const here = await send(`${gateway.origin}/.well-known/openid-configuration`);
    const there = await send(`${provider.issuer}/.well-known/openid-configuration`);
    assert.equal(here.status, 200);
    assert.equal(here.text, there.text);
    for (const path of ['oauth/authorize', 'oauth/token', 'oauth/register', 'login', '.well-known/oauth-authorization-server']) {
      assert.equal((await send(`${gateway.origin}/${path}`)).status, 404, path);
    }
  });

  it('RS256 and ES256 tokens are good, and the server behind learns who calls', async () => {
    for (const algorithm of ['RS256', 'ES256']) {
      provider.algorithm = algorithm;
      upstream.reset();
      const answer = await call(await provider.token(agent));
      assert.equal(answer.status, 200, answer.text);
      const { headers } = upstream.requests.at(-1);
      assert.deepEqual([headers['x-user'], headers['x-tenant'], headers['x-client']], ['entra:agent', 'acme', 'agent']);
      assert.equal(headers.authorization, undefined);
    }
    assert.equal(provider.asked('/jwks'), 1);
  });

  it('what the policy denies stays denied', async () => {
    denied(await callTool(gateway.resource, await provider.token(agent), 'get-env'));
  });

  it('a foreign client, and a user who is no member, get 403 without a challenge', async () => {
    for (const client of [foreign, stranger]) {
      const answer = await call(await provider.token(client));
      assert.deepEqual([answer.status, answer.message.error.data.error], [403, 'access_denied'], client.client_id);
      assert.equal(bearerChallenge(answer), undefined);
    }
  });

  it('a token without a required scope gets a challenge that names it beside those it has', async () => {
    const answer = await call(await provider.token(agent, { scope: 'mcp.connect tools.read' }));
    assert.deepEqual([answer.status, answer.message.error.data.error], [403, 'insufficient_scope']);
    assert.equal(bearerChallenge(answer).scope, 'mcp:read mcp.connect tools.read');
    const few = await call(await provider.token(agent, { scope: 'mcp:read mcp.connect' }));
    assert.deepEqual([few.status, few.message.error.data.error], [403, 'insufficient_scope']);
    assert.match(bearerChallenge(few).scope, /tools\.read/);
  });

  it('where the resource has no tenant, the token names it', async () => {
    const outcome = async (claims) => {
      provider.claims = claims;
      return (await call(await provider.token(agent), `${gateway.origin}/any`)).status;
    };
    assert.equal(await outcome({ tid: 'tenant-of-acme' }), 200);
    for (const claims of [{}, { tid: 'acme' }, { tid: 'tenant-of-globex' }, { tid: ['tenant-of-acme'] }]) {
      assert.equal(await outcome(claims), 403, JSON.stringify(claims));
    }
    provider.claims = {};
  });

  it('a token that was good at a resource says nothing at that of a tenant where its user is nobody', async () => {
    const token = await provider.token(agent);
    assert.equal((await call(token)).status, 200);
    upstream.reset();
    const elsewhere = await call(token, `${gateway.origin}/globex`);
    assert.equal(elsewhere.status, 403, elsewhere.text);
    assert.equal(refusalOf(elsewhere.message)?.data.error, 'access_denied', elsewhere.text);
    upstream.untouched('a call for the other tenant');
    assert.equal((await call(token)).status, 200, 'and nothing was lost here');
    assert.equal(upstream.requests.at(-1).headers['x-tenant'], 'acme');
  });

  it('whoever is known by tokens alone can be disabled, and let in again', async () => {
    const token = await provider.token(agent);
    assert.equal((await call(token)).status, 200);
    await gateway.command(['user', 'disable', 'entra:agent']);
    await until('the disabling to count', async () => (await call(token)).status === 403);
    const users = JSON.parse(await gateway.command(['user', 'list', '--json']));
    const { disabled, members } = users.find(({ user }) => user === 'entra:agent');
    assert.deepEqual([disabled, members], [true, [{ tenant: 'acme', role: 'viewer' }]]);
    await gateway.command(['user', 'enable', 'entra:agent']);
    await until('him to be let in', async () => (await call(token)).status === 200);
    for (const name of ['nobody', 'elsewhere:agent', 'local:nobody'])
      await assert.rejects(gateway.command(['user', 'disable', name]), /there is no user/, name);
  });

  it('memberships of the store count, and what is taken away counts at the next call', async () => {
    provider.claims = { tid: 'tenant-of-acme' };
    const token = await provider.token(stranger);
    assert.equal((await call(token)).status, 403);
    await gateway.command(['user', 'add', 'entra:stranger', '--no-password', '--member', 'acme:viewer']);
    await until('the membership to count', async () => (await call(token)).status === 200);
    assert.equal((await call(token, `${gateway.origin}/any`)).status, 200, 'one token at two resources');
    await gateway.command(['user', 'disable', 'entra:stranger']);
    await until('the disabling to count', async () => (await call(token)).status === 403);
    provider.claims = {};
  });

  it('keys are rotated while traffic runs, and no request fails', async () => {
    const statuses = [];
    let running = true;
    const client = async () => {
      while (running) statuses.push((await call(await provider.token(agent))).status);
    };
    const clients = [client(), client(), client()];
    for (const algorithm of ['ES256', 'RS256', 'ES256']) {
      const before = statuses.length;
      provider.algorithm = algorithm;
      provider.rotate();
      while (statuses.length < before + 15) await Promise.race([...clients, new Promise(setImmediate)]);
    }
    running = false;
    await Promise.all(clients);
    assert.deepEqual([...new Set(statuses)], [200], `${statuses.length} calls`);
  });

  it('keys that nobody has do not make the gateway ask without end', async () => {
    const header = (kid) => Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })).toString('base64url');
    const rest = (await provider.token(agent)).split('.').slice(1).join('.');
    const before = provider.asked('/jwks');
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => call(`${header(`forged-${n}`)}.${rest}`)));
    assert.deepEqual([...new Set(answers.map((each) => each.status))], [401]);
    assert.ok(provider.asked('/jwks') - before <= 5, `${provider.asked('/jwks') - before} times`);
  });

  it('the last good keys hold while the provider is away', async () => {
    const tokens = [await provider.token(agent), await provider.token(agent)];
    await provider.stop();
    for (const token of tokens) assert.equal((await call(token)).status, 200);
    const again = await send(`${gateway.origin}/.well-known/openid-configuration`);
    assert.equal(again.json().issuer, provider.issuer);
  });
});

// Whose a resource is: from the host, from the path, picked while authorizing. Every way from one tenant to another is
// tried, with a server behind that counts each byte.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { callTool, initialize, ping } from '../interop/lib/mcp.mjs';
import { startEverything } from '../interop/lib/upstream.mjs';
import { until } from '../interop/lib/wait.mjs';
import { claimAddress } from './lib/address.mjs';
import { startSystem } from './lib/system.mjs';

const address = await claimAddress('127.0.5.1');
const policy = {
  policy: 'everyone',
  scopes: { 'mcp.connect': 'Connect', 'tools.read': 'Read' },
  default_scopes: ['mcp.connect', 'tools.read'],
  connect: ['mcp.connect'],
  plans: ['business', 'enterprise'],
  otherwise: 'allow',
};
const host = (tenant) => `https://${tenant}.tenants.test/mcp/orgonaut`;
const inPath = (tenant) => `https://app.tenants.test/t/${tenant}/mcp`;
const joined = (tenant) => `https://ai.tenants.test/mcp/${tenant}/mcp`;
const shared = 'https://ai.tenants.test/mcp';
const manual = 'https://app.tenants.test/manual';
const withSessions = 'https://ai.tenants.test/sessions';
const wellKnown = (url) => {
  const { origin, pathname } = new URL(url);
  return `${origin}/.well-known/oauth-protected-resource${pathname}`;
};
const errorOf = (answer) => answer.json().error.data?.error ?? answer.json().error;

describe('tenants', { timeout: 240_000 * patience }, () => {
  let system;
  let gateway;
  let upstream;
  let everything;

  before(async () => {
    everything = await startEverything();
    system = await startSystem({
      name: 'tenants',
      address,
      policy,
      users: [{ name: 'alice', members: ['acme', 'globex', 'team'] }, { name: 'bob', members: ['globex'] }],
      prepare: (made) => made.command(['tenant', 'add', 'team', '--plan', 'team']),
      configure: (config) => {
        config.upstreams.sessions = { urls: [everything.url] };
        config.authorization_servers = {
          main: { default: true, issuer: 'https://ai.tenants.test' },
          each: { issuer: 'https://{tenant}.tenants.test/mcp/orgonaut' },
        };
        config.tenants = ['acme', 'globex'].map((handle) => ({ handle, plan: 'business' }));
        config.tenants.push({ handle: 'ai', plan: 'business' });
        const rest = { upstream: 'everything', policy: policy.policy };
        config.resources = [
          { serve: 'https://{tenant}.tenants.test/mcp/orgonaut', authorization_server: 'each', ...rest },
          { serve: 'https://app.tenants.test/t/{tenant}/mcp', ...rest },
          { serve: 'https://ai.tenants.test/mcp/{tenant}/mcp', same_as: 'https://app.tenants.test/t/{tenant}/mcp' },
          { serve: shared, root: true, ...rest },
          { serve: manual, manual_tokens: true, ...rest },
          { serve: withSessions, policy: policy.policy, upstream: 'sessions' },
        ];
      },
    });
    ({ gateway, upstream } = system);
  });
  after(async () => {
    await system?.stop();
    await everything?.stop();
  });
  beforeEach(() => upstream.reset());

  const tenantSeen = () => upstream.requests.at(-1)?.headers['x-tenant'];
  /** A client with tokens: `{client, tokens}`. */
  async function connected(resource, options = {}) {
    const client = await system.client(resource);
    return { client, tokens: await client.grant(options) };
  }

  const shapes = { 'in the host': host, 'in the path': inPath, 'in a joined path': joined };
  for (const [shape, at] of Object.entries(shapes)) {
    it(`${shape}: each has its resource, its metadata and its data`, async () => {
      for (const tenant of ['acme', 'globex']) {
        const { client, tokens } = await connected(at(tenant));
        assert.equal(client.resource, at(tenant), 'the address publishes itself');
        assert.equal((await callTool(at(tenant), tokens.access_token, 'echo')).status, 200);
        assert.equal(tenantSeen(), tenant);
        const again = await client.refresh(tokens.refresh_token);
        assert.equal((await callTool(at(tenant), again.body.access_token, 'echo')).status, 200);
        assert.equal(tenantSeen(), tenant);
      }
    });
  }

  it('an issuer with {tenant} is one for each: metadata, endpoints and tokens are byte-true', async () => {
    const origin = 'https://acme.tenants.test';
    const issuer = `${origin}/mcp/orgonaut`;
    const unauthorized = await send(host('acme'), { json: {} });
    assert.equal(unauthorized.status, 401);
    assert.match(
      unauthorized.headers['www-authenticate'][0],
      /resource_metadata="https:\/\/acme\.tenants\.test\/\.well-known\/oauth-protected-resource\/mcp\/orgonaut"/,
    );
    const resource = (await send(`${origin}/.well-known/oauth-protected-resource/mcp/orgonaut`)).json();
    assert.equal(resource.resource, host('acme'));
    assert.deepEqual(resource.authorization_servers, [issuer]);
    for (const where of [
      '/.well-known/oauth-authorization-server/mcp/orgonaut',
      '/.well-known/openid-configuration/mcp/orgonaut',
      '/mcp/orgonaut/.well-known/openid-configuration',
    ]) {
      const server = (await send(`${origin}${where}`)).json();
      assert.equal(server.issuer, issuer, where);
      for (const [name, value] of Object.entries(server)) {
        if (name.endsWith('_endpoint')) assert.equal(new URL(value).origin, origin, name);
      }
    }
  });

  it('picked while authorizing: the connection stays with whom was picked', async () => {
    for (const tenant of ['globex', 'acme']) {
      const { client, tokens } = await connected(shared, { tenant });
      assert.equal((await callTool(shared, tokens.access_token, 'echo')).status, 200);
      assert.equal(tenantSeen(), tenant);
      const again = await client.refresh(tokens.refresh_token);
      await callTool(shared, again.body.access_token, 'echo', {}, { headers: { 'X-Tenant': 'initech' } });
      assert.equal(tenantSeen(), tenant, 'what a client says of it does not count');
    }
  });

  it('joined addresses are one resource, the shared address is another', async () => {
    const { tokens } = await connected(inPath('acme'));
    assert.equal((await callTool(joined('acme'), tokens.access_token, 'echo')).status, 200);
    const back = await connected(joined('acme'));
    assert.equal((await callTool(inPath('acme'), back.tokens.access_token, 'echo')).status, 200);
    const picked = await connected(shared, { tenant: 'acme' });
    upstream.reset();
    assert.equal((await callTool(shared, tokens.access_token, 'echo')).status, 401);
    for (const url of [inPath('acme'), joined('acme'), host('acme')]) {
      assert.equal((await callTool(url, picked.tokens.access_token, 'echo')).status, 401, url);
    }
    upstream.untouched('tokens of another resource');
  });

  it('a tenant that is not there, or on another plan, has no address; a change of plan counts at once', async () => {
    const gone = async (url, tenant) => {
      const { origin } = new URL(url);
      const statuses = [
        (await send(url, { json: {} })).status,
        (await send(wellKnown(url))).status,
        (await send(url, { json: {}, headers: { Authorization: 'Bearer mcpv1_x' } })).status,
      ];
      if (url === host(tenant)) {
        for (const path of [
          '/.well-known/oauth-authorization-server/mcp/orgonaut',
          '/oauth/authorize?client_id=x',
          '/login',
        ]) {
          statuses.push((await send(`${origin}${path}`)).status);
        }
        statuses.push((await send(`${origin}/oauth/register`, { json: {} })).status);
      }
      return statuses.every((status) => status === 404) || statuses.join(' ');
    };
    for (const at of Object.values(shapes)) {
      assert.equal(await gone(at('nobody'), 'nobody'), true, at('nobody'));
      assert.equal(await gone(at('team'), 'team'), true, at('team'));
    }
    upstream.untouched('tenants that are not there');
    await gateway.command(['tenant', 'set', 'team', '--plan', 'business']);
    const { tokens } = await connected(host('team'));
    assert.equal((await callTool(host('team'), tokens.access_token, 'echo')).status, 200);
    assert.equal(tenantSeen(), 'team');
    await gateway.command(['tenant', 'set', 'team', '--plan', 'team']);
    await until(
      'the end of the plan',
      async () => (await callTool(host('team'), tokens.access_token, 'echo')).status === 404,
    );
    upstream.reset();
    assert.equal((await callTool(host('team'), tokens.access_token, 'echo')).status, 404);
    assert.equal(await gone(host('team'), 'team'), true);
    upstream.untouched('a plan that ended');
  });

  it('nothing of one tenant is good for another', async () => {
    for (const [shape, at] of Object.entries(shapes)) {
      const acme = await connected(at('acme'));
      const globex = await connected(at('globex'));
      upstream.reset();
      assert.equal((await callTool(at('globex'), acme.tokens.access_token, 'echo')).status, 401, shape);
      upstream.untouched(`${shape}: acme's token`);
      const there = { ...acme.client, resource: at('globex') };
      Object.setPrototypeOf(there, Object.getPrototypeOf(acme.client));
      const elsewhere = await there.refresh(acme.tokens.refresh_token);
      const differs = [400, 'invalid_target'];
      assert.deepEqual([elsewhere.status, elsewhere.body.error], differs, `${shape}: a refresh token of acme`);
      const code = await acme.client.authorize();
      const exchanged = await there.exchange(code);
      assert.deepEqual([exchanged.status, exchanged.body.error], differs, `${shape}: a code of acme`);
      if (acme.client.server.issuer !== globex.client.server.issuer) {
        const token = globex.client.server.token_endpoint;
        const moved = { ...acme.client, server: { ...acme.client.server, token_endpoint: token } };
        Object.setPrototypeOf(moved, Object.getPrototypeOf(acme.client));
        assert.equal((await moved.exchange(code)).status, 401, "acme's client at globex's issuer");
        assert.equal((await moved.refresh(acme.tokens.refresh_token)).status, 401);
        const asked = await send(globex.client.authorizeUrl({ ...acme.client.request().parameters }));
        assert.equal(asked.status, 400, 'and in the browser');
      }
    }
  });

  it("a session of one tenant is unknown to another, also to the same user's client", async () => {
    const acme = await connected(withSessions, { tenant: 'acme' });
    const session = await initialize(withSessions, acme.tokens.access_token);
    assert.ok(session);
    assert.equal((await ping(withSessions, acme.tokens.access_token, { session })).status, 200);
    const globex = await acme.client.grant({ tenant: 'globex' });
    const answer = await ping(withSessions, globex.access_token, { session });
    assert.equal(answer.status, 401);
    assert.equal(answer.json().error.data.error, 'session_handle_mismatch');
    assert.match(answer.headers['www-authenticate'][0], /error="invalid_token"/);
  });

  it('a token made by hand needs its tenant in X-Tenant', async () => {
    const mint = async (tenant, resource) => {
      const words = ['token', 'mint', '--user', 'alice', '--tenant', tenant, '--resource', resource];
      const said = await gateway.command([...words, '--scope', 'mcp.connect tools.read']);
      return said.trim().split('\n').at(-1);
    };
    const token = await mint('acme', manual);
    const withTenant = (headers) => callTool(manual, token, 'echo', {}, { headers });
    assert.equal((await withTenant({ 'X-Tenant': 'acme' })).status, 200);
    assert.equal(tenantSeen(), 'acme');
    upstream.reset();
    for (const headers of [{}, { 'X-Tenant': 'globex' }, { 'X-Tenant': '' }, { 'X-Tenant': 'acme, globex' }]) {
      const answer = await withTenant(headers);
      assert.equal(answer.status, 401, JSON.stringify(headers));
      assert.equal(answer.message.error.data.error, 'invalid_token');
    }
    upstream.untouched('no tenant named');
    const twice = await send(manual, {
      json: {},
      headers: ['Authorization', `Bearer ${await mint('acme', manual)}`, 'X-Tenant', 'acme', 'X-Tenant', 'acme'],
    });
    assert.equal(twice.status, 401);
    await assert.rejects(mint('globex', inPath('acme')), /tenant `acme` alone/);
  });

  it('tricks with the address lead nowhere', async () => {
    const { tokens } = await connected(inPath('acme'));
    upstream.reset();
    for (const [path, status, error] of [
      ['/t/globex/mcp', 401, 'invalid_token'],
      ['/t/acme/../globex/mcp', 401, 'invalid_token'],
      ['/t/acme/%2e%2e/globex/mcp', 401, 'invalid_token'],
      ['/t/globex%2fmcp', 400, 'invalid_request'],
      ['/t/GLOBEX/mcp', 404, 'not_found'],
      ['/t/globex./mcp', 404, 'not_found'],
      ['/t//globex/mcp', 400, 'invalid_request'],
      ['/t/globex;acme/mcp', 400, 'invalid_request'],
      ['/t/{tenant}/mcp', 404, 'not_found'],
    ]) {
      const answer = await callTool(`https://app.tenants.test${path}`, tokens.access_token, 'echo');
      assert.deepEqual([answer.status, errorOf(answer)], [status, error], path);
    }
    for (const [name, status, error] of [
      ['a.b.tenants.test', 421, 'misdirected_request'],
      ['tenants.test', 421, 'misdirected_request'],
      ['ACME.tenants.test.', 400, 'invalid_request'],
      ['acme.tenants.test:443@globex', 400, 'invalid_request'],
    ]) {
      const answer = await send('https://acme.tenants.test/mcp/orgonaut', { json: {}, headers: { Host: name } });
      assert.deepEqual([answer.status, errorOf(answer)], [status, error], name);
    }
    upstream.untouched('tricks');
  });

  it('only members pass: a stranger to the tenant is told, and gets nothing', async () => {
    const client = await system.client(host('acme'));
    await assert.rejects(client.authorize({ user: 'bob' }), /access_denied|not a member|no access|403/i);
    const other = await system.client(host('globex'));
    assert.ok((await other.authorize({ user: 'bob' })).code);
  });
});

// REST for whom nobody has signed in: the document that an importer fetches, health, and what stays closed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callRest, clientOf, documentOf, mint, shopPolicy, startRest, validated } from './lib/rest.mjs';
import { RecordingUpstream, startFixture } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const unsigned = (gateway, path, options) => send(`${gateway.origin}${path}`, options);

describe('public_openapi', { timeout: 120_000 * patience }, () => {
  let shop;
  let gateway;
  before(async () => {
    shop = await startFixture('shop');
    gateway = await startRest({
      name: 'rest-public',
      upstream: shop.url,
      configure: (config) => {
        config.resources[0].public_openapi = true;
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await shop?.stop();
  });

  it('shows the tools that the default scopes allow to whoever has no token', async () => {
    const answer = await documentOf(gateway);
    assert.equal(answer.status, 200, answer.text);
    const { paths } = await validated(answer.json());
    assert.deepEqual(Object.keys(paths).sort(), ['/tools/get_deals', '/tools/search_products', '/tools/view_cart']);
  });

  it('shows those of the token to who has one, and nothing to who has a bad one', async () => {
    const token = await mint(gateway, 'mcp:read mcp:execute');
    assert.equal(Object.keys((await documentOf(gateway, token)).json().paths).length, 6);
    assert.equal((await documentOf(gateway)).json().paths['/tools/checkout'], undefined, 'the two are kept apart');
    assert.equal((await documentOf(gateway, 'mcpv1_bad')).status, 401);
  });

  it('calls nothing', async () => {
    const client = await clientOf((await documentOf(gateway)).json());
    assert.equal((await client.view_cart(null, {})).status, 401);
  });

  it('is warned about at start', async () => {
    await gateway.logged('`public_openapi: true`: anybody may read');
  });

  it('is in the audit log as the list that it is, of nobody', async () => {
    await documentOf(gateway);
    const parts = ['"method":"tools/list"', '"user":""'];
    const line = () => gateway.logs().split('\n').findLast((each) => parts.every((part) => each.includes(part)));
    const { user, tenant, decision } = JSON.parse(await until('the line of the list', line));
    assert.deepEqual([user, tenant, decision], ['', 'acme', 'allow']);
  });
});

describe('REST and who may ask for it', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startRest({
      name: 'rest-closed',
      upstream: upstream.url,
      policy: { ...shopPolicy, rules: [], otherwise: 'allow', plans: ['business'] },
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'eager', members: ['acme:admin'] },
      ],
      configure: (config, { port, origin }) => {
        config.limits.rate.call = '5/m burst 8';
        config.tenants.push({ handle: 'small', name: 'Small', plan: 'team' });
        config.upstreams.away = { urls: ['http://127.0.0.1:1/mcp'] };
        config.upstreams.everything.headers = { 'X-Tenant': '{tenant.handle}', 'X-User': '{user.name|nobody}' };
        const more = (host, keys) =>
          config.resources.push({ ...config.resources[0], root: false, serve: `http://${host}:${port}/mcp`, ...keys });
        more('localhost', { upstream: 'away' });
        more('[::1]', { tenant: 'small', public_openapi: true });
        config.resources[0].public_openapi = true;
        config.listen.push({ address: `[::1]:${port}` });
        config.resources.push({ ...config.resources[0], rest: false, public_openapi: false, root: false, serve: `${origin}/two` });
      },
    });
    token = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('a server behind that is told who asks learns that it is nobody', async () => {
    upstream.reset();
    assert.equal((await documentOf(gateway)).status, 200);
    assert.ok(upstream.requests.every(({ headers }) => headers['x-user'] === 'nobody' && headers['x-tenant'] === 'acme'));
    upstream.reset();
    assert.equal((await documentOf(gateway, token)).status, 200);
    assert.ok(upstream.requests.length > 0, 'a list of its own');
    assert.ok(upstream.requests.every(({ headers }) => headers['x-user'] === 'alice'));
  });

  it('a token for another resource of the same host calls nothing', async () => {
    const other = await mint(gateway, 'mcp:read', { resource: `${gateway.origin}/two` });
    upstream.reset();
    const refused = await callRest(gateway, other, 'echo', {});
    assert.deepEqual([refused.status, refused.json().error], [401, 'invalid_token']);
    upstream.untouched('a token for another resource');
  });

  it('each host has the tools of its own resource', async () => {
    const elsewhere = await send(`http://localhost:${gateway.port}/tools/echo`, {
      json: {},
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(elsewhere.status, 401);
    assert.equal((await unsigned(gateway, '/tools/echo', { json: {}, headers: { Host: 'evil.test' } })).status, 421);
  });

  it('health says that the server behind is away, and no more', async () => {
    const away = await send(`http://localhost:${gateway.port}/health`);
    assert.deepEqual([away.status, away.text], [503, '{"status":"unavailable"}']);
    assert.ok(Number(header(away, 'retry-after')) > 0);
    assert.equal((await unsigned(gateway, '/health')).status, 200);
    assert.equal((await unsigned(gateway, '/health', { method: 'POST' })).status, 405);
  });

  it('a tenant whose plan does not include it has none of it', async () => {
    for (const path of ['/health', '/.well-known/openapi.json', '/.well-known/ai-plugin.json', '/tools/echo'])
      assert.equal(
        (await send(`http://[::1]:${gateway.port}${path}`, path.startsWith('/tools') ? { json: {} } : {})).status,
        404,
        path,
      );
  });

  it('calls are counted with those of MCP', async () => {
    const eager = await mint(gateway, 'mcp:read', { user: 'eager' });
    let refused;
    await until('a refusal', async () => (refused = await callRest(gateway, eager, 'echo', {})).status === 429);
    assert.equal(refused.json().error, 'rate_limited');
    assert.equal(header(refused, 'content-type'), 'application/problem+json');
    assert.ok(Number(header(refused, 'retry-after')) > 0);
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const mcp = await send(gateway.resource, {
      json: message,
      headers: { Authorization: `Bearer ${eager}`, Accept: 'application/json, text/event-stream' },
    });
    assert.equal(mcp.status, 429);
  });

  it('health is not for asking without end', async () => {
    await until('a refusal', async () => (await unsigned(gateway, '/health')).status === 429);
  });
});

// Orgonaut: a host for each tenant, with everything on it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seen } from '../../examples/orgonaut/server.mjs';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { clients } from '../interop/lib/clients.mjs';
import { denied } from '../interop/lib/expect.mjs';
import { password, patience } from '../interop/lib/gateway.mjs';
import { bearerChallenge, send } from '../interop/lib/http.mjs';
import { callTool, initialize, ping, post, rpc } from '../interop/lib/mcp.mjs';
import { doctor, faults } from '../interop/lib/postern.mjs';
import { until } from '../interop/lib/wait.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';
import { look, openBrowser, signIn } from './lib/screens.mjs';

const address = await claimAddress('127.0.1.1');
const host = (tenant) => `https://${tenant}.orgonaut.test`;
const mcp = (tenant) => `${host(tenant)}/mcp/orgonaut`;
const metadata = (tenant) => [
  `${host(tenant)}/.well-known/oauth-protected-resource/mcp/orgonaut`,
  `${host(tenant)}/.well-known/oauth-authorization-server/mcp/orgonaut`,
];
const codeOf = (answer) => answer.json().error?.data?.error ?? answer.json().error;
const chatgpt = 'https://chatgpt.com/connector/oauth/cb_1';

describe('Orgonaut', { timeout: 600_000 * patience }, () => {
  let example;
  // Signed in once at each host: sign-ins are counted.
  const browsers = {};
  const browserOf = (tenant, user) => (browsers[`${user} ${tenant}`] ??= new UserAgent());

  before(async () => {
    example = await startExample('orgonaut', address);
  });
  after(() => example?.stop());

  async function connected(tenant, { user = 'alice', ...options } = {}) {
    const client = await example.client(mcp(tenant));
    return { client, tokens: await client.grant({ browser: browserOf(tenant, user), user, ...options }) };
  }
  async function toolsOf(tenant, token) {
    const session = await initialize(mcp(tenant), token);
    const { message } = await post(mcp(tenant), rpc('tools/list'), { token, session });
    return message.result.tools.map((each) => each.name).sort();
  }
  async function call(tenant, token, tool, given = {}, headers = {}) {
    const session = await initialize(mcp(tenant), token, { headers });
    return callTool(mcp(tenant), token, tool, given, { session, headers });
  }
  const mint = async (tenant, ...scopes) => {
    const words = ['token', 'mint', '--user', 'alice', '--tenant', tenant, '--resource', mcp(tenant)];
    return (await example.command([...words, '--scope', scopes.join(' ')])).trim().split('\n').at(-1);
  };

  for (const name of ['SDK v1', 'SDK v2', 'mcp-remote']) {
    it(`row 1: ${name} lists tools for acme and for globex, each with its own data`, async () => {
      for (const [tenant, own] of [['acme', 'Growth 2027'], ['globex', 'Merger']]) {
        const client = await clients[name](mcp(tenant));
        try {
          assert.ok(client.tools.includes('scenario.list'));
          const said = await client.use('scenario.list', {});
          assert.match(said, new RegExp(`"tenant":"${tenant}"`));
          assert.match(said, new RegExp(own));
        } finally {
          await client.close();
        }
      }
    });
  }

  it('row 2: metadata, registration, authorization and token endpoint are on the tenant’s own host', async () => {
    for (const tenant of ['acme', 'globex']) {
      const challenge = bearerChallenge(await send(mcp(tenant), { json: rpc('ping') }));
      const [resourceAt, serverAt] = metadata(tenant);
      assert.equal(challenge.resource_metadata, resourceAt);
      assert.equal(challenge.scope, 'mcp:use');
      const resource = (await send(resourceAt)).json();
      assert.equal(resource.resource, mcp(tenant));
      assert.deepEqual(resource.authorization_servers, [mcp(tenant)]);
      const server = (await send(serverAt)).json();
      assert.equal(server.issuer, mcp(tenant));
      assert.equal(server.registration_endpoint, `${host(tenant)}/oauth/register`);
      assert.equal(server.authorization_endpoint, `${host(tenant)}/oauth/authorize`);
      assert.equal(server.token_endpoint, `${host(tenant)}/oauth/token`);
    }
  });

  it('row 3: registration is JSON only, and open', async () => {
    const form = await send(`${host('acme')}/oauth/register`, { form: { redirect_uris: chatgpt, client_name: 'x' } });
    assert.deepEqual([form.status, form.json().error], [415, 'invalid_client_metadata']);
    for (const redirect of [chatgpt, 'https://other.example/callback']) {
      const json = await send(`${host('acme')}/oauth/register`, { json: { redirect_uris: [redirect], client_name: 'x' } });
      assert.equal(json.status, 201, json.text);
    }
  });

  it('row 4: mcp:use is enough; further scopes narrow, and never widen beyond the role', async () => {
    const guides = ['capability.explain', 'capability.list', 'org.review.guide', 'scenario.review.guide'];
    const whole = await connected('acme', { scope: 'mcp:use' });
    assert.equal(whole.tokens.scope, 'mcp:use');
    assert.equal((await toolsOf('acme', whole.tokens.access_token)).length, 14);
    const some = await connected('acme', { scope: 'mcp:use scenarios.read costs.read' });
    const narrowed = [...guides, 'cost.summary', 'scenario.history', 'scenario.list'].sort();
    assert.deepEqual(await toolsOf('acme', some.tokens.access_token), narrowed);
    const step = await call('acme', some.tokens.access_token, 'team.list');
    assert.deepEqual([step.status, codeOf(step)], [403, 'insufficient_scope']);

    const viewer = await connected('acme', { user: 'bob', scope: 'mcp:use costs.read' });
    assert.equal(viewer.tokens.scope, 'mcp:use');
    assert.deepEqual(await toolsOf('acme', viewer.tokens.access_token), guides, 'narrowed to nothing beyond the guides');
    const costs = await call('acme', viewer.tokens.access_token, 'cost.summary');
    denied(costs);
  });

  it('row 4: refreshing turns neither into the other', async () => {
    for (const [scope, all, least] of [['mcp:use', 14, 14], ['mcp:use teams.read', 5, 4]]) {
      const { client, tokens } = await connected('acme', { scope });
      const less = await client.refresh(tokens.refresh_token, { scope: 'mcp:use' });
      assert.equal(less.status, 200, less.text);
      assert.equal((await toolsOf('acme', less.body.access_token)).length, least);
      const whole = await client.refresh(less.body.refresh_token);
      assert.equal((await toolsOf('acme', whole.body.access_token)).length, all);
    }
  });

  it('row 5: a compact consent in Chromium: app, organisation, account, redirect target', async () => {
    const client = await example.client(mcp('acme'), { redirectUris: [chatgpt], metadata: { client_name: 'ChatGPT' } });
    const chromium = await openBrowser({ 'acme.orgonaut.test': address });
    try {
      const page = await chromium.newPage();
      await page.goto(client.request().url);
      await look(page, 'orgonaut-sign-in');
      await signIn(page, { user: 'alice', password });
      const text = await page.innerText('main');
      for (const part of ['ChatGPT', 'Orgonaut', 'Acme Inc.', 'alice', 'chatgpt.com']) assert.ok(text.includes(part), part);
      // What it comes to for an owner, not the one scope alone.
      assert.ok(text.includes('Read costs') && !text.includes('mcp.access'), text);
      await look(page, 'orgonaut-consent');
    } finally {
      await chromium.close();
    }
  });

  it('row 6: a token is bound to its tenant’s host and resource', async () => {
    const { client, tokens } = await connected('acme');
    const elsewhere = await ping(mcp('globex'), tokens.access_token);
    assert.deepEqual([elsewhere.status, codeOf(elsewhere)], [401, 'invalid_token']);
    const code = await client.authorize({ browser: browserOf('acme', 'alice') });
    const other = await client.exchange(code, { resource: mcp('globex') });
    assert.deepEqual([other.status, other.body.error], [400, 'invalid_target']);
  });

  it('row 7: plans without it have none of it, until they change', async () => {
    await example.command(['tenant', 'add', 'team', '--name', 'Team', '--plan', 'team']);
    await example.command(['member', 'add', 'alice', 'team:owner']);
    const all = [mcp('team'), ...metadata('team'), `${host('team')}/oauth/authorize`, `${host('team')}/login`];
    for (const url of all) assert.equal((await send(url)).status, 404, url);
    const register = await send(`${host('team')}/oauth/register`, { json: { redirect_uris: [chatgpt] } });
    assert.equal(register.status, 404);

    await example.command(['tenant', 'set', 'team', '--plan', 'agency']);
    await until('the plan', async () => (await send(mcp('team'), { json: rpc('ping') })).status === 401);
    const { tokens } = await connected('team');
    assert.equal((await call('team', tokens.access_token, 'scenario.list')).status, 200);

    await example.command(['tenant', 'set', 'team', '--plan', 'team']);
    await until('the plan', async () => (await ping(mcp('team'), tokens.access_token)).status === 404);
  });

  it('row 8: governed actions need the ability and the permission, and are kept from the server behind', async () => {
    const { tokens: viewer } = await connected('acme', { user: 'bob' });
    const { tokens: owner } = await connected('acme');
    const { tokens: reader } = await connected('acme', { scope: 'mcp:use ai.scenarios.draft' });
    const before = seen.length;
    const plan = (token, given) => call('acme', token, 'scenario.action.plan', given);
    denied(await plan(viewer.access_token, { scenario_id: 's1' }), 'the role');
    denied(await plan(owner.access_token, { scenario_id: null }), 'the argument');
    const asked = await plan(reader.access_token, { scenario_id: 's1' });
    assert.deepEqual([asked.status, codeOf(asked)], [403, 'insufficient_scope']);
    denied(await call('acme', owner.access_token, 'scenario.promote'), 'no rule');
    assert.equal(seen.length, before);
    const planned = await plan(owner.access_token, { scenario_id: 's1', change: 'hire' });
    const { proposal_id } = planned.message.result.structuredContent;
    const done = await call('acme', owner.access_token, 'scenario.action.confirm', { proposal_id });
    assert.equal(done.message.result.structuredContent.done, true);
  });

  it('row 9: neither arguments nor X-Tenant of an OAuth client say which tenant it is', async () => {
    const { tokens } = await connected('acme');
    for (const headers of [{}, { 'X-Tenant': 'globex' }]) {
      const given = { tenant: 'globex', 'X-Tenant': 'globex' };
      const answer = await call('acme', tokens.access_token, 'scenario.list', given, headers);
      assert.equal(answer.message.result.structuredContent.tenant, 'acme');
      assert.equal(seen.at(-1).tenant, 'acme');
    }
  });

  it('row 10: a bearer made by hand needs its tenant in X-Tenant, and mcp.access or mcp', async () => {
    for (const ability of ['mcp.access', 'mcp']) {
      const token = await mint('acme', ability);
      assert.equal((await call('acme', token, 'scenario.list', {}, { 'X-Tenant': 'acme' })).status, 200, ability);
      for (const headers of [{}, { 'X-Tenant': 'globex' }]) {
        const answer = await ping(mcp('acme'), token, { headers });
        assert.deepEqual([answer.status, codeOf(answer)], [401, 'invalid_token']);
      }
    }
    const without = await ping(mcp('acme'), await mint('acme', 'scenarios.read'), { headers: { 'X-Tenant': 'acme' } });
    assert.deepEqual([without.status, codeOf(without)], [403, 'insufficient_scope']);
  });

  it('row 11: what is revoked is dead at the next call, its refresh token too', async () => {
    const { client, tokens } = await connected('acme');
    const [grant] = JSON.parse(await example.command(['grant', 'list', '--client', client.id, '--json']));
    await example.command(['grant', 'revoke', grant.grant]);
    await until('the end of the grant', async () => (await ping(mcp('acme'), tokens.access_token)).status === 401);
    assert.equal((await client.refresh(tokens.refresh_token)).body.error, 'invalid_grant');
  });

  it('row 11: credentials are rotated', async () => {
    const words = ['client', 'add', '--name', 'Reports', '--confidential', '--redirect-uri', chatgpt, '--json'];
    const made = JSON.parse(await example.command(words));
    const rotated = JSON.parse(await example.command(['client', 'rotate-secret', made.client_id, '--json']));
    const [server] = [(await send(metadata('acme')[1])).json()];
    const ask = async (secret) => {
      const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: made.client_id, client_secret: secret };
      return (await send(server.token_endpoint, { form })).json().error;
    };
    assert.equal(await ask(made.client_secret), 'invalid_client');
    assert.equal(await ask(rotated.client_secret), 'invalid_grant');

    const old = await mint('acme', 'mcp.access');
    const headers = { 'X-Tenant': 'acme' };
    assert.equal((await call('acme', old, 'scenario.list', {}, headers)).status, 200);
    await example.command(['token', 'revoke'], { input: `${old}\n` });
    await until('the end of the token', async () => (await ping(mcp('acme'), old, { headers })).status === 401);
    assert.equal((await call('acme', await mint('acme', 'mcp.access'), 'scenario.list', {}, headers)).status, 200);
  });

  it('row 13: postern doctor tells the cases of its troubleshooting list apart', async () => {
    assert.deepEqual(faults(await doctor(mcp('acme'))), []);
    const wrongHost = await doctor(mcp('nobody'));
    assert.ok(faults(wrongHost).some((each) => each.endsWith('resource_not_served')), faults(wrongHost).join());
    const docs = await doctor('https://docs.orgonaut.test/mcp/orgonaut');
    assert.ok(faults(docs)[0].endsWith(' name'), faults(docs).join());
    const withToken = async ({ tokens }) => faults(await doctor(mcp('acme'), '--token', tokens.access_token));
    assert.deepEqual(await withToken(await connected('acme')), []);
    const noTransport = await connected('acme', { scope: 'scenarios.read' });
    assert.deepEqual(await withToken(noTransport), ['initialize insufficient_scope']);
    assert.deepEqual(await withToken(await connected('globex')), ['initialize invalid_token']);
  });
});

describe('Orgonaut with a list of redirect domains', { timeout: 120_000 * patience }, () => {
  let example;
  before(async () => {
    example = await startExample('orgonaut', address, { MCP_REDIRECT_DOMAINS: 'chatgpt.com,claude.ai' });
  });
  after(() => example?.stop());

  it('row 3: ChatGPT’s redirect passes, another host fails', async () => {
    const register = (redirect) =>
      send(`${host('acme')}/oauth/register`, { json: { redirect_uris: [redirect], client_name: 'x' } });
    assert.equal((await register('https://chatgpt.com/connector/oauth/x')).status, 201);
    const other = await register('https://other.example/callback');
    assert.deepEqual([other.status, other.json().error], [400, 'invalid_redirect_uri']);
  });
});

// Orgonaut: what its people see of it at their tenant's host, "Settings → API and MCP" and connected apps.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seen, tools } from '../../examples/orgonaut/server.mjs';
import { patience } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { ping, rpc } from '../interop/lib/mcp.mjs';
import { SdkClient, pasted, textOf } from '../interop/lib/sdk.mjs';
import { until } from '../interop/lib/wait.mjs';
import { NamedProvider, lookAt, openAccount, revokeApp } from './lib/account.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';
import { look, openBrowser } from './lib/screens.mjs';

const address = await claimAddress('127.0.1.1');
const host = (tenant) => `https://${tenant}.orgonaut.test`;
const mcp = (tenant) => `${host(tenant)}/mcp/orgonaut`;
const places = ['apps', 'endpoints', 'tokens'];

describe('Orgonaut, the account', { timeout: 300_000 * patience }, () => {
  let example;
  let chromium;
  let owner;

  before(async () => {
    example = await startExample('orgonaut', address);
    const hosts = ['acme', 'team'].map((tenant) => [new URL(host(tenant)).host, address]);
    chromium = await openBrowser(Object.fromEntries(hosts));
    owner = await openAccount(chromium, host('acme'), 'apps');
  });
  after(async () => {
    await chromium?.close();
    await example?.stop();
  });

  const guides = ['capability.explain', 'capability.list', 'org.review.guide', 'scenario.review.guide'];
  async function makeToken(name, abilities, shot) {
    await lookAt(owner, 'tokens', shot);
    await owner.fill('input[name=name]', name);
    await owner.uncheck('input[name="may:mcp:use"]');
    for (const ability of abilities) await owner.check(`input[name="may:${ability}"]`);
    await owner.getByRole('button', { name: 'Make the token' }).click();
    const token = await owner.locator('#token').innerText({ timeout: 20_000 * patience });
    await look(owner, `${shot}-made`);
    return { token, headers: { Authorization: `Bearer ${token}`, 'X-Tenant': 'acme' } };
  }

  it('row 12: a token with nothing chosen but access does what needs nothing more', async () => {
    const { headers } = await makeToken('Guides only', ['mcp.access'], 'orgonaut-tokens');
    const client = await pasted(mcp('acme'), headers);
    try {
      assert.deepEqual((await client.listTools()).tools.map((each) => each.name).sort(), guides);
      await assert.rejects(client.callTool({ name: 'cost.summary', arguments: {} }), { code: 403 });
    } finally {
      await client.close();
    }
  });

  it('row 12: the owner makes a token with chosen abilities, which does that and no more until it is revoked', async () => {
    const chosen = ['mcp.access', 'scenarios.read'];
    const { token, headers } = await makeToken('Nightly scenarios', chosen, 'orgonaut-tokens-chosen');
    const client = await pasted(mcp('acme'), headers);
    try {
      const listed = (await client.listTools()).tools.map((each) => each.name);
      assert.deepEqual(listed.sort(), [...guides, 'scenario.history', 'scenario.list'].sort());
      for (const name of listed) {
        const answer = await client.callTool({ name, arguments: { name: 'scenario.list' } });
        assert.equal(answer.structuredContent.tenant, 'acme', name);
      }
      const before = seen.length;
      const given = { scenario_id: 's1', proposal_id: 'acme-p1' };
      const others = Object.keys(tools).filter((each) => !listed.includes(each));
      assert.equal(others.length, 8);
      for (const name of others) await assert.rejects(client.callTool({ name, arguments: given }), { code: 403 }, name);
      assert.equal(seen.length, before, 'nothing of it reached the server behind');
      for (const wrong of [{}, { 'X-Tenant': 'globex' }])
        assert.equal((await ping(mcp('acme'), token, { headers: wrong })).status, 401);

      await lookAt(owner, 'tokens', 'orgonaut-tokens-listed');
      assert.ok(!(await owner.innerText('body')).includes(token), 'it is shown once');
      await owner.getByRole('button', { name: 'Revoke Nightly scenarios for Acme Inc.' }).click();
      await owner.getByText('Nightly scenarios was revoked.').waitFor({ timeout: 20_000 * patience });
      await assert.rejects(client.listTools(), { code: 401 });
      await assert.rejects(pasted(mcp('acme'), headers), { code: 401 });
    } finally {
      await client.close();
    }
    assert.ok(!example.logs().includes(token), 'no log holds it');
  });

  for (const version of ['v1', 'v2']) {
    it(`row 11: an app revoked in the account: the next request, the open stream and the refresh token of SDK ${version}`, (t) =>
      revokeApp(t, { version, url: mcp('acme'), page: owner, organisation: 'Acme Inc.', shot: `orgonaut-apps-${version}` }));
  }

  it('row 1: the endpoints page of a tenant shows its own address, and nothing of another', async () => {
    await lookAt(owner, 'endpoints', 'orgonaut-endpoints');
    assert.deepEqual(await owner.locator('article > pre').allInnerTexts(), [mcp('acme')]);
    assert.ok(!(await owner.innerText('body')).includes('globex'));
  });

  it('row 7: plans without it have no connected apps either, until they change', async () => {
    await example.command(['tenant', 'add', 'team', '--name', 'Team', '--plan', 'team']);
    await example.command(['member', 'add', 'alice', 'team:owner']);
    const wellKnown = ['oauth-protected-resource', 'oauth-authorization-server'];
    const metadata = wellKnown.map((each) => `${host('team')}/.well-known/${each}/mcp/orgonaut`);
    const account = places.map((place) => `${host('team')}/account/${place}`);
    const stranger = await (await chromium.newContext()).newPage();
    for (const url of [mcp('team'), ...metadata, ...account, `${host('team')}/login`])
      assert.equal((await send(url)).status, 404, url);
    for (const url of account) assert.equal((await stranger.goto(url)).status(), 404, url);

    const { pid } = example.child;
    await example.command(['tenant', 'set', 'team', '--plan', 'business']);
    await until('the plan', async () => (await send(mcp('team'), { json: rpc('ping') })).status === 401);
    for (const url of metadata) assert.equal((await send(url)).status, 200, url);
    const provider = new NamedProvider('Research');
    const sdk = await SdkClient.connect('v1', mcp('team'), { provider });
    try {
      assert.match(textOf(await sdk.call('scenario.list', {})), /"tenant":"team"/);
      const page = await openAccount(chromium, host('team'), 'apps');
      await page.getByRole('button', { name: 'Revoke Research for Team' }).waitFor({ timeout: 20_000 * patience });
      for (const place of places) await lookAt(page, place, `orgonaut-team-${place}`);

      await example.command(['tenant', 'set', 'team', '--plan', 'team']);
      const { access_token: token } = provider.tokens();
      await until('the plan', async () => (await ping(mcp('team'), token)).status === 404);
      for (const url of account) assert.equal((await page.goto(url)).status(), 404, `signed in: ${url}`);
    } finally {
      await sdk.close();
    }
    assert.ok(example.child.alive && example.child.pid === pid, 'without a restart');
  });
});

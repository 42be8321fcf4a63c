// Gigamcp: one host, the workspace in the path.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { clients } from '../interop/lib/clients.mjs';
import { password, patience } from '../interop/lib/gateway.mjs';
import { bearerChallenge, send } from '../interop/lib/http.mjs';
import { callTool, initialize, ping, post, rpc } from '../interop/lib/mcp.mjs';
import { doctor, faults } from '../interop/lib/postern.mjs';
import { until } from '../interop/lib/wait.mjs';
import { lookAt, openAccount, revokeApp } from './lib/account.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';
import { look, openBrowser, signIn } from './lib/screens.mjs';

const address = await claimAddress('127.0.2.1');
const workspace = (slug) => `https://app.gigamcp.test/t/${slug}/mcp`;
const codeOf = (answer) => answer.json().error?.data?.error ?? answer.json().error;

const search = async (url, token) => {
  const session = await initialize(url, token);
  return callTool(url, token, 'search_company_rag', { query: 'runbook' }, { session });
};

describe('Gigamcp', { timeout: 600_000 * patience }, () => {
  let example;
  // Signed in once: sign-ins are counted.
  const alice = new UserAgent();

  before(async () => {
    example = await startExample('gigamcp', address);
  });
  after(() => example?.stop());

  async function connected(url, options = {}) {
    const client = await example.client(url);
    return { client, tokens: await client.grant({ browser: alice, ...options }) };
  }

  for (const name of ['SDK v1', 'SDK v2', 'mcp-remote']) {
    it(`row 1: ${name} has one connector per workspace, each with its own data`, async () => {
      for (const slug of ['acme', 'globex']) {
        const client = await clients[name](workspace(slug));
        try {
          assert.deepEqual(client.tools.sort(), ['list_issues', 'search_company_rag']);
          const said = await client.use('search_company_rag', { query: 'runbook' });
          assert.match(said, new RegExp(`"workspace":"${slug}"`));
          assert.equal(said.includes('Incident'), slug === 'acme');
        } finally {
          await client.close();
        }
      }
    });
  }

  it('row 2: registration is one POST to /api/oauth/server/register', async () => {
    const answer = await send('https://app.gigamcp.test/api/oauth/server/register', {
      json: { client_name: 'ChatGPT', redirect_uris: ['https://chatgpt.com/connector/oauth/cb_1'] },
    });
    assert.equal(answer.status, 201, answer.text);
    const { client } = await connected(workspace('acme'));
    for (const [name, path] of Object.entries({ authorization: 'authorize', token: 'token', registration: 'register' })) {
      assert.equal(client.server[`${name}_endpoint`], `https://app.gigamcp.test/api/oauth/server/${path}`);
    }
  });

  it('row 3: the challenge asks for mcp:read and mcp:tools; mcp:read alone lists, and is asked for more at a call', async () => {
    const { client, tokens } = await connected(workspace('acme'), { scope: 'mcp:read' });
    assert.deepEqual(client.challenge.scope.split(' ').sort(), ['mcp:read', 'mcp:tools']);
    assert.equal(tokens.scope, 'mcp:read');
    const session = await initialize(workspace('acme'), tokens.access_token);
    const list = await post(workspace('acme'), rpc('tools/list'), { token: tokens.access_token, session });
    assert.equal(list.message.result.tools.length, 2);
    const call = await callTool(workspace('acme'), tokens.access_token, 'list_issues', {}, { session });
    assert.deepEqual([call.status, codeOf(call)], [403, 'insufficient_scope']);
    assert.deepEqual(bearerChallenge(call).scope.split(' ').sort(), ['mcp:read', 'mcp:tools']);
  });

  it('row 4: only members of the workspace pass; others are told which account they are, and can switch', async () => {
    const client = await example.client(workspace('acme'));
    const browser = new UserAgent();
    const end = await browser.authorize(client.request().url, { username: 'bob', password });
    assert.equal(end.redirect, undefined);
    assert.equal(end.status, 403, end.text);
    assert.match(end.text, /bob/);
    assert.match(end.text, /another account|switch/i);
  });

  it('row 5: a token is bound to its workspace', async () => {
    const { tokens } = await connected(workspace('acme'));
    assert.equal((await search(workspace('acme'), tokens.access_token)).status, 200);
    const elsewhere = await ping(workspace('globex'), tokens.access_token);
    assert.deepEqual([elsewhere.status, codeOf(elsewhere)], [401, 'invalid_token']);
  });

  it('row 6: revoked by the operator, it is effective at once', async () => {
    const { client, tokens } = await connected(workspace('acme'));
    assert.equal((await search(workspace('acme'), tokens.access_token)).status, 200);
    const grants = JSON.parse(await example.command(['grant', 'list', '--client', client.id, '--json']));
    assert.equal(grants.length, 1);
    await example.command(['grant', 'revoke', grants[0].grant]);
    await until('the end of the grant', async () => (await ping(workspace('acme'), tokens.access_token)).status === 401);
    assert.equal((await client.refresh(tokens.refresh_token)).body.error, 'invalid_grant');
  });

  it('in Chromium: sign-in, and a consent that names the workspace', async () => {
    const client = await example.client(workspace('acme'), { redirectUris: ['https://chatgpt.com/connector/oauth/cb_1'] });
    const chromium = await openBrowser({ 'app.gigamcp.test': address });
    try {
      const page = await chromium.newPage();
      await page.goto(client.request().url);
      await look(page, 'gigamcp-sign-in');
      await signIn(page, { user: 'alice', password });
      const text = await page.innerText('main');
      for (const part of ['Gigamcp', 'Acme Inc.', 'alice', 'chatgpt.com']) assert.ok(text.includes(part), part);
      await look(page, 'gigamcp-consent');
    } finally {
      await chromium.close();
    }
  });

  it('postern doctor finds nothing in the way of any client', async () => {
    for (const slug of ['acme', 'globex']) assert.deepEqual(faults(await doctor(workspace(slug))), []);
  });

  it('row 7: after approval the redirect happens without a further click', async () => {
    const client = await example.client(workspace('acme'), {
      redirectUris: ['https://chatgpt.com/connector/oauth/cb_1'],
    });
    const { code, browser } = await client.authorize({ browser: alice });
    assert.ok(code);
    assert.equal(browser.pages.at(-1).status, 303);
  });
});

describe('Gigamcp, the account', { timeout: 300_000 * patience }, () => {
  let example;
  let chromium;
  let page;

  before(async () => {
    example = await startExample('gigamcp', address);
    chromium = await openBrowser({ 'app.gigamcp.test': address });
    page = await openAccount(chromium, 'https://app.gigamcp.test', 'apps');
  });
  after(async () => {
    await chromium?.close();
    await example?.stop();
  });

  for (const version of ['v1', 'v2']) {
    it(`row 6: Connected apps → Revoke, next to the client’s row, ends what SDK ${version} has of one workspace`, async (t) => {
      const other = await example.client(workspace('globex'));
      const kept = await other.grant();
      const shot = `gigamcp-apps-${version}`;
      await revokeApp(t, { version, url: workspace('acme'), page, organisation: 'Acme Inc.', shot });
      assert.equal((await search(workspace('globex'), kept.access_token)).status, 200);
      assert.equal((await other.refresh(kept.refresh_token)).status, 200);
    });
  }

  it('row 1: the endpoints page has one address for each workspace of theirs', async () => {
    await lookAt(page, 'endpoints', 'gigamcp-endpoints');
    assert.deepEqual(await page.locator('article > pre').allInnerTexts(), ['acme', 'globex'].map(workspace));
    const bob = await openAccount(chromium, 'https://app.gigamcp.test', 'endpoints', 'bob');
    assert.deepEqual(await bob.locator('article > pre').allInnerTexts(), [workspace('globex')]);
    await lookAt(bob, 'apps', 'gigamcp-apps-none');
  });
});

// 10x: a handle in the host, the fallback in the path, and one shared address where the handle is picked.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { clients } from '../interop/lib/clients.mjs';
import { password, patience } from '../interop/lib/gateway.mjs';
import { bearerChallenge, send } from '../interop/lib/http.mjs';
import { callTool, initialize, ping } from '../interop/lib/mcp.mjs';
import { errorOnPage } from '../interop/lib/oauth.mjs';
import { connect, doctor, faults } from '../interop/lib/postern.mjs';
import { Provider, SdkClient, textOf } from '../interop/lib/sdk.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';
import { look, openBrowser, signIn } from './lib/screens.mjs';

const address = await claimAddress('127.0.3.1');
const hosted = (handle) => `https://${handle}.mcp.10x.test/mcp`;
const fallback = (handle) => `https://ai.10x.test/mcp/${handle}/mcp`;
const shared = 'https://ai.10x.test/mcp';
const skills = async (url, token) => {
  const session = await initialize(url, token);
  const answer = await callTool(url, token, 'skills.list', {}, { session });
  return answer.status === 200 ? answer.message.result.structuredContent.handle : answer.status;
};
const codeOf = (answer) => answer.json().error?.data?.error ?? answer.json().error;

describe('10x', { timeout: 600_000 * patience }, () => {
  let example;
  // Signed in once: sign-ins are counted.
  const alice = new UserAgent();

  before(async () => {
    example = await startExample('ten-x', address);
  });
  after(() => example?.stop());

  async function connected(url, options = {}) {
    const client = await example.client(url);
    return { client, tokens: await client.grant({ browser: alice, ...options }) };
  }

  it('row 1: one server behind and one authorization server for all addresses', async () => {
    for (const url of [hosted('acme'), hosted('globex'), fallback('acme'), shared]) {
      const { client, tokens } = await connected(url, { tenant: 'acme' });
      assert.equal(client.resource, url);
      assert.equal(client.server.issuer, 'https://ai.10x.test');
      assert.equal(await skills(url, tokens.access_token), url === hosted('globex') ? 'globex' : 'acme');
    }
  });

  it('row 1: hosted and fallback address are one resource, the shared address is one of its own', async () => {
    const { tokens } = await connected(hosted('acme'));
    assert.equal(await skills(fallback('acme'), tokens.access_token), 'acme');
    const other = await connected(shared, { tenant: 'acme' });
    for (const url of [hosted('acme'), fallback('acme')]) {
      assert.equal((await ping(url, other.tokens.access_token)).status, 401);
    }
    assert.equal((await ping(shared, tokens.access_token)).status, 401);
    assert.equal((await ping(hosted('globex'), tokens.access_token)).status, 401);
  });

  it('row 2: who has several handles picks one, and the connection stays with it', async () => {
    for (const handle of ['globex', 'acme']) {
      const { client, tokens } = await connected(shared, { tenant: handle });
      assert.equal(await skills(shared, tokens.access_token), handle);
      const again = await client.refresh(tokens.refresh_token);
      assert.equal(await skills(shared, again.body.access_token), handle);
    }
  });

  it('row 2: the picker in Chromium', async () => {
    const client = await example.client(shared, { redirectUris: ['https://chatgpt.com/connector/oauth/cb_1'] });
    const chromium = await openBrowser({ 'ai.10x.test': address });
    try {
      const page = await chromium.newPage();
      await page.goto(client.request().url);
      await signIn(page, { user: 'alice', password });
      await look(page, '10x-picker');
      await page.check('input[name=tenant][value=globex]');
      const [response] = await Promise.all([
        page.waitForResponse((each) => each.request().method() === 'POST'),
        page.click('[name=decision][value=approve]'),
      ]);
      const back = new URL((await response.allHeaders()).location);
      assert.equal(back.host, 'chatgpt.com');
      assert.ok(back.searchParams.get('code'));
    } finally {
      await chromium.close();
    }
  });

  it('row 2: who has one handle is not asked', async () => {
    const provider = new Provider({ user: 'bob' });
    const sdk = await SdkClient.connect('v1', shared, { provider });
    assert.match(textOf(await sdk.call('skills.list', {})), /"handle":"globex"/);
    assert.ok(provider.browser.pages.every((page) => !/<select|type="radio"/.test(page.text)));
    await sdk.close();
  });

  it('row 3: a short-lived bearer mcpv1_…, refreshed by the client', async () => {
    const { client, tokens } = await connected(hosted('acme'));
    assert.match(tokens.access_token, /^mcpv1_/);
    assert.equal(tokens.expires_in, 600);
    assert.match((await client.refresh(tokens.refresh_token)).body.access_token, /^mcpv1_/);
  });

  const needs = {
    'links.list': 'links.read',
    'links.create': 'links.write',
    'analytics.export': 'analytics.read',
    'pages.list': 'pages.read',
    'pages.create': 'pages.write',
    'site.deployments.list': 'site.deployments.read',
    'site.deploy': 'site.deployments.write',
    'webhooks.list': 'webhooks.read',
    'webhooks.create': 'webhooks.write',
    'knowledge.query': 'knowledge.query',
    'context_store.search': 'context_store.search',
    'context_store.refresh': 'context_store.manage',
  };

  it('row 4: each tool needs the scope of its use case, and says so', async () => {
    const { tokens } = await connected(hosted('acme'));
    assert.deepEqual(tokens.scope.split(' ').sort(), ['mcp.connect', 'skills.read']);
    const session = await initialize(hosted('acme'), tokens.access_token);
    for (const [tool, scope] of Object.entries(needs)) {
      const answer = await callTool(hosted('acme'), tokens.access_token, tool, {}, { session });
      assert.equal(answer.status, 403, tool);
      assert.equal(codeOf(answer), 'insufficient_scope');
      assert.deepEqual(bearerChallenge(answer).scope.split(' ').sort(), ['mcp.connect', scope, 'skills.read'].sort());
    }
  });

  for (const name of ['SDK v1', 'SDK v2', 'mcp-remote']) {
    it(`row 4: ${name} steps up from mcp.connect skills.read to what a tool needs`, async () => {
      const client = await clients[name](hosted('acme'));
      try {
        assert.match(await client.use('skills.list', {}), /"handle":"acme"/);
        assert.match(await client.use('links.create', { from: '/x', to: 'https://shop.example/' }), /"created":"\/x"/);
        assert.match(await client.use('skills.list', {}), /"handle":"acme"/);
      } finally {
        await client.close();
      }
    });
  }

  it('row 5: missing_bearer_token, invalid_token_format, insufficient_scope', async () => {
    const missing = await ping(hosted('acme'));
    assert.deepEqual([missing.status, codeOf(missing)], [401, 'missing_bearer_token']);
    const wrong = await ping(hosted('acme'), 'ghp_somethingelse');
    assert.deepEqual([wrong.status, codeOf(wrong)], [401, 'invalid_token_format']);
    const { tokens } = await connected(hosted('acme'));
    const session = await initialize(hosted('acme'), tokens.access_token);
    const scope = await callTool(hosted('acme'), tokens.access_token, 'links.list', {}, { session });
    assert.deepEqual([scope.status, codeOf(scope)], [403, 'insufficient_scope']);
  });

  it('row 5: session_handle_mismatch', async () => {
    const { client, tokens } = await connected(shared, { tenant: 'acme' });
    const session = await initialize(shared, tokens.access_token);
    const other = await client.grant({ browser: alice, tenant: 'globex' });
    const answer = await ping(shared, other.access_token, { session });
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'session_handle_mismatch']);
  });

  it('row 5: invalid_target', async () => {
    const client = await example.client(hosted('acme'));
    const chatgpt = await example.client(hosted('acme'), { redirectUris: ['https://chatgpt.com/connector/oauth/cb_1'] });
    await client.authorize({ browser: alice });
    for (const resource of ['https://ai.10x.test/other', 'https://acme.mcp.10x.com/mcp', 'https://a.b.mcp.10x.test/mcp']) {
      const answers = [await send(client.request({ resource }).url), await alice.request(chatgpt.request({ resource }).url)];
      for (const { headers } of answers) {
        assert.equal(new URL(headers.location[0]).searchParams.get('error'), 'invalid_target', resource);
      }
      // A browser in which nobody has signed in is not sent to what ChatGPT registered by itself.
      assert.equal(errorOnPage(await send(chatgpt.request({ resource }).url)), 'invalid_target', resource);
    }
    const code = await client.authorize({ browser: alice });
    const elsewhere = await client.exchange(code, { resource: shared });
    assert.deepEqual([elsewhere.status, elsewhere.body.error], [400, 'invalid_target']);
  });

  it('row 6: POST /mcp without a bearer names the metadata of its handle', async () => {
    for (const handle of ['acme', 'globex']) {
      const answer = await send(`https://${handle}.mcp.10x.test/mcp`, { json: {} });
      assert.equal(answer.status, 401);
      const named = `resource_metadata="https://${handle}.mcp.10x.test/.well-known/oauth-protected-resource/mcp"`;
      assert.ok(answer.headers['www-authenticate'][0].includes(named), answer.headers['www-authenticate'][0]);
    }
  });

  it('row 7: exact redirect URIs, several allowed, none by default', async () => {
    const callbacks = ['https://chatgpt.com/connector/oauth/cb_1', 'https://chatgpt.com/connector/oauth/cb_2'];
    const client = await example.client(shared, { redirectUris: callbacks });
    for (const redirectUri of callbacks) {
      const page = await send(client.request({ redirect_uri: redirectUri }).url);
      assert.equal(page.status, 303, redirectUri);
    }
    for (const redirectUri of ['https://chatgpt.com/connector/oauth/cb_3', `${callbacks[0]}/`, undefined]) {
      const page = await send(client.request({ redirect_uri: redirectUri }).url);
      assert.equal(page.status, 400, String(redirectUri));
      assert.equal(page.headers.location, undefined);
    }
    const none = await send(client.server.registration_endpoint, { json: { client_name: 'none' } });
    assert.equal(none.status, 400);
  });

  it('postern doctor finds nothing in the way of any client', async () => {
    for (const url of [hosted('acme'), fallback('acme'), shared]) assert.deepEqual(faults(await doctor(url)), [], url);
  });

  it('row 8: postern connect prints what to paste, for a handle and for the shared address', async () => {
    const callbacks = ['https://chatgpt.com/connector/oauth/cb_1', 'https://chatgpt.com/connector/oauth/cb_2'];
    const words = callbacks.flatMap((each) => ['--redirect-uri', each]);
    for (const [url, choice, wanted] of [
      ['https://{tenant}.mcp.10x.test/mcp', ['--handle', 'acme'], hosted('acme')],
      [shared, ['--gateway'], shared],
    ]) {
      const { code, stdout, output } = await connect(url, ...choice, ...words, '--json');
      assert.equal(code, 0, output);
      const printed = JSON.parse(stdout);
      const client = await example.client(wanted, { redirectUris: callbacks });
      assert.equal(JSON.stringify(printed).includes(wanted), true, stdout);
      assert.equal(JSON.stringify(printed).includes(client.server.issuer), true);
      for (const part of [...callbacks, 'mcp.connect', 'skills.read']) assert.ok(stdout.includes(part), part);
    }
  });

  it('a handle that is not there has no address', async () => {
    for (const url of [hosted('nobody'), fallback('nobody')]) {
      assert.equal((await send(url, { json: {} })).status, 404);
    }
  });
});

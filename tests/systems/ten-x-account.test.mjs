// 10x: "Integrations → MCP & Tools", the page of endpoints, and what the gateway finds out by itself for it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serve } from '../../examples/ten-x/server.mjs';
import { patience } from '../interop/lib/gateway.mjs';
import { discover } from '../interop/lib/oauth.mjs';
import { Provider, SdkClient, textOf } from '../interop/lib/sdk.mjs';
import { until } from '../interop/lib/wait.mjs';
import { lookAt, openAccount, watching } from './lib/account.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';
import { look, openBrowser } from './lib/screens.mjs';

const address = await claimAddress('127.0.3.1');
const origin = 'https://ai.10x.test';
const hosted = (handle) => `https://${handle}.mcp.10x.test/mcp`;
const fallback = (handle) => `${origin}/mcp/${handle}/mcp`;
const shared = `${origin}/mcp`;

describe('10x, the account', { timeout: 300_000 * patience }, () => {
  let example;
  let chromium;
  const pages = {};

  before(async () => {
    example = await startExample('ten-x', address);
    chromium = await openBrowser({ 'ai.10x.test': address });
  });
  after(async () => {
    await chromium?.close();
    await example?.stop();
  });

  /** The page of endpoints in the browser of that user, signed in once. */
  async function endpointsOf(user) {
    if (pages[user]) await pages[user].goto(`${origin}/account/endpoints`);
    return (pages[user] ??= await openAccount(chromium, origin, 'endpoints', user));
  }
  const articleOf = (page, url) => page.locator('article').filter({ has: page.locator('pre', { hasText: url }) }).first();
  const stateOf = async (user, url) => (await articleOf(await endpointsOf(user), url).locator('.state').innerText()).trim();
  const becomes = (user, url, state) =>
    until(`${url} to be ${state}`, async () => (await stateOf(user, url)) === state, { seconds: 30 * patience, every: 250 });
  const detailOf = (user, url) => articleOf(pages[user], url).locator('dd').first().innerText();

  it('row 9: the endpoints page shows the URL to register, for each handle', async () => {
    const page = await endpointsOf('alice');
    for (const [handle, name] of [['acme', 'Acme Inc.'], ['globex', 'Globex']]) {
      const section = page.locator('section.tenant').filter({ hasText: name });
      const urls = await section.locator('article > pre').allInnerTexts();
      assert.deepEqual(urls, [hosted(handle), shared]);
      const text = await section.innerText();
      for (const part of [fallback(handle), `you pick ${name} while you authorize`, origin, 'mcp.connect skills.read'])
        assert.ok(text.includes(part), `${part} is not in ${text}`);
      // As it is shown, it is what clients compare with the metadata.
      for (const url of urls) assert.equal((await discover(url)).resource.resource, url);
    }
    await look(page, '10x-endpoints');
    for (const summary of await page.locator('summary').all()) await summary.click();
    await look(page, '10x-endpoints-open');
    await lookAt(page, 'apps', '10x-apps-none');
    const bob = await endpointsOf('bob');
    assert.deepEqual(await bob.locator('article > pre').allInnerTexts(), [hosted('globex'), shared], 'of one handle');
  });

  for (const [version, url] of [['v1', hosted('acme')], ['v2', shared]]) {
    it(`row 10: connected: the tools were listed before SDK ${version} asks, and its first request passes as it stands`, async () => {
      assert.equal(await stateOf('alice', url), 'Never connected');
      const client = await example.client(url);
      const tokens = await client.grant({ tenant: 'acme' });
      await becomes('alice', url, 'Connected');
      const count = Number(/(\d+) tools? can be listed/.exec(await detailOf('alice', url))[1]);
      await look(pages.alice, `10x-endpoints-connected-${version}`);

      const provider = new Provider();
      provider.saveClientInformation(client.information);
      provider.saveTokens(tokens);
      const watch = watching();
      const options = version === 'v2' ? { versionNegotiation: { mode: 'auto' } } : {};
      const sdk = await SdkClient.connect(version, url, { provider, fetch: watch.fetch, options });
      try {
        assert.equal((await sdk.tools()).length, count, 'as many as the client sees');
        assert.match(textOf(await sdk.call('skills.list', {})), /"handle":"acme"/);
        assert.ok(watch.answers.length > 0);
        assert.deepEqual(watch.answers.filter((each) => each.status === 401 || each.status === 403), []);
        assert.deepEqual(provider.events, ['registered', 'tokens'], 'nobody was asked to sign in');
      } finally {
        await sdk.close();
      }
      await lookAt(pages.alice, 'apps', `10x-apps-${version}`);
    });
  }

  it('row 10: scope missing: what every request needs was not granted', async () => {
    const client = await example.client(hosted('globex'));
    await client.grant({ user: 'bob', scope: 'skills.read' });
    await becomes('bob', hosted('globex'), 'Scope missing');
    assert.match(await detailOf('bob', hosted('globex')), /Every request needs mcp\.connect/);
    await look(pages.bob, '10x-endpoints-scope-missing');
    await client.grant({ user: 'bob' });
    await becomes('bob', hosted('globex'), 'Connected');
  });

  it('row 10: upstream down, and connected once it is there again and the user has asked', async () => {
    const url = hosted('acme');
    const { port } = new URL(example.legacy.url);
    await example.legacy.stop();
    const client = await example.client(url);
    const tokens = await client.grant({ user: 'carol' });
    assert.ok(tokens.access_token, 'tokens do not wait for the server behind');
    await becomes('carol', url, 'Upstream down');
    assert.match(await detailOf('carol', url), /The server behind did not list its tools on/);
    await look(pages.carol, '10x-endpoints-down');

    example.legacy = await serve(Number(port));
    await articleOf(pages.carol, url).getByRole('button', { name: 'Check again' }).click();
    await pages.carol.getByText('Asked for.').waitFor({ timeout: 20_000 * patience });
    await becomes('carol', url, 'Connected');
  });
});

// Tokens made by hand: made on the page with chosen abilities, shown once, held to their tenant by X-Tenant, revoked.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openAccount, post, signIn, textOf, valuesOf } from './lib/account.mjs';
import { parseForms } from './lib/browserless.mjs';
import { launchChromium } from './lib/chromium.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { inspect, looks } from './lib/looks.mjs';
import { callTool, ping, rpc } from './lib/mcp.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const tokenShape = /mcpv1_[A-Za-z0-9_-]{43}/;

describe('tokens made by hand', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let chromium;
  const url = () => `${gateway.origin}/account/tokens`;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'account-tokens',
      upstream: upstream.url,
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'vera', members: ['acme:viewer'] },
        { name: 'both', members: ['acme:admin', 'globex:viewer'] },
        { name: 'olga', members: ['initech:admin'] },
      ],
      configure: (config, { origin }) => {
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' }, { handle: 'initech' });
        const [resource] = config.resources;
        resource.manual_tokens = true;
        config.resources.push({ ...resource, serve: `${origin}/picked`, tenant: undefined, root: undefined, name: 'Shared' });
        config.resources.push({ ...resource, serve: `${origin}/oauth-only`, root: undefined, manual_tokens: false });
      },
    });
    chromium = await launchChromium();
  });
  after(async () => {
    await chromium?.close();
    await gateway?.stop();
    await upstream?.stop();
  });

  const place = (resource = gateway.resource, tenant = 'acme') => `?${new URLSearchParams({ resource, tenant })}`;
  const maker = (form) => form.has('once');
  /** Makes a token as a browser would: `{browser, answer, token}`. */
  async function make({ user = 'alice', name = 'CI', scopes = ['mcp.connect', 'tools.read'], at = place(), days = '90' }) {
    const { browser } = await openAccount(gateway, 'tokens', { user });
    const page = await browser.open(`${url()}${at}`);
    const fields = { ...valuesOf(page, maker), name, days, action: 'make' };
    for (const scope of scopes) fields[`may:${scope}`] = 'yes';
    const answer = await post(browser, url(), fields);
    return { browser, answer, fields, token: tokenShape.exec(answer.text)?.[0] };
  }
  const revokeForm = (page, name) => {
    const row = page.text.split('<article').find((each) => each.includes(`<bdi>${name}</bdi>`));
    assert.ok(row, `${name} is not on the list`);
    return valuesOf({ text: row }, (form) => form.has('grant'));
  };
  const withTenant = (tenant) => ({ headers: { 'X-Tenant': tenant } });

  it('is made in the browser without scripts, works with X-Tenant alone, and is gone after Revoke', async () => {
    const page = await (await chromium.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(`${url()}${place()}`);
    await signIn(page);
    await page.fill('input[name=name]', 'Nightly report');
    await page.uncheck('input[name="may:tools.read"]');
    await page.check('input[name="may:tools.write"]');
    await page.selectOption('select[name=days]', '30');
    await page.getByRole('button', { name: 'Make the token' }).click();
    const token = await page.locator('#token').innerText({ timeout: 20_000 });
    assert.match(token, tokenShape);
    assert.equal(page.url(), url(), 'nothing of it is in an address');

    assert.equal((await ping(gateway.resource, token, withTenant('acme'))).status, 200);
    assert.equal((await ping(gateway.resource, token, withTenant('globex'))).status, 401, 'for another tenant');
    assert.equal((await ping(gateway.resource, token)).status, 401, 'without X-Tenant');
    assert.equal((await ping(`${gateway.origin}/picked`, token, withTenant('acme'))).status, 401, 'elsewhere');
    assert.equal((await callTool(gateway.resource, token, 'get-sum', {}, withTenant('acme'))).status, 200);
    assert.equal((await callTool(gateway.resource, token, 'echo', {}, withTenant('acme'))).status, 403, 'not chosen');

    await page.goto(url());
    const text = await page.innerText('body');
    assert.ok(text.includes('Nightly report') && !text.includes(token), 'it is listed, and not shown again');
    assert.match(text, /Good until\s+\d+ \w+ 20\d\d/);
    await page.getByRole('button', { name: 'Revoke Nightly report for Acme Inc.' }).click();
    await page.getByText('Nightly report was revoked.').waitFor({ timeout: 20_000 });
    assert.equal((await ping(gateway.resource, token, withTenant('acme'))).status, 401);
    assert.ok(!gateway.logs().includes(token), 'no log holds it');
    await page.context().close();
  });

  it('names its tenant once: several X-Tenant fields are refused, the right one twice as well', async () => {
    const { token } = await make({ name: 'Once' });
    const statusWith = async (...tenants) => {
      const headers = ['Authorization', `Bearer ${token}`, 'Content-Type', 'application/json'];
      headers.push('Accept', 'application/json, text/event-stream');
      for (const tenant of tenants) headers.push('X-Tenant', tenant);
      upstream.reset();
      const answer = await send(gateway.resource, { headers, json: rpc('ping') });
      if (answer.status !== 200) upstream.untouched(tenants.join());
      return answer.status;
    };
    assert.equal(await statusWith('acme'), 200);
    assert.equal(await statusWith('acme', 'acme'), 401);
    assert.equal(await statusWith('acme', 'globex'), 401);
    assert.equal(await statusWith('globex', 'acme'), 401);
    assert.equal(await statusWith('acme', ''), 401);
    assert.equal(await statusWith('acme, acme'), 401);
  });

  it('offers what takes such tokens, for each tenant, and what the role may hold', async () => {
    const { browser, page } = await openAccount(gateway, 'tokens', { user: 'both' });
    const text = textOf(page.text);
    for (const label of ['everything of Acme Inc.', 'Shared of Acme Inc.', 'Shared of Globex'])
      assert.ok(text.includes(label), `${label}: ${text}`);
    assert.ok(!page.text.includes('oauth-only'));
    const globex = await browser.open(`${url()}${place(`${gateway.origin}/picked`, 'globex')}`);
    const form = parseForms(globex.text).find(maker);
    assert.deepEqual(
      form.fields.filter((each) => each.kind === 'checkbox').map((each) => [each.name, each.checked]),
      [
        ['may:mcp.connect', true],
        ['may:tools.read', true],
      ],
      'a viewer may hold no more; the defaults are chosen',
    );
    for (const at of [place(gateway.resource, 'globex'), place(`${gateway.origin}/oauth-only`)])
      assert.equal((await browser.request(`${url()}${at}`)).status, 404, at);
  });

  it('holds no more than the role, for no other tenant, and not without what every request needs', async () => {
    const beyond = await make({ user: 'vera', scopes: ['mcp.connect', 'tools.write'] });
    assert.equal(beyond.answer.status, 400);
    const useless = await make({ scopes: ['tools.read'] });
    assert.equal(useless.answer.status, 400);
    assert.match(textOf(useless.answer.text), /Choose also what every request needs: mcp\.connect\./);
    assert.equal(useless.token, undefined);
    const { browser, fields } = await make({ user: 'vera', name: 'Own' });
    for (const changes of [
      { tenant: 'globex' },
      { resource: `${gateway.origin}/picked`, tenant: 'globex' },
      { resource: `${gateway.origin}/oauth-only` },
    ]) {
      const answer = await post(browser, url(), { ...fields, ...changes });
      assert.equal(answer.status, 404, JSON.stringify(changes));
      assert.doesNotMatch(answer.text, tokenShape);
    }
    assert.equal((await post(browser, url(), { ...fields, days: '3650', name: 'Long' })).status, 400);
  });

  it('case 145: a form that no page of ours sent, or that was sent before, makes and revokes nothing', async () => {
    const { browser, fields, answer, token } = await make({ name: 'Kept' });
    assert.equal(answer.status, 200);
    assert.match(header(answer, 'cache-control'), /no-store/);
    assert.equal((await post(browser, url(), fields)).status, 403, 'sent again');
    const page = await browser.open(url());
    const kept = { ...revokeForm(page, 'Kept'), action: 'revoke' };
    const stranger = await openAccount(gateway, 'tokens', { user: 'vera' });
    const own = await make({ user: 'vera', name: "Vera's" });
    const foreign = valuesOf(await own.browser.open(url()), (form) => form.has('grant'));
    for (const [what, refused] of Object.entries({
      'without a token': await post(browser, url(), { ...kept, form_token: '' }),
      'of another user': await post(browser, url(), { ...kept, form_token: foreign.form_token }),
      'from another site': await post(browser, url(), kept, { site: 'cross-site' }),
      'made from another site': await post(browser, url(), { ...fields, once: 'other' }, { site: 'cross-site' }),
    }))
      assert.equal(refused.status, 403, what);
    const theft = await post(own.browser, url(), { ...kept, form_token: foreign.form_token });
    assert.equal(theft.status, 404, "another's grant is not there");
    assert.ok(!stranger.page.text.includes(kept.grant));
    assert.equal((await ping(gateway.resource, token, withTenant('acme'))).status, 200, 'it lives on');
  });

  it('after the last one was revoked, the next can be made where there is but one place for it', async () => {
    const nowhere = /None of the services you can reach takes tokens made by hand/;
    const { browser, page } = await openAccount(gateway, 'tokens', { user: 'olga' });
    const says = (each, pattern, what) => assert.match(textOf(each.text), pattern, what);
    says(page, /You have no tokens\./);
    const fields = { ...valuesOf(page, maker), name: 'Only', days: '7', action: 'make', 'may:mcp.connect': 'yes' };
    assert.match((await post(browser, url(), fields)).text, tokenShape);
    const listed = await browser.open(url());
    assert.doesNotMatch(textOf(listed.text), /You have no tokens\./);
    const revoked = await post(browser, url(), { ...revokeForm(listed, 'Only'), action: 'revoke' });
    says(revoked, /Only was revoked\./);
    says(revoked, /You have no tokens\./);
    assert.doesNotMatch(textOf(revoked.text), nowhere);
    const again = { ...valuesOf(revoked, maker), name: 'Next', days: '7', action: 'make', 'may:mcp.connect': 'yes' };
    assert.match((await post(browser, url(), again)).text, tokenShape, 'with the form of that very page');
  });

  it('`token mint` makes the same kind, with a name', async () => {
    const words = ['--user', 'vera', '--tenant', 'acme', '--resource', gateway.resource, '--scope', 'mcp.connect'];
    const token = (await gateway.command(['token', 'mint', ...words, '--name', 'By the operator'])).trim();
    const { browser, page } = await openAccount(gateway, 'tokens', { user: 'vera' });
    assert.equal((await ping(gateway.resource, token, withTenant('acme'))).status, 200);
    await post(browser, url(), { ...revokeForm(page, 'By the operator'), action: 'revoke' });
    assert.equal((await ping(gateway.resource, token, withTenant('acme'))).status, 401);
  });

  for (const look of looks)
    it(`looks right and is accessible: ${look.name}`, async () => {
      const page = await (await chromium.newContext(look)).newPage();
      await page.goto(`${url()}${place()}`);
      await signIn(page);
      await inspect(page, 'account-tokens', look);
      await page.fill('input[name=name]', `Token for the ${look.name} screen`);
      await page.getByRole('button', { name: 'Make the token' }).click();
      await page.locator('#token').waitFor({ timeout: 20_000 });
      await inspect(page, 'account-tokens-made', look);
      await page.context().close();
    });
});

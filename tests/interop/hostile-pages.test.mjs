// What others may make of the pages: run something in them, answer them for somebody, frame them, lead away from them.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { launchChromium } from './lib/chromium.mjs';
import { damaged } from './lib/expect.mjs';
import { Gateway, everythingPolicy, password, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const payloads = [
  '<svg onload=alert(1)>',
  '"onfocus=alert(2) autofocus="',
  "'><script>alert(3)</script>",
  '{{7331*7331}}{{{client}}}<%= 7331*7331 %>#{7331*7331}',
  '</title></h1><img src=x onerror=alert(4)>',
  'javascript:alert(5)',
  '&lt;b&gt;&#60;script&#62;',
];
const policy = {
  ...everythingPolicy,
  scopes: { ...everythingPolicy.scopes, 'tools.read': payloads.join(' ') },
};

describe('hostile pages', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let chromium;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-pages',
      upstream: upstream.url,
      policy,
      configure: (config, { origin }) => {
        config.tenants[0].name = `Acme ${payloads[0]}${payloads[4]}`;
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        const [resource] = config.resources;
        config.resources.push({ ...resource, serve: `${origin}/picked`, tenant: undefined, root: undefined });
        config.resources.push({ ...resource, serve: `${origin}/other`, root: undefined, name: payloads[1] });
      },
    });
    client = await OAuthClient.register(gateway);
    chromium = await launchChromium();
  });
  after(async () => {
    await chromium?.close();
    upstream?.untouched('a page');
    await gateway?.stop();
    await upstream?.stop();
  });

  const grants = async () => JSON.parse(await gateway.command(['grant', 'list', '--json'])).length;
  /** A browser with the consent page of a request open: `{browser, page, form, fields}`. */
  async function consent(changes, browser = new UserAgent()) {
    const request = client.request(changes);
    let page = await browser.open(request.url);
    const login = parseForms(page.text).find((each) => each.has('password'));
    if (login) page = await browser.submit(page, login, { username: 'alice', password });
    const form = parseForms(page.text).find((each) => each.has('decision'));
    assert.ok(form, `no consent page: ${page.status} ${page.location ?? ''}`);
    const hidden = form.fields.filter((each) => each.kind === 'hidden').map(({ name, value }) => [name, value]);
    return { browser, page, form, fields: Object.fromEntries(hidden), request };
  }
  const endpoint = () => `${gateway.origin}/oauth/authorize`;

  /** Opens the consent page of `who` in Chromium; every dialog and every report of the policy is a failure. */
  async function inChromium(who, options = {}) {
    const page = await (await chromium.newContext(options)).newPage();
    const seen = [];
    page.on('dialog', (dialog) => {
      seen.push(dialog.message());
      dialog.dismiss();
    });
    page.on('console', (message) => seen.push(message.text()));
    page.on('pageerror', (error) => seen.push(error.message));
    await page.goto(who.request().url);
    return { page, seen };
  }
  const signIn = async (page) => {
    await page.fill('input[name=username]', 'alice');
    await page.fill('input[name=password]', password);
    await page.press('input[name=password]', 'Enter');
    await page.waitForSelector('[name=decision][value=approve]', { timeout: 20_000 });
  };

  it('case 144: names, texts and addresses of others are text, whatever they hold', async () => {
    for (const name of payloads) {
      const hostile = await OAuthClient.register(gateway, {
        metadata: { client_name: name, logo_uri: 'https://evil.example/x.svg', client_uri: 'https://evil.example/"x' },
      }).catch(() => OAuthClient.register(gateway, { metadata: { client_name: name } }));
      const { page, seen } = await inChromium(hostile);
      await signIn(page);
      const text = await page.innerText('body');
      assert.ok(text.includes(name), `${name} is not to be read`);
      assert.ok(text.includes(payloads.join(' ')), 'nor is the text of the scope');
      assert.ok(text.includes(payloads[4]), 'nor the name of the tenant');
      assert.equal(await page.locator('svg, img, script, [onfocus], [onload], iframe, object').count(), 0, name);
      assert.ok(!text.includes(String(7331 * 7331)), 'a template ran');
      assert.deepEqual(seen, [], name);
      await page.context().close();
    }
    for (const query of payloads.map(
      (each) => `?continue=${encodeURIComponent(each)}&username=${encodeURIComponent(each)}`,
    )) {
      const { text } = await send(`${gateway.origin}/login${query}`);
      assert.doesNotMatch(text, /<svg|<img|<script|onfocus=alert\(2\) autofocus="/, query);
    }
  });

  it('case 145: a consent that no page of ours sent, or that was sent before, is a 403 without a grant', async () => {
    const { browser, fields } = await consent();
    const stranger = await consent();
    const before = await grants();
    const submit = (values, options = {}) =>
      browser.request(endpoint(), { method: 'POST', form: values, site: 'same-origin', ...options });
    const approve = { ...fields, decision: 'approve' };
    for (const [what, answer] of Object.entries({
      'without its token': await submit({ ...approve, flow: '' }),
      'of another browser': await submit({ ...approve, flow: stranger.fields.flow }),
      'one byte changed': await submit({ ...approve, flow: damaged(fields.flow) }),
      'from another site': await submit(approve, { site: 'cross-site' }),
      'from a sibling host': await submit(approve, { site: 'same-site' }),
      'with a foreign Origin': await submit(approve, { headers: { Origin: 'https://evil.example' } }),
      'with Origin null of another site': await submit(approve, { headers: { Origin: 'null' }, site: 'cross-site' }),
      'without a session': await send(endpoint(), { form: approve }),
    })) {
      assert.equal(answer.status, 403, what);
      assert.equal(answer.headers.location, undefined, what);
    }
    assert.equal(await grants(), before, 'nothing was granted');
    assert.equal((await submit(approve)).status, 303, 'the true one');
    assert.equal((await submit(approve)).status, 403, 'sent again');
    assert.equal(await grants(), before + 1);
  });

  it('case 147: the page says who asks, where it leads, what for and for whom, and Deny works', async () => {
    const name = 'Verylongnamewithoutanyblank'.repeat(4);
    const long = await OAuthClient.register(gateway, { metadata: { client_name: name } });
    const { page } = await inChromium(long, { viewport: { width: 320, height: 568 } });
    await signIn(page);
    const text = await page.innerText('body');
    for (const part of [name.slice(0, 60), '127.0.0.1', 'Connect', 'Acme', 'alice', 'not verified'])
      assert.ok(text.includes(part), `${part} is not shown`);
    assert.match(text, /this (computer|device)|on your (computer|device)/i, 'a warning about the loopback');
    for (const decision of ['approve', 'deny']) {
      const button = page.locator(`[name=decision][value=${decision}]`);
      await button.scrollIntoViewIfNeeded();
      const { x, y, width, height } = await button.boundingBox();
      assert.ok(x >= 0 && x + width <= 320 && y >= 0 && y + height <= 568, `${decision} at ${x},${y}`);
    }
    await page.context().close();
    const before = await grants();
    const denied = await consent();
    const answer = await denied.browser.submit(denied.page, denied.form, { decision: 'deny' });
    assert.equal(answer.redirect.searchParams.get('error'), 'access_denied');
    assert.equal(await grants(), before);
  });

  it('case 148: another redirect URI, scope or resource is asked about anew, and so is the same again', async () => {
    const two = await OAuthClient.register(gateway, {
      redirectUris: ['http://127.0.0.1:7777/callback', 'http://127.0.0.1:7777/second'],
    });
    const browser = new UserAgent();
    await two.authorize({ browser });
    for (const changes of [
      { redirect_uri: 'http://127.0.0.1:7777/second' },
      { scope: 'mcp.connect tools.write' },
      { resource: `${gateway.origin}/other` },
      {},
    ]) {
      const page = await browser.open(two.request(changes).url);
      assert.equal(page.redirect, undefined, JSON.stringify(changes));
      assert.ok(
        parseForms(page.text).some((form) => form.has('decision')),
        JSON.stringify(changes),
      );
    }
  });

  it('case 149: a page that another site leads to asks, whatever was approved before', async () => {
    const { browser } = await client.authorize();
    const before = await grants();
    for (const options of [
      { site: 'cross-site' },
      { site: 'cross-site', headers: { Referer: 'https://evil.example/', 'Sec-Fetch-Dest': 'iframe' } },
      { site: 'none' },
    ]) {
      const answer = await browser.open(client.request().url, options);
      assert.equal(answer.redirect, undefined);
      assert.ok(parseForms(answer.text).some((form) => form.has('decision')));
    }
    assert.equal(await grants(), before);
  });

  it('case 151: no page can be framed, and each says so', async () => {
    const { browser } = await consent();
    const port = await freePort();
    const server = http.createServer((request, response) =>
      response
        .setHeader('Content-Type', 'text/html')
        .end(`<iframe src="${new URL(`http://x${request.url}`).searchParams.get('frame')}"></iframe>`),
    );
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    const urls = [client.request().url, `${gateway.origin}/login`, client.request({ client_id: 'nobody' }).url];
    for (const url of [...urls, `${gateway.origin}/logout`]) {
      const answer = await browser.open(url);
      assert.equal(header(answer, 'x-frame-options'), 'DENY', url);
      const rules = header(answer, 'content-security-policy');
      assert.match(rules, /default-src 'none'/, url);
      assert.match(rules, /frame-ancestors 'none'/, url);
      assert.doesNotMatch(rules, /unsafe|\*|https?:\/\/evil/, url);
      assert.equal(header(answer, 'x-content-type-options'), 'nosniff', url);
      assert.equal(header(answer, 'referrer-policy'), 'no-referrer', url);
      assert.match(header(answer, 'cache-control'), /no-store/, url);
    }
    const page = await (await chromium.newContext()).newPage();
    for (const url of urls) {
      await page.goto(`http://127.0.0.1:${port}/?frame=${encodeURIComponent(url)}`);
      const framed = page.frames().find((each) => each !== page.mainFrame());
      assert.match(framed.url(), /^chrome-error:/, `${url} was shown in a frame`);
    }
    await page.context().close();
    server.close();
  });

  it('case 153: no GET changes anything, no page works for another tenant, and the keyboard is enough', async () => {
    const { browser, fields } = await consent({ resource: `${gateway.origin}/picked` });
    const before = await grants();
    const query = new URLSearchParams({ ...fields, decision: 'approve', tenant: 'acme' });
    assert.equal((await browser.request(`${endpoint()}?${query}`)).headers.location, undefined, 'approve by GET');
    await browser.request(`${gateway.origin}/logout?form_token=x`);
    for (const form of [{}, { form_token: 'x' }]) {
      const answer = await browser.request(`${gateway.origin}/logout`, { method: 'POST', form, site: 'same-origin' });
      assert.equal(answer.status, 403, 'signing out without the token of its page');
    }
    for (const [tenant, status] of Object.entries({ globex: 403, nobody: 403, '': 400, ACME: 403, '../acme': 403 })) {
      const values = { ...fields, decision: 'approve', tenant };
      const answer = await browser.request(endpoint(), { method: 'POST', form: values, site: 'same-origin' });
      assert.equal(answer.status, status, tenant);
      assert.equal(answer.headers.location, undefined, tenant);
    }
    assert.equal(await grants(), before);
    const { page } = await inChromium(client);
    for (const words of ['alice', password]) {
      const wanted = words === password ? 'password' : 'username';
      for (let presses = 0; presses < 10; ++presses) {
        if ((await page.evaluate(() => document.activeElement?.getAttribute('name'))) === wanted) break;
        await page.keyboard.press('Tab');
      }
      await page.keyboard.type(words);
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('[name=decision][value=deny]', { timeout: 20_000 });
    const reached = new Set();
    for (let presses = 0; presses < 20; ++presses) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement?.getAttribute('value')));
    }
    assert.ok(reached.has('approve') && reached.has('deny'), `only ${[...reached]} can be reached`);
    await page.context().close();
  });
});

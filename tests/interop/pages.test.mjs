// Sign-in, consent and error pages in a real browser: reachable by everyone, small screens, dark mode, no scripts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { launchChromium, requestTo } from './lib/chromium.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { inspect, looks } from './lib/looks.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { freePort, temporaryFolder } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { within } from './lib/wait.mjs';

describe('pages', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let browser;
  let server;
  let callbacks;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'pages', upstream: upstream.url });
    ({ server, callbacks } = await startCallback());
    browser = await launchChromium({ resolve: { 'client.example.test': `127.0.0.1:${server.address().port}` } });
  });
  after(async () => {
    await browser?.close();
    server?.close();
    await gateway?.stop();
    await upstream?.stop();
  });

  /** A client application on an https origin, with a certificate nobody vouches for. */
  async function startCallback() {
    const folder = temporaryFolder('certificate');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=client.example.test',
        '-keyout',
        `${folder}/key.pem`,
        '-out',
        `${folder}/certificate.pem`,
      ],
      { stdio: 'ignore' },
    );
    const seen = [];
    const tls = https.createServer(
      { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/certificate.pem`) },
      (request, response) => {
        if (request.url.startsWith('/callback')) seen.push(new URL(request.url, 'https://client.example.test'));
        response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Connected</title><p>Connected</p>');
      },
    );
    const port = await freePort();
    await new Promise((resolve) => tls.listen(port, '127.0.0.1', resolve));
    return { server: tls, callbacks: seen };
  }

  const signIn = async (page) => {
    await page.fill('input[name=username]', 'alice');
    await page.fill('input[name=password]', password);
    await page.press('input[name=password]', 'Enter');
    await page.waitForSelector('[name=decision][value=approve]', { timeout: 20_000 });
  };

  for (const look of looks) {
    it(`look right and are accessible: ${look.name}`, async () => {
      const longName = 'An application with a rather long name that nobody could have foreseen '.repeat(2).trim();
      const client = await OAuthClient.register(gateway, {
        redirectUris: ['http://127.0.0.1:7777/callback'],
        metadata: { client_name: longName },
      });
      const context = await browser.newContext({ colorScheme: look.colorScheme, viewport: look.viewport });
      const page = await context.newPage();
      const problems = [];
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      page.on('pageerror', (error) => problems.push(error.message));
      await page.goto(client.request({ scope: 'mcp.connect tools.read tools.write' }).url);
      await inspect(page, 'sign-in', look);
      await signIn(page);
      await inspect(page, 'consent', look);
      const text = await page.innerText('body');
      assert.ok(text.includes('127.0.0.1'), 'the redirect host is shown');
      assert.ok(text.includes('Acme Inc.'), 'the tenant is shown');
      assert.ok(text.includes('Use the tools that read'), 'scopes are shown in words');
      for (const decision of ['approve', 'deny'])
        assert.ok(await page.isVisible(`[name=decision][value=${decision}]`), decision);
      await page.goto(client.request({ redirect_uri: 'https://evil.example/' }).url);
      await inspect(page, 'error', look);
      await context.clearCookies();
      const elsewhere = await OAuthClient.register(gateway, {
        redirectUris: ['https://client.example.test/callback'],
        metadata: { client_name: longName },
      });
      await page.goto(elsewhere.request({ response_type: 'bogus' }).url);
      await inspect(page, 'fault', look);
      assert.ok((await page.innerText('body')).includes('client.example.test'), 'the host of the app is shown');
      await page.click('text=Sign in and tell the app');
      await inspect(page, 'sign-in-fault', look);
      assert.deepEqual(
        problems.filter((each) => !/status of 400/.test(each)),
        [],
      );
      await context.close();
    });
  }

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

    it(`a click on approve leads to an https application, ${how}`, async () => {
      const client = await OAuthClient.register(gateway, { redirectUris: ['https://client.example.test/callback'] });
      const context = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const request = client.request();
      await page.goto(request.url);
      await signIn(page);
      await page.click('[name=decision][value=approve]');
      await page.waitForURL(/client\.example\.test\/callback/, { timeout: 20_000 });
      const callback = callbacks.at(-1).searchParams;
      assert.equal(callback.get('state'), request.state);
      assert.equal(callback.get('iss'), gateway.origin);
      assert.equal((await client.exchange({ code: callback.get('code'), verifier: request.verifier })).status, 200);
      await context.close();
    });

    it(`attack 9: the page for a request at fault leads to signing in and then to the app, ${how}`, async () => {
      const client = await OAuthClient.register(gateway, { redirectUris: ['https://client.example.test/callback'] });
      const context = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const request = client.request({ resource: 'https://elsewhere.example/mcp' });
      const before = callbacks.length;
      await page.goto(request.url);
      assert.equal(await page.innerText('#error'), 'invalid_target');
      assert.equal(callbacks.length, before, 'the app was not told yet');
      await page.click('text=Sign in and tell the app');
      await page.fill('input[name=username]', 'alice');
      await page.fill('input[name=password]', password);
      await page.press('input[name=password]', 'Enter');
      await page.waitForURL(/client\.example\.test\/callback/, { timeout: 20_000 });
      const told = callbacks.at(-1).searchParams;
      assert.deepEqual([told.get('error'), told.get('state'), told.get('iss')], ['invalid_target', request.state, gateway.origin]);
      await context.close();
    });

    const targets = {
      loopback: { uri: 'http://127.0.0.1/callback', used: 'http://127.0.0.1:7779/callback' },
      localhost: { uri: 'http://localhost:7780/callback', used: 'http://localhost:7780/callback' },
      'private scheme': {
        uri: 'cursor://anysphere.cursor-mcp/oauth/callback',
        used: 'cursor://anysphere.cursor-mcp/oauth/callback',
      },
    };
    for (const [what, { uri, used }] of Object.entries(targets)) {
      it(`a click on approve, and on deny, leads to a desktop application: ${what}, ${how}`, async () => {
        const client = await OAuthClient.register(gateway, { redirectUris: [uri] });
        const context = await browser.newContext({ javaScriptEnabled });
        for (const decision of ['approve', 'deny']) {
          const page = await context.newPage();
          const request = client.request({ redirect_uri: used });
          await page.goto(request.url);
          if (decision === 'approve') await signIn(page);
          const called = requestTo(page, (url) => url.startsWith(used));
          await page.click(`[name=decision][value=${decision}]`, { noWaitAfter: true });
          const parameters = new URL(await within(20, 'the callback', called)).searchParams;
          assert.equal(parameters.get('state'), request.state);
          if (decision === 'approve')
            assert.equal(
              (
                await client.exchange(
                  { code: parameters.get('code'), verifier: request.verifier },
                  { redirect_uri: used },
                )
              ).status,
              200,
            );
          else assert.equal(parameters.get('error'), 'access_denied');
          await page.close();
        }
        await context.close();
      });
    }
  }

  it('compat 12: two tabs that are signed in in both can both be approved, with a double click too', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tabs = [];
    for (let index = 0; index < 2; ++index) {
      const client = await OAuthClient.register(gateway, { redirectUris: ['https://client.example.test/callback'] });
      const request = client.request();
      const page = await context.newPage();
      await page.goto(request.url);
      tabs.push({ client, request, page });
    }
    for (const { page } of tabs) await signIn(page);
    for (const [index, { client, request, page }] of tabs.entries()) {
      const arrived = page.waitForURL(/client\.example\.test\/callback/, { timeout: 20_000 });
      const approve = page.locator('[name=decision][value=approve]');
      if (index === 0) await approve.click({ noWaitAfter: true });
      else await approve.dblclick({ noWaitAfter: true });
      // Whether the second click sends the form once more is the browser's business; then this button is the way on.
      const back = page.locator('[name=decision][value=return]');
      await Promise.race([arrived, back.click({ timeout: 20_000 })]);
      await arrived;
      const answer = callbacks.findLast((url) => url.searchParams.get('state') === request.state)?.searchParams;
      assert.equal((await client.exchange({ code: answer.get('code'), verifier: request.verifier })).status, 200);
    }
    await context.close();
  });

  it('case 144: a hostile client name is shown and never run', async () => {
    const name = '<img src=x onerror=alert(1)></title><svg onload=alert(2)>{{7*7}}"onfocus=alert(3) autofocus=';
    const client = await OAuthClient.register(gateway, { metadata: { client_name: name } });
    const page = await (await browser.newContext()).newPage();
    const dialogs = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      dialog.dismiss();
    });
    await page.goto(client.request().url);
    await signIn(page);
    assert.ok((await page.innerText('body')).includes('<img src=x onerror=alert(1)>'), 'shown as text');
    assert.deepEqual(dialogs, []);
    await page.context().close();
  });

  it('case 151: pages cannot be framed and tell no referrer', async () => {
    const client = await OAuthClient.register(gateway);
    const page = await (await browser.newContext()).newPage();
    const headers = (await page.goto(client.request().url)).headers();
    assert.equal(headers['x-frame-options'].toUpperCase(), 'DENY');
    assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe-inline|unsafe-eval/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.match(headers['cache-control'], /no-store/);
    await page.context().close();
  });
});

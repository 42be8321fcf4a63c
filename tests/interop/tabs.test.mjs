// One browser with several tabs: whatever somebody does in one of them, no app waits for ever because of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { Traveller, consentForm } from './lib/elsewhere.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { HostileProvider } from './lib/hostile-provider.mjs';
import { send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('tabs', { timeout: 120_000 * patience }, () => {
  let provider;
  let upstream;
  let gateway;
  let apps;

  before(async () => {
    provider = await HostileProvider.start();
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'tabs',
      upstream: upstream.url,
      users: [
        { name: 'alice', members: ['acme:admin', 'globex:viewer'] },
        { name: 'bob', members: ['acme:admin'] },
      ],
      configure: (config, { origin }) => {
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        config.tenants[0].members = [{ user: 'good:mallory', role: 'viewer' }];
        config.resources.push({ ...config.resources[0], serve: `${origin}/picked`, tenant: undefined, root: undefined });
        config.identity = {
          local: true,
          callback: `${origin}/oauth/callback`,
          providers: [{ name: 'good', issuer: provider.issuer, client_id: 'postern', client_secret: 's' }],
        };
      },
    });
    apps = [await OAuthClient.register(gateway), await OAuthClient.register(gateway)];
  });
  after(async () => {
    upstream?.untouched('a page');
    await gateway?.stop();
    await upstream?.stop();
    await provider?.stop();
  });

  const loginForm = (page) => parseForms(page.text).find((form) => form.has('password'));
  const grants = async () => JSON.parse(await gateway.command(['grant', 'list', '--json'])).length;
  /** A tab of `browser` at the sign-in page of a request: signing in opens its consent page. */
  async function tab(browser, app, changes) {
    const request = app.request(changes);
    const login = await browser.open(request.url);
    assert.ok(loginForm(login), `no sign-in page but ${login.status}`);
    const signIn = async (username = 'alice') => {
      const page = await browser.submit(login, loginForm(login), { username, password });
      assert.ok(consentForm(page), `no consent page but ${page.status}: ${page.text.slice(-800)}`);
      return page;
    };
    return { app, request, signIn };
  }
  const decide = (browser, page, values) => browser.submit(page, consentForm(page), { decision: 'approve', ...values });
  /** The app got its code and its tokens. */
  async function connected({ app, request }, end) {
    assert.ok(end.redirect, `not sent to the app but ${end.status}: ${end.text.slice(-800)}`);
    const answer = end.redirect.searchParams;
    assert.equal(answer.get('state'), request.state);
    assert.equal(answer.get('iss'), gateway.origin);
    const { status, text } = await app.exchange({ code: answer.get('code'), verifier: request.verifier });
    assert.equal(status, 200, text);
  }
  /** The app got its error, at its own redirect URI. */
  function told({ app, request }, target) {
    assert.ok(target, 'the app was not told');
    const url = new URL(target);
    assert.equal(url.origin + url.pathname, app.redirectUri);
    assert.equal(url.searchParams.get('error'), 'access_denied');
    assert.ok(url.searchParams.get('error_description'));
    assert.equal(url.searchParams.get('state'), request.state);
    assert.equal(url.searchParams.get('iss'), gateway.origin);
    assert.equal(url.searchParams.get('code'), null);
  }
  const backToApp = (page) =>
    /<a class="button" href="([^"]+)">Back to the app/.exec(page.text)?.[1].replaceAll('&amp;', '&');

  it('compat 12: two tabs of one app, and of two, that are signed in in both', async () => {
    for (const [first, second] of [[apps[0], apps[0]], apps]) {
      const browser = new UserAgent();
      const tabs = [await tab(browser, first), await tab(browser, second)];
      const pages = [await tabs[0].signIn(), await tabs[1].signIn()];
      await connected(tabs[0], await decide(browser, pages[0]));
      await connected(tabs[1], await decide(browser, pages[1]));
    }
  });

  it('compat 12: tabs that were opened at the same moment, before the browser had a cookie of ours', async () => {
    const browser = new UserAgent();
    const tabs = await Promise.all(apps.map((app) => tab(browser, app)));
    for (const each of tabs) await connected(each, await decide(browser, await each.signIn()));
  });

  it('compat 12: cookies of other programs that look like ours cost nobody the sign-in', async () => {
    for (const planted of ['postern_browser=a b', 'postern_browser_x="q"', 'postern_browser_\xe9=\xe9']) {
      const page = await send(`${gateway.origin}/login`, { headers: { Cookie: planted } });
      const own = page.headers['set-cookie'].map((each) => each.split(';')[0]);
      const [form] = parseForms(page.text).filter((each) => each.has('password'));
      const { value } = form.fields.find(({ name }) => name === 'form_token');
      const signedIn = await send(`${gateway.origin}/login`, {
        headers: { Cookie: [planted, ...own].join('; '), Origin: gateway.origin },
        form: { form_token: value, username: 'alice', password },
      });
      assert.equal(signedIn.status, 303, `${planted}: ${signedIn.text.slice(-300)}`);
    }
  });

  it('compat 12: tabs that pick the organisation', async () => {
    const browser = new UserAgent();
    const resource = `${gateway.origin}/picked`;
    const tabs = [await tab(browser, apps[0], { resource }), await tab(browser, apps[1], { resource })];
    const pages = [await tabs[0].signIn(), await tabs[1].signIn()];
    for (const [index, tenant] of ['globex', 'acme'].entries()) {
      const end = await decide(browser, pages[index], { tenant });
      assert.ok(end.redirect?.searchParams.get('code'), `${tenant}: ${end.status}`);
    }
  });

  it('compat 12: tabs that are signed in at a provider', async () => {
    const browser = new Traveller();
    const requests = apps.map((app) => app.request());
    const there = [];
    for (const { url } of requests) there.push(await browser.leave(url, 'good'));
    // Both have pressed the button before the first comes back.
    const pages = [];
    for (const { href } of there) {
      const answer = await browser.request(href, { site: 'cross-site' });
      pages.push(await browser.comeBack(answer.location));
    }
    for (const page of pages) assert.ok(consentForm(page), `no consent page but ${page.status}`);
    for (const [index, app] of apps.entries())
      await connected({ app, request: requests[index] }, await decide(browser, pages[index]));
  });

  it('compat 12: a page of somebody else tells the app, and grants nothing', async () => {
    const browser = new UserAgent();
    const tabs = [await tab(browser, apps[0]), await tab(browser, apps[1])];
    const page = await tabs[0].signIn('alice');
    const others = await tabs[1].signIn('bob');
    const before = await grants();
    told(tabs[0], (await decide(browser, page)).redirect);
    assert.equal(await grants(), before);
    await connected(tabs[1], await decide(browser, others));
    told(tabs[0], (await decide(browser, page)).redirect);
    assert.equal(await grants(), before + 1);
  });

  it('compat 12: a second click, and the way back after an answer', async () => {
    const browser = new UserAgent();
    const clicked = await tab(browser, apps[0]);
    const page = await clicked.signIn();
    // The answer to the first click never arrives.
    assert.ok((await decide(browser, page)).redirect);
    const before = await grants();
    const again = await decide(browser, page);
    assert.deepEqual([again.status, again.redirect], [403, undefined]);
    const form = consentForm(again);
    await connected(clicked, await browser.submit(again, form, { decision: form.buttons[0].value }));
    const late = await decide(browser, page);
    assert.deepEqual([late.status, late.redirect, consentForm(late)], [403, undefined, undefined], 'the app has it');
    assert.equal(await grants(), before);

    // Reloaded, it is another page of the same request.
    const reloaded = await browser.open(clicked.request.url);
    const denied = await decide(browser, reloaded, { decision: 'deny' });
    told(clicked, denied.redirect);
    for (const decision of ['deny', 'approve']) told(clicked, (await decide(browser, reloaded, { decision })).redirect);
    assert.equal(await grants(), before);
  });

  it('compat 12: whoever signed out in another tab signs in and is asked anew', async () => {
    const browser = new UserAgent();
    const first = await tab(browser, apps[0]);
    const page = await first.signIn();
    const out = await browser.open(`${gateway.origin}/logout`);
    await browser.submit(out, parseForms(out.text)[0], {});
    const login = await decide(browser, page);
    assert.equal(login.status, 200);
    const asked = await browser.submit(login, loginForm(login), { username: 'alice', password });
    await connected(first, await decide(browser, asked));
  });

  it('compat 12: a sign-in at a provider that came to nothing offers to try again and the way to the app', async () => {
    const browser = new Traveller();
    const request = apps[0].request();
    const there = await browser.leave(request.url, 'good');
    const query = (more) => new URLSearchParams({ state: there.searchParams.get('state'), iss: provider.issuer, ...more });
    const page = await browser.comeBack(`${gateway.origin}/oauth/callback?${query({ error: 'access_denied' })}`);
    assert.equal(page.status, 403);
    told({ app: apps[0], request }, backToApp(page));
    const again = /<a class="button primary" href="([^"]+)">Try again/.exec(page.text)[1].replaceAll('&amp;', '&');
    assert.ok(loginForm(await browser.open(new URL(again, gateway.origin).href)));
    // Nobody else is led anywhere by the same address.
    const stranger = await new Traveller().comeBack(`${gateway.origin}/oauth/callback?${query({ error: 'access_denied' })}`);
    assert.deepEqual([stranger.status, backToApp(stranger)], [403, undefined]);
  });
});

// The authorization endpoint as an open redirector (RFC 9700 section 4.11.2): anybody can register a client, and a link
// to this server must not lead strangers on to that client's page before they have signed in.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent, decodeEntities, parseForms } from './lib/browserless.mjs';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { password, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient, errorOnPage } from './lib/oauth.mjs';

const elsewhere = 'https://stranger.example/cb';
const scheme = 'cursor://anysphere.cursor-mcp/oauth/callback';
const described = 'https://app.example.test/oauth/client.json';

const faults = [
  [{ response_type: 'bogus' }, 'unsupported_response_type'],
  [{ response_type: undefined }, 'unsupported_response_type'],
  [{ response_mode: 'fragment' }, 'invalid_request'],
  [{ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  [{ code_challenge_method: 'plain' }, 'invalid_request'],
  [{ state: 'x'.repeat(4097) }, 'invalid_request'],
  [{ scope: 'nonsense' }, 'invalid_scope'],
  [{ resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
  [{ request: 'e30.e30.' }, 'request_not_supported'],
  [{ request_uri: 'https://elsewhere.example/' }, 'request_uri_not_supported'],
  [{ prompt: 'none' }, 'login_required'],
  [{ prompt: 'none login' }, 'invalid_request'],
];

describe('no open redirector', { timeout: 180_000 * patience }, () => {
  let started;
  let gateway;
  let strangers;
  let trusted;
  let alice;

  before(async () => {
    started = await startWithDocuments({
      name: 'open-redirect',
      hosts: ['app.example.test'],
      documents: { [described]: publicDocument(described) },
    });
    ({ gateway } = started);
    const loopback = await OAuthClient.register(gateway);
    const added = ['client', 'add', '--name', 'By hand', '--redirect-uri', elsewhere, '--json'];
    const { client_id: id } = JSON.parse(await gateway.command(added));
    strangers = {
      registered: await OAuthClient.register(gateway, { redirectUris: [elsewhere] }),
      'with a private-use scheme': await OAuthClient.register(gateway, { redirectUris: [scheme] }),
      described: await OAuthClient.described(gateway, { id: described, redirectUri: `${new URL(described).origin}/callback` }),
    };
    trusted = {
      loopback,
      'added by an operator': Object.assign(new OAuthClient(), loopback, { id, redirectUri: elsewhere }),
    };
    ({ browser: alice } = await loopback.authorize());
  });
  after(() => started?.stop());

  const told = (answer, who, request) => {
    assert.equal(answer.status, 303, answer.text.slice(0, 300));
    const target = header(answer, 'location');
    assert.ok(target.startsWith(`${who.redirectUri}?error=`), target);
    const { error, state, iss, code } = Object.fromEntries(new URL(target).searchParams);
    assert.deepEqual([state, iss, code], [request.state.length > 4096 ? undefined : request.state, gateway.origin, undefined]);
    return error;
  };
  /** Every link of the page stays here, and nothing moves by itself. */
  const staysHere = (page) => {
    assert.doesNotMatch(page.text, /http-equiv|<script|<form|<iframe|<img/i);
    assert.equal(page.headers.refresh, undefined);
    assert.equal(page.headers['set-cookie'], undefined);
    for (const [, href] of page.text.matchAll(/href="([^"]*)"/g))
      assert.equal(new URL(decodeEntities(href), page.url).origin, gateway.origin, href);
  };
  const signInLink = (page) => new URL(decodeEntities(/<a class="button primary" href="([^"]+)"/.exec(page.text)[1]), gateway.origin);

  it('attack 9: no error sends a browser without sign-in to what a stranger registered', async () => {
    for (const [what, who] of Object.entries(strangers)) {
      for (const [changes, error] of faults) {
        const request = who.request(changes);
        const page = await new UserAgent().request(request.url);
        assert.equal(errorOnPage(page), error, `${what}: ${page.status} ${page.location}`);
        staysHere(page);
        assert.equal(told(await alice.request(request.url), who, request), error, `${what}: signed in, the app is told`);
      }
    }
  });

  it('attack 9: nor does one in a form that a page of the stranger posts', async () => {
    for (const [what, who] of Object.entries(strangers)) {
      const { parameters } = who.request({ response_type: 'bogus' });
      const page = await new UserAgent().open(who.server.authorization_endpoint, {
        method: 'POST',
        form: new URLSearchParams(parameters),
        site: 'cross-site',
        headers: { Origin: 'https://stranger.example' },
      });
      assert.equal(errorOnPage(page), 'unsupported_response_type', what);
      staysHere(page);
    }
  });

  it('attack 9: the page names the app, its host and what is wrong with the request', async () => {
    const page = await new UserAgent().open(strangers.registered.request({ response_type: 'bogus' }).url);
    for (const text of [/Raw test client/, /stranger\.example/, /response_type must be code/, /Sign in and tell the app/])
      assert.match(page.text, text);
    const own = await new UserAgent().open(strangers.described.request({ response_type: 'bogus' }).url);
    for (const text of [/identified by app\.example\.test/, /Sends you to[\s\S]*app\.example\.test/]) assert.match(own.text, text);
  });

  it('attack 9: the app receives it once somebody has signed in from the page', async () => {
    for (const [what, who] of Object.entries(strangers)) {
      const browser = new UserAgent();
      const request = who.request({ resource: 'https://elsewhere.example/mcp' });
      const page = await browser.open(request.url);
      const login = await browser.open(signInLink(page).href);
      // Nothing comes after signing in but the app: the sign-in page itself says where that is.
      assert.match(login.text, /Sends you to[\s\S]*<code>invalid_target<\/code>/, what);
      const form = parseForms(login.text).find((each) => each.has('password'));
      const wrong = await browser.submit(login, form, { username: 'alice', password: 'wrong' });
      assert.equal(wrong.redirect, undefined, 'a wrong password leads nowhere');
      const again = parseForms(wrong.text).find((each) => each.has('password'));
      const end = await browser.submit(wrong, again, { username: 'alice', password });
      assert.equal(told(browser.pages.at(-1), who, request), 'invalid_target', what);
      assert.ok(end.redirect);
    }
  });

  it('attack 9: signing out closes the way again', async () => {
    const browser = new UserAgent();
    const who = strangers.registered;
    await browser.authorize(who.request().url, { username: 'alice', password, decision: 'deny' });
    const request = who.request({ prompt: 'none' });
    assert.equal(told(await browser.request(request.url), who, request), 'login_required');
    const out = await browser.open(`${gateway.origin}/logout`);
    await browser.submit(out, parseForms(out.text)[0], {});
    assert.equal(errorOnPage(await browser.request(request.url)), 'login_required');
  });

  it('attack 9: a request that is too long for an address of ours is a page as well', async () => {
    const who = strangers.registered;
    const { parameters } = who.request({ extra: 'x'.repeat(9000) });
    const page = await new UserAgent().open(who.server.authorization_endpoint, { method: 'POST', form: new URLSearchParams(parameters) });
    assert.equal(errorOnPage(page), 'invalid_request');
    staysHere(page);
    assert.equal(signInLink(page).pathname + signInLink(page).search, '/login');
  });

  it('loopback URIs and clients that an operator added are told at once', async () => {
    for (const [what, who] of Object.entries(trusted)) {
      for (const [changes, error] of faults) {
        const request = who.request(changes);
        assert.equal(told(await send(request.url), who, request), error, what);
      }
    }
  });
});

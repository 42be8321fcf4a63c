// Providers that lie, and people who bring somebody else's sign-in back.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Traveller, consentForm, providerForm } from './lib/elsewhere.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { HostileProvider } from './lib/hostile-provider.mjs';
import { header } from './lib/http.mjs';
import { newKey, unsigned } from './lib/jose.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('hostile sign-ins', { timeout: 180_000 * patience }, () => {
  let provider;
  let other;
  let gone;
  let upstream;
  let gateway;
  let client;

  before(async () => {
    provider = await HostileProvider.start();
    other = await HostileProvider.start({ named: false });
    gone = await HostileProvider.start();
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-sign-in',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.tenants[0].members = [{ user: 'good:mallory', role: 'viewer' }];
        config.identity = {
          local: false,
          callback: `${origin}/oauth/callback/{provider}`,
          providers: Object.entries({ good: provider, other, gone }).map(([name, { issuer }]) => ({
            ...{ name, issuer, client_id: 'postern', client_secret: 's' },
          })),
        };
      },
    });
    client = await OAuthClient.register(gateway);
  });
  after(async () => {
    upstream?.untouched('a sign-in');
    await gateway?.stop();
    await upstream?.stop();
    await provider?.stop();
    await other?.stop();
    await gone?.stop();
  });

  const state = async () => {
    const [grants, users] = await Promise.all(
      ['grant', 'user'].map(async (what) => JSON.parse(await gateway.command([what, 'list', '--json'])).length),
    );
    return { grants, users };
  };
  const url = () => client.request().url;
  const session = (traveller) => traveller.cookies().find((cookie) => cookie.name === 'postern_session');
  /** From our page to where the provider sends the browser back. */
  async function away(traveller = new Traveller(), name = 'good') {
    const there = await traveller.leave(url(), name);
    const answer = await traveller.request(there.href, { site: 'cross-site' });
    return { traveller, there, back: answer.location };
  }
  /** Refused with a page: nobody is signed in, nothing leads on. */
  async function refused(traveller, back, status, what) {
    const page = await traveller.comeBack(back);
    assert.equal(page.status, status, `${what}: ${page.text.slice(-300)}`);
    assert.equal(header(page, 'location'), undefined, what);
    assert.match(header(page, 'content-type'), /^text\/html/, what);
    assert.equal(session(traveller), undefined, what);
    return page;
  }

  it('an honest provider signs in, so that the others are refused for what they do', async () => {
    const { traveller, back } = await away();
    const page = await traveller.comeBack(back);
    assert.ok(consentForm(page), `${page.status}`);
    assert.ok(session(traveller));
    const [asked] = provider.requests.filter((each) => each.path === '/token');
    assert.equal(asked.headers.authorization, `Basic ${Buffer.from('postern:s').toString('base64')}`);
    assert.match(asked.body, /code_verifier=/);
  });

  it('case 146: what one browser began at the provider, no other can finish', async () => {
    const { traveller: attacker, there, back } = await away();
    const before = await state();
    const victim = new Traveller();
    // The address that leads to the provider was captured, and opened by the victim, who is known there.
    const answer = await victim.request(there.href, { site: 'cross-site' });
    await refused(victim, answer.location, 403, 'the captured way to the provider');
    await refused(new Traveller(), back, 403, 'the captured way back');
    assert.deepEqual(await state(), before);
    assert.ok(consentForm(await attacker.comeBack(back)), 'its own browser can');
  });

  it('case 150: the state is of one browser, once, and there only after its button', async () => {
    const traveller = new Traveller();
    const page = await traveller.open(url());
    const names = () => traveller.cookies().filter((each) => each.name.startsWith('postern_sign_in')).length;
    assert.equal(names(), 0, 'before the button');
    const crossSite = await traveller.request(`${gateway.origin}/login`, {
      method: 'POST',
      form: { provider: 'good', form_token: providerForm(page).fields.find((each) => each.name === 'form_token').value },
      site: 'cross-site',
    });
    assert.deepEqual([crossSite.status, names()], [403, 0], 'a form of another site');
    const forged = await traveller.request(`${gateway.origin}/login`, {
      method: 'POST',
      form: { provider: 'good', form_token: 'x' },
      site: 'same-origin',
    });
    assert.deepEqual([forged.status, names()], [403, 0], 'a form without our token');

    const { back } = await away(traveller);
    assert.equal(names(), 1);
    const kept = traveller.cookies().find((each) => each.name.startsWith('postern_sign_in'));
    assert.ok(consentForm(await traveller.comeBack(back)));
    assert.equal(names(), 0, 'used up');
    const tokens = provider.asked('/token');
    const replayer = new Traveller();
    await refused(replayer, back, 403, 'replayed without the cookie');
    const query = back.slice(back.indexOf('?'));
    const again = await replayer.request(`${gateway.origin}/login/return${query}`, {
      headers: { Cookie: `${kept.name}=${kept.value}` },
    });
    assert.equal(again.status, 400, 'replayed with the cookie');
    assert.equal(session(replayer), undefined);
    assert.ok(provider.asked('/token') <= tokens + 1);

    // Login CSRF: an attacker's answer in the victim's browser, which is on its way itself.
    const attackers = (await away()).back;
    const victim = (await away()).traveller;
    await refused(victim, attackers, 403, "the attacker's code");
  });

  it('ID tokens that were not made for this sign-in are refused', async () => {
    const before = await state();
    const now = Math.floor(Date.now() / 1000);
    const publicPem = createPublicKey({ key: provider.key.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
    const head = { alg: 'RS256', kid: 'good' };
    const sign = (changes) => (claims) => provider.key.sign({ ...claims, ...changes }, { typ: 'JWT' });
    const lies = {
      'wrong nonce': sign({ nonce: 'x' }),
      'no nonce': sign({ nonce: undefined }),
      'wrong aud': sign({ aud: 'other' }),
      'more than one aud': sign({ aud: ['postern', 'other'] }),
      'another azp': sign({ azp: 'other' }),
      'another issuer': sign({ iss: other.issuer }),
      expired: sign({ exp: now - 120 }),
      'no exp': sign({ exp: undefined }),
      'made long ago': sign({ iat: now - 3600 }),
      'made in the future': sign({ iat: now + 3600 }),
      'no sub': sign({ sub: undefined }),
      'a sub with a line end': sign({ sub: 'a\nb' }),
      'alg none': (claims) => unsigned({ alg: 'none' }, claims, 'x'),
      'HS256 with the public key': (claims) => {
        const text = unsigned({ ...head, alg: 'HS256' }, claims);
        return text + createHmac('sha256', publicPem).update(text.slice(0, -1)).digest('base64url');
      },
      'another key': (claims) => newKey('RS256', 'good').sign(claims),
      'an unknown key': (claims) => newKey('RS256', 'new').sign(claims),
      'an access token': (claims) => provider.key.sign(claims, { typ: 'at+jwt' }),
      'no token': () => undefined,
      'no string': () => ({ sub: 'alice' }),
      garbage: () => 'a.b.c',
    };
    for (const [what, lie] of Object.entries(lies)) {
      provider.idToken = lie;
      const { traveller, back } = await away();
      const page = await refused(traveller, back, 403, what);
      assert.doesNotMatch(page.text, /nonce|aud|signature/, what);
    }
    provider.reset();
    assert.deepEqual(await state(), before);
  });

  it('an answer that names another issuer, or none where it should, is refused', async () => {
    const wrong = [{ iss: other.issuer }, { iss: `${provider.issuer}/` }, { iss: undefined }];
    for (const change of wrong) {
      provider.parameters = ({ iss, ...rest }) => ({ ...rest, ...(change.iss ? { iss: change.iss } : {}) });
      const tokens = provider.asked('/token');
      const { traveller, back } = await away();
      await refused(traveller, back, 403, JSON.stringify(change));
      assert.equal(provider.asked('/token'), tokens, 'the code is not sent anywhere');
    }
    provider.reset();
    // Mixed up: begun at one provider, answered by the other.
    const { traveller, back } = await away();
    const mixed = new URL(back);
    mixed.searchParams.set('iss', other.issuer);
    await refused(traveller, mixed.href, 403, 'mixed up');
    assert.equal(other.asked('/token'), 0);
  });

  it('what one provider answered is never sent to another, also where neither names itself', async () => {
    // The dishonest one sends the browser on to the honest one, which answers where it has been told to.
    const traveller = new Traveller();
    const there = await traveller.leave(url(), 'other');
    assert.equal(there.searchParams.get('redirect_uri'), `${gateway.origin}/oauth/callback/other`);
    const query = new URLSearchParams({ state: there.searchParams.get('state'), code: 'of the honest one' });
    await refused(traveller, `${gateway.origin}/oauth/callback/good?${query}`, 400, 'at the address of the honest one');
    assert.equal(other.asked('/token'), 0);
    const unknown = await traveller.request(`${gateway.origin}/oauth/callback?${query}`, { site: 'cross-site' });
    assert.equal(unknown.status, 404, 'at no address of a provider');
  });

  it('errors of the provider become a page, never a loop, and are not repeated', async () => {
    const text = '<script>alert(1)</script> aGVsbG8';
    provider.parameters = ({ state, iss }) => ({ state, iss, error: 'server_error', error_description: text });
    let { traveller, back } = await away();
    let page = await refused(traveller, back, 502, 'an error');
    assert.ok(!page.text.includes('aGVsbG8'));
    provider.reset();
    const answers = {
      'an error': () => ({ status: 400, body: { error: 'invalid_client', error_description: text } }),
      'an error with 200': () => ({ status: 200, body: { error: text } }),
      'no object': () => ({ status: 200, body: [] }),
    };
    for (const [what, answer] of Object.entries(answers)) {
      provider.answer = answer;
      ({ traveller, back } = await away());
      page = await refused(traveller, back, 403, what);
      assert.ok(!page.text.includes('aGVsbG8'), what);
    }
    provider.answer = () => ({ status: 503, body: {} });
    ({ traveller, back } = await away());
    await refused(traveller, back, 503, 'away');
    provider.reset();
    await gateway.logged('the token endpoint says invalid_client');
    assert.ok(!gateway.logs().includes('aGVsbG8'));
    for (const query of ['', '?state=x', '?code=1&state=', `?state=${'A'.repeat(200)}&code=1`]) {
      await refused(new Traveller(), `${gateway.origin}/oauth/callback/good${query}`, 400, query);
      await refused(new Traveller(), `${gateway.origin}/login/return${query}`, 400, query);
    }
  });

  it('a name that is markup is shown as text, and passwords are not taken where there are none', async () => {
    provider.idToken = (claims) => provider.key.sign({ ...claims, name: '<svg onload=alert(1)>' }, { typ: 'JWT' });
    const { traveller, back } = await away();
    const page = await traveller.comeBack(back);
    assert.ok(page.text.includes('&lt;svg onload=alert(1)&gt;'));
    provider.reset();
    const visitor = new Traveller();
    const login = await visitor.open(url());
    assert.doesNotMatch(login.text, /name="password"/);
    const token = providerForm(login).fields.find((each) => each.name === 'form_token').value;
    const form = { username: 'alice', password, form_token: token };
    const answer = await visitor.request(`${gateway.origin}/login`, { method: 'POST', form, site: 'same-origin' });
    assert.equal(answer.status, 400);
    assert.equal(session(visitor), undefined);
    const nobody = { provider: 'nobody', form_token: token };
    const unknown = await visitor.request(`${gateway.origin}/login`, { method: 'POST', form: nobody, site: 'same-origin' });
    assert.equal(unknown.status, 400);
  });

  it('a provider that cannot be reached is told as such', async () => {
    await gone.stop();
    const visitor = new Traveller();
    const page = await visitor.open(url());
    const answer = await visitor.submit(page, providerForm(page), { provider: 'gone' });
    assert.equal(answer.status, 503);
    assert.match(answer.text, /cannot be reached/);
  });
});

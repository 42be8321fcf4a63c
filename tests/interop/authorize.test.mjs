// The authorization endpoint against requests that must not pass. The numbers order the cases; each stands alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient, errorOnPage } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const https = 'https://good.example/cb';

describe('authorization endpoint', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let two;
  let loopback;
  let localhost;
  let alice;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'authorize', upstream: upstream.url });
    client = await OAuthClient.register(gateway, { redirectUris: [https] });
    two = await OAuthClient.register(gateway, { redirectUris: [https, 'https://good.example/other'] });
    loopback = await OAuthClient.register(gateway, { redirectUris: ['http://127.0.0.1/cb'] });
    localhost = await OAuthClient.register(gateway, { redirectUris: ['http://localhost:9/cb'] });
    ({ browser: alice } = await loopback.authorize());
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const open = (who, changes, extra = '') => new UserAgent().request(who.request(changes).url + extra);

  const refusedHere = (answer, what) => {
    assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.location ?? ''}`);
    assert.match(header(answer, 'content-type'), /^text\/html/, what);
    assert.equal(answer.location, undefined, what);
    assert.equal(answer.headers['set-cookie'], undefined, what);
  };
  const refusesRedirect = async (who, ...uris) => {
    for (const uri of uris) refusedHere(await open(who, { redirect_uri: uri }), uri);
  };
  const accepts = async (who, uri) => {
    const page = await new UserAgent().open(who.request({ redirect_uri: uri }).url);
    assert.equal(page.status, 200, `${uri}: ${page.status} ${page.text.slice(0, 300)}`);
    assert.ok(
      parseForms(page.text).some((form) => form.has('password')),
      uri,
    );
  };
  /** What the page for strangers names, and the redirect of a user who is signed in: they must say the same. */
  const sentBack = async (who, changes, extra) => {
    const request = who.request(changes);
    const page = await new UserAgent().request(request.url + (extra ?? ''));
    const answer = await alice.request(request.url + (extra ?? ''));
    assert.equal(answer.status, 303, answer.text.slice(0, 300));
    const target = new URL(header(answer, 'location'));
    assert.equal(target.origin + target.pathname, changes?.redirect_uri ?? who.redirectUri);
    const parameters = Object.fromEntries(target.searchParams);
    if (request.state !== undefined) assert.equal(parameters.state, request.state);
    assert.equal(parameters.iss, gateway.origin);
    assert.equal(parameters.code, undefined);
    assert.equal(errorOnPage(page), parameters.error, page.text.slice(0, 300));
    return parameters.error;
  };

  it('case 1: unknown client: a page that says to register again', async () => {
    const answer = await open(client, { client_id: 'nobody-knows-me' });
    refusedHere(answer, 'unknown client');
    assert.match(answer.text, /regist/i);
    refusedHere(await open(client, { client_id: undefined }), 'no client');
  });

  it('case 2: redirect URI that is not registered', () =>
    refusesRedirect(client, 'https://evil.example/cb', 'https://good.example/'));

  it('case 3: no redirect URI though two are registered', async () => {
    refusedHere(await open(two, { redirect_uri: undefined }), 'none');
  });

  it('case 4: parameters sent twice', async () => {
    refusedHere(
      await open(client, {}, `&redirect_uri=${encodeURIComponent('https://evil.example/cb')}`),
      'redirect_uri',
    );
    refusedHere(await open(client, {}, `&client_id=${client.id}`), 'client_id');
    for (const name of ['state', 'scope', 'code_challenge', 'code_challenge_method', 'response_type', 'prompt']) {
      const answer = await open(client, { prompt: 'consent' }, `&${name}=again`);
      assert.equal(errorOnPage(answer), 'invalid_request', name);
    }
  });

  it('case 5: a path that climbs out of the registered one', () =>
    refusesRedirect(client, 'https://good.example/cb/../evil', 'https://good.example/cb/%2e%2e/evil'));

  it('case 6: a query that was not registered', () =>
    refusesRedirect(client, 'https://good.example/cb?x=1', 'https://good.example/cb?'));

  it('case 7: other spellings of the same address', () =>
    refusesRedirect(
      client,
      'https://good.example:443/cb',
      'HTTPS://GOOD.example/cb',
      'https://good.example/cb/',
      'https://good.example/%63b',
      ' https://good.example/cb',
      'https://good.example/cb ',
    ));

  it('case 8: another host behind the look of the good one', () =>
    refusesRedirect(
      client,
      'https://good.example@evil.example/cb',
      'https://good.example\\@evil.example/cb',
      'https://good.example\\@evil',
      'https://good.example.evil.example/cb',
    ));

  it('case 9: a loopback address may use any port', async () => {
    await accepts(loopback, 'http://127.0.0.1:51234/cb');
    await accepts(loopback, 'http://127.0.0.1/cb');
  });

  it('case 10: only a true loopback address, and only the port may differ', () =>
    refusesRedirect(
      loopback,
      'http://127.0.0.1:51234/other',
      'http://127.0.0.1.evil.example/cb',
      'http://127.1/cb',
      'http://2130706433/cb',
      'http://0x7f.1/cb',
      'https://127.0.0.1:51234/cb',
      'http://user@127.0.0.1:51234/cb',
      'http://127.0.0.1:51234/cb?x=1',
      'http://127.0.0.1:99999/cb',
      'http://127.0.0.1:/cb',
    ));

  it('case 11: localhost is a name of its own', async () => {
    await refusesRedirect(loopback, 'http://localhost:1/cb');
    await refusesRedirect(localhost, 'http://127.0.0.1:9/cb', 'http://localhost.evil.example:9/cb');
    await accepts(localhost, 'http://localhost:51234/cb');
  });

  it('case 12: schemes that run or read something', () =>
    refusesRedirect(
      client,
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      '\tjavascript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
    ));

  it('case 13: a fragment', () => refusesRedirect(client, `${https}#x`, `${https}#`));

  it('case 14: line breaks and NUL make no second header', async () => {
    await refusesRedirect(
      client,
      `${https}\r\nSet-Cookie: a=b`,
      `${https}%0d%0aLocation:https://evil.example`,
    );
    // A NUL in the address is no HTTP anybody needs: refused before it is a request for a page.
    assert.equal((await open(client, { redirect_uri: `${https}\0` })).status, 400);
    const { url } = client.request({ state: 'a\r\nLocation: https://evil.example/', code_challenge: undefined });
    const answer = await alice.request(url);
    assert.equal(answer.headers.location.length, 1);
    assert.equal(new URL(answer.location).host, 'good.example');
  });

  it('case 16: plain http beyond the loopback cannot be registered', async () => {
    const answer = await send(client.server.registration_endpoint, {
      json: { client_name: 'x', redirect_uris: ['http://public.example/cb'] },
    });
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_redirect_uri']);
    await refusesRedirect(client, 'http://public.example/cb');
  });

  it('case 17: no code challenge', async () =>
    assert.equal(
      await sentBack(client, { code_challenge: undefined, code_challenge_method: undefined }),
      'invalid_request',
    ));

  it('case 18: the plain method', async () =>
    assert.equal(await sentBack(client, { code_challenge_method: 'plain' }), 'invalid_request'));

  it('case 19: a method without a challenge, an empty challenge, a challenge without a method', async () => {
    assert.equal(await sentBack(client, { code_challenge: undefined }), 'invalid_request');
    assert.equal(await sentBack(client, { code_challenge: '' }), 'invalid_request');
    assert.equal(await sentBack(client, { code_challenge_method: undefined }), 'invalid_request');
  });

  it('case 20: challenges of the wrong length or alphabet', async () => {
    for (const challenge of [
      'a'.repeat(42),
      'a'.repeat(44),
      'a'.repeat(129),
      `${'a'.repeat(42)}+`,
      `${'a'.repeat(42)}=`,
    ]) {
      assert.equal(await sentBack(client, { code_challenge: challenge }), 'invalid_request', challenge);
    }
  });

  it('case 21: other response types', async () => {
    for (const type of ['token', 'code id_token', 'none']) {
      assert.equal(await sentBack(client, { response_type: type }), 'unsupported_response_type', type);
    }
    assert.equal(await sentBack(client, { response_type: undefined }), 'unsupported_response_type');
  });

  it('case 22: prompt=none without a session', async () =>
    assert.equal(await sentBack(client, { prompt: 'none' }), 'login_required'));

  it('case 23: the state comes back as it was, encoded', async () => {
    const state = `"><script>alert(1)</script>\r\n${'x'.repeat(200)}`;
    assert.equal(await sentBack(client, { state, code_challenge: undefined }), 'invalid_request');
    const answer = await alice.request(client.request({ state, code_challenge: undefined }).url);
    assert.ok(!/[<>"\r\n]/.test(answer.location) && !answer.text.includes('<script>alert'));
    const page = await open(client, { state, code_challenge: undefined });
    assert.ok(!page.text.includes('<script>alert'));
    const long = await open(client, { state: 'x'.repeat(9000) });
    assert.equal(long.status, 414);
  });

  it('case 25: after consent a 303 with the code, never stored', async () => {
    const browser = new UserAgent();
    const { code } = await client.authorize({ browser });
    assert.ok(code.length >= 22);
    const last = browser.pages.at(-1);
    assert.equal(last.status, 303);
    assert.match(header(last, 'cache-control'), /no-store/);
    assert.deepEqual(
      browser.pages.map((page) => page.status),
      [303, 200, 303, 200, 303],
    );
  });

  it('case 25: a refusal: the client is told so', async () => {
    const request = client.request();
    const end = await new UserAgent().authorize(request.url, { username: 'alice', password, decision: 'deny' });
    assert.deepEqual(
      Object.fromEntries(end.redirect.searchParams.entries().filter(([name]) => name !== 'error_description')),
      { error: 'access_denied', state: request.state, iss: gateway.origin },
    );
  });

  it('case 26: unknown scopes are dropped, unless none remains', async () => {
    const granted = await client.grant({ scope: 'tools.read nonsense mcp.connect' });
    assert.deepEqual(granted.scope.split(' ').sort(), ['mcp.connect', 'tools.read']);
    assert.equal(await sentBack(client, { scope: 'nonsense' }), 'invalid_scope');
    const many = await open(client, { scope: Array.from({ length: 10_000 }, (_, index) => `s${index}`).join(' ') });
    assert.equal(many.status, 414);
  });

  it('case 27: request objects are refused and never fetched', async () => {
    const stranger = await RecordingUpstream.start();
    assert.equal(await sentBack(client, { request: 'e30.e30.' }), 'request_not_supported');
    assert.equal(await sentBack(client, { request_uri: stranger.url }), 'request_uri_not_supported');
    stranger.untouched('request_uri');
    await stranger.stop();
  });

  it('case 28: methods, and parameters in two places', async () => {
    for (const method of ['HEAD', 'PUT', 'DELETE']) {
      const answer = await send(client.request().url, { method });
      assert.equal(answer.status, 405, method);
      assert.match(header(answer, 'allow'), /GET/, method);
    }
    const both = await send(client.request().url, { form: client.request().parameters });
    assert.equal(both.status, 400);
    assert.equal(both.headers.location, undefined);
  });

  it('a resource nobody serves is invalid_target', async () => {
    assert.equal(await sentBack(client, { resource: 'https://elsewhere.example/mcp' }), 'invalid_target');
  });

  it('a wrong password gives no session and no code', async () => {
    const browser = new UserAgent();
    const end = await browser.authorize(client.request().url, { username: 'alice', password: 'wrong' });
    assert.equal(end.redirect, undefined);
    const again = await browser.open(client.request().url);
    assert.ok(
      parseForms(again.text).some((form) => form.has('password')),
      'still asked to sign in',
    );
  });
});

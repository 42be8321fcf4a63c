// Registration of clients: what strangers may store, how much of it, and what a person sees of it later.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { UserAgent, decodeEntities } from './lib/browserless.mjs';
import { Gateway, password, patience, sanitized } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const redirect = 'http://127.0.0.1:7777/callback';

describe('hostile registrations', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let endpoint;
  let agent;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'hostile-registration', upstream: upstream.url });
    endpoint = `${gateway.origin}/oauth/register`;
    agent = new http.Agent({ keepAlive: true });
    upstream.reset();
  });
  after(async () => {
    agent?.destroy();
    upstream?.untouched('a registration');
    await gateway?.stop();
    await upstream?.stop();
  });

  const good = { client_name: 'Good', redirect_uris: [redirect], token_endpoint_auth_method: 'none' };
  const register = (changes, options) => send(endpoint, { json: { ...good, ...changes }, agent, ...options });
  const refused = (answer, status, error, what) => {
    assert.match(header(answer, 'content-type'), /^application\/json/, what);
    assert.deepEqual([answer.status, answer.json().error], [status, error], `${what}: ${answer.text.slice(0, 200)}`);
    assert.ok(answer.json().error_description, what);
  };

  it('case 49: redirect URIs nobody may register', async () => {
    const error = 'invalid_redirect_uri';
    for (const uri of [
      ...['javascript:alert(1)', 'JaVaScRiPt:alert(1)', '\tjavascript:alert(1)', ' javascript:alert(1)'],
      ...['data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:https://good.example/x', 'about:blank'],
      ...['http://evil', 'http://public.example/cb', 'http://127.0.0.1.evil.example/cb', 'http://10.0.0.1/cb'],
      ...['https://good.example/cb#x', 'https://user@good.example/cb', 'https://good.example/a/../b', '//good.example'],
      ...['https://good.example/%0d%0aX', 'https://good.example\\@evil', 'https://', 'good.example/cb', ''],
    ]) {
      refused(await register({ redirect_uris: [uri] }), 400, error, JSON.stringify(uri));
      refused(await register({ redirect_uris: [redirect, uri] }), 400, error, `a good one and ${uri}`);
    }
    const many = Array.from({ length: 1000 }, (_, index) => `${redirect}/${index}`);
    // So many are more bytes than a registration may have.
    refused(await register({ redirect_uris: many }), 413, 'body_too_large', '1,000 entries');
    for (const list of [[], redirect, { 0: redirect }, null, 7, [[redirect]], [7], [null]])
      refused(await register({ redirect_uris: list }), 400, error, JSON.stringify(list));
    refused(await register({ redirect_uris: undefined }), 400, error, 'none');
  });

  it('case 50: hostile names are refused, or shown as text that does nothing', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const answer = await register({ client_name: name, redirect_uris: [`${redirect}/markup`] });
    assert.equal(answer.status, 201, answer.text);
    const { client_id: id, redirect_uris: uris } = answer.json();
    const client = await OAuthClient.register(gateway);
    Object.assign(client, { id, redirectUri: uris[0] });
    const browser = new UserAgent();
    await browser.authorize(client.request().url, { username: 'alice', password, decision: 'deny' });
    const page = browser.pages.findLast((each) => each.text.includes('name="decision"'));
    assert.ok(page, 'no consent page');
    assert.doesNotMatch(page.text, /<img/);
    assert.equal(page.headers['set-cookie'], undefined);
    assert.ok(decodeEntities(page.text).includes(name), 'shown as it is written');
    for (const [what, hostile] of Object.entries({
      'ten thousand characters': 'N'.repeat(10_240),
      'right to left': 'Bank \u202egnissim\u202c \u2066app\u2069',
      'zero width': 'Po\u200bstern\u2060\ufeff',
      NUL: 'Good\0evil',
      'a lone surrogate': '\ud800 half',
      'line ends': 'Good\r\nSet-Cookie: a=b',
      'no text': ['x'],
    }))
      refused(await register({ client_name: hostile }), 400, 'invalid_client_metadata', what);
  });

  it('case 51: grant types of others are refused or dropped, and the answer says what is left', async () => {
    for (const [extra, error] of Object.entries({
      client_credentials: 'unauthorized_client',
      password: 'unsupported_grant_type',
      implicit: 'unsupported_grant_type',
      'urn:ietf:params:oauth:grant-type:token-exchange': 'unsupported_grant_type',
    })) {
      refused(await register({ grant_types: [extra] }), 400, 'invalid_client_metadata', `${extra} alone`);
      const mixed = await register({ grant_types: ['authorization_code', extra] });
      assert.equal(mixed.status, 201, `${extra}: ${mixed.text}`);
      assert.deepEqual(mixed.json().grant_types, ['authorization_code'], extra);
      const answer = await send(`${gateway.origin}/oauth/token`, {
        form: { grant_type: extra, client_id: mixed.json().client_id, username: 'alice', password },
      });
      refused(answer, 400, error, extra);
    }
    for (const type of ['token', 'id_token', 'code token'])
      refused(await register({ response_types: [type] }), 400, 'invalid_client_metadata', type);
  });

  it('case 52: bodies that are no small, plain JSON object', async () => {
    const text = JSON.stringify(good);
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
    const large = JSON.stringify({ ...good, client_name: 'x'.repeat(1024 * 1024) });
    refused(await send(endpoint, { body: large, ...json }), 413, 'body_too_large', 'a megabyte');
    const bodies = {
      'ten thousand deep': `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      'deep inside': `{"redirect_uris":["${redirect}"],"x":${'['.repeat(4_000)}${']'.repeat(4_000)}}`,
      'a member twice': `{"client_name":"Good",${text.slice(1)}`,
      'a byte order mark': `\ufeff${text}`,
      'no JSON': 'client_name=Good',
      'cut short': text.slice(0, -1),
      'two documents': text + text,
      'a list': `[${text}]`,
      'a string': '"x"',
      nothing: '',
      'UTF-16': Buffer.from(text, 'utf16le'),
      'no UTF-8': Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"a":"\xff"}', 'latin1')]),
    };
    for (const [what, body] of Object.entries(bodies)) {
      refused(await send(endpoint, { body, ...json }), 400, 'invalid_client_metadata', what);
    }
    const form = await send(endpoint, { form: { client_name: 'Good' } });
    refused(form, 415, 'invalid_client_metadata', 'a form');
  });

  const times = sanitized ? 1_000 : 10_000;
  it(`case 53: the same metadata ${times} times is one client`, async () => {
    const ids = new Set();
    const pool = new http.Agent({ keepAlive: true, maxSockets: 16 });
    const one = async () => {
      const answer = await send(endpoint, { json: { ...good, client_name: 'Again and again' }, agent: pool });
      assert.equal(answer.status, 201);
      ids.add(answer.json().client_id);
    };
    for (let done = 0; done < times; done += 500) await Promise.all(Array.from({ length: 500 }, one));
    pool.destroy();
    assert.equal(ids.size, 1);
    const listed = JSON.parse(await gateway.command(['client', 'list', '--json']));
    assert.equal(listed.filter((each) => each.name === 'Again and again').length, 1, 'one row');
  });

  it('case 54: a public client has no secret, and registrations can be neither read nor changed', async () => {
    const answer = await register({ client_name: 'Public' });
    assert.equal(answer.status, 201);
    const body = answer.json();
    for (const name of [
      'client_secret',
      'client_secret_expires_at',
      'registration_access_token',
      'registration_client_uri',
    ])
      assert.ok(!(name in body), name);
    assert.match(header(answer, 'cache-control'), /no-store/);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      for (const [url, status, error] of [
        [`${endpoint}/${body.client_id}`, 404, 'not_found'],
        [`${endpoint}?client_id=${body.client_id}`, 405, 'method_not_allowed'],
      ]) {
        const managed = await send(url, { method, headers: { Authorization: 'Bearer x' } });
        assert.deepEqual([managed.status, managed.json().error], [status, error], `${method} ${url}`);
        assert.ok(!managed.text.includes(redirect) && !managed.text.includes('Public'), `${method} tells nothing`);
      }
    }
    assert.equal(
      (await send(`${gateway.origin}/oauth/authorize?client_id=${body.client_id}`)).status,
      303,
      'still there',
    );
  });
});

describe('a ceiling on registrations', { timeout: 60_000 * patience }, () => {
  it('case 53: past limits.rate.register: 429 with Retry-After, and nothing is stored', async () => {
    const upstream = await RecordingUpstream.start();
    const gateway = await Gateway.start({
      name: 'registration-rate',
      upstream: upstream.url,
      configure: (config) => {
        config.limits.rate.register = '1/h burst 3';
      },
    });
    for (let index = 0; index < 6; ++index) {
      const answer = await send(`${gateway.origin}/oauth/register`, {
        json: { client_name: `Stranger ${index}`, redirect_uris: [redirect], token_endpoint_auth_method: 'none' },
      });
      assert.equal(answer.status, index < 3 ? 201 : 429);
      if (index < 3) continue;
      assert.match(header(answer, 'retry-after'), /^[1-9][0-9]*$/);
      assert.ok(answer.json().error, 'an error in OAuth JSON');
    }
    assert.equal(JSON.parse(await gateway.command(['client', 'list', '--json'])).length, 3);
    upstream.untouched('a registration');
    await gateway.stop();
    await upstream.stop();
  });
});

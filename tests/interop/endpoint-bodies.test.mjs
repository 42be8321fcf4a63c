// How much the endpoints and the pages take, to the byte. `limits.body` is for calls and changes nothing about it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { exchange, head } from '../raw/lib/raw.mjs';
import { openAccount, textOf, valuesOf } from './lib/account.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const registrationLimit = 16 * 1024;
const formLimit = 128 * 1024;
const tokenShape = /mcpv1_[A-Za-z0-9_-]{43}/;

describe('bodies of endpoints and pages', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'endpoint-bodies',
      upstream: upstream.url,
      configure: (config) => {
        config.resources[0].manual_tokens = true;
        // Less than what endpoints take, which does not depend on it.
        config.limits = { ...config.limits, body: '1KiB' };
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const chunks = (text) => text.match(/[^]{1,1000}/g).map(chunk).join('');
  const start = (path, type, fields, framing) =>
    head(`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, `Content-Type: ${type}`, ...fields, framing);
  async function ask(...sent) {
    const { responses, closed } = await exchange(gateway.port, sent, { answers: 1, seconds: 20 * patience });
    assert.equal(responses.length, 1, `no answer, but ${closed ?? 'silence'}`);
    return responses[0];
  }
  /** The answers to one body, with its length and in chunks. */
  const bothWays = async (path, type, body, fields = []) => [
    await ask(start(path, type, fields, `Content-Length: ${body.length}`), Buffer.from(body)),
    await ask(start(path, type, fields, 'Transfer-Encoding: chunked'), Buffer.from(`${chunks(body)}0\r\n\r\n`)),
  ];
  /** The answers to a body a byte too large: to its length alone, and to chunks of which the last never comes. */
  const beyond = async (path, type, body, fields = []) => [
    await ask(start(path, type, fields, `Content-Length: ${body.length}`)),
    await ask(start(path, type, fields, 'Transfer-Encoding: chunked'), Buffer.from(chunks(body))),
  ];

  describe('a registration', () => {
    const metadata = (name, size) =>
      JSON.stringify({
        client_name: name,
        redirect_uris: [`https://${name}.example.test/callback`],
        token_endpoint_auth_method: 'none',
      }).padEnd(size);
    const names = async () =>
      JSON.parse(await gateway.command(['client', 'list', '--json'])).map(({ name }) => name);

    it('of 16 KiB is kept', async () => {
      for (const answer of await bothWays('/oauth/register', 'application/json', metadata('fits', registrationLimit)))
        assert.deepEqual([answer.status, JSON.parse(answer.body).client_name], [201, 'fits']);
      assert.deepEqual((await names()).filter((name) => name === 'fits'), ['fits']);
    });

    it('of a byte more is refused before its end, and nothing is kept of it', async () => {
      const body = metadata('beyond', registrationLimit + 1);
      for (const answer of await beyond('/oauth/register', 'application/json', body)) {
        assert.deepEqual([answer.status, JSON.parse(answer.body).error], [413, 'body_too_large']);
        assert.deepEqual(answer.headers.connection, ['close']);
        assert.deepEqual(answer.headers['access-control-allow-origin'], ['*'], 'clients in browsers can read it');
      }
      assert.deepEqual((await names()).filter((name) => name === 'beyond'), []);
    });
  });

  /** Fields as a form of exactly so many bytes. A value may have 64 KiB. */
  function formOf(fields, size) {
    let form = new URLSearchParams(fields).toString();
    for (let count = 0; form.length < size; ++count) {
      const name = `&padding${count}=`;
      form += name + 'x'.repeat(Math.min(60_000, size - form.length - name.length));
    }
    assert.equal(form.length, size);
    return form;
  }
  const formType = 'application/x-www-form-urlencoded';

  describe('a form of the account pages', () => {
    const isTooLarge = (answer, what) => {
      assert.equal(answer.status, 413, what);
      assert.match(answer.headers['content-type'][0], /^text\/html/, what);
      assert.match(textOf(answer.body), /The body is larger than this address takes; send less\./, what);
      assert.deepEqual(answer.headers.connection, ['close'], what);
      assert.equal(answer.headers['access-control-allow-origin'], undefined, what);
    };
    /** The head of a form that the browser sends from our page. */
    const sentBy = (browser, path) => [
      `Cookie: ${browser.cookieHeader(gateway.origin + path)}`,
      `Origin: ${gateway.origin}`,
      'Sec-Fetch-Site: same-origin',
    ];
    const minted = async () =>
      JSON.parse(await gateway.command(['grant', 'list', '--json'])).filter(({ kind }) => kind === 'minted').length;

    it('of 128 KiB makes a token, and of a byte more none', async () => {
      const path = '/account/tokens';
      const { browser, page } = await openAccount(gateway, 'tokens');
      const wish = () => ({
        ...valuesOf(page, (form) => form.has('once')),
        ...{ action: 'make', name: 'CI', days: '90', 'may:mcp.connect': 'yes' },
      });
      for (const answer of await beyond(path, formType, formOf(wish(), formLimit + 1), sentBy(browser, path)))
        isTooLarge(answer, path);
      assert.equal(await minted(), 0);
      const [first, second] = await bothWays(path, formType, formOf(wish(), formLimit), sentBy(browser, path));
      assert.equal(first.status, 200, textOf(first.body));
      assert.match(first.body, tokenShape);
      assert.equal(second.status, 403, 'the same form again');
      assert.match(textOf(second.body), /Made before/);
      assert.equal(await minted(), 1);
    });

    it('of 128 KiB revokes, and of a byte more does not', async () => {
      const client = await OAuthClient.register(gateway);
      const tokens = await client.grant();
      const path = '/account/apps';
      const { browser, page } = await openAccount(gateway, 'apps');
      const fields = valuesOf(page, (form) => form.has('grant'));
      for (const answer of await beyond(path, formType, formOf(fields, formLimit + 1), sentBy(browser, path)))
        isTooLarge(answer, path);
      assert.equal((await client.refresh(tokens.refresh_token)).status, 200);
      const answers = await bothWays(path, formType, formOf(fields, formLimit), sentBy(browser, path));
      assert.deepEqual(answers.map(({ status }) => status), [200, 200], textOf(answers[0].body));
      assert.equal((await client.refresh(tokens.refresh_token)).status, 400);
    });

    it('of nobody is refused for its size before anybody is asked to sign in', async () => {
      const ours = ['/account/apps', '/account/endpoints', '/account/tokens', '/login', '/logout', '/oauth/authorize'];
      for (const path of ours)
        for (const answer of await beyond(path, formType, formOf({}, formLimit + 1))) isTooLarge(answer, path);
    });
  });

  it('a token request of 128 KiB is read, and one of a byte more is not', async () => {
    const client = await OAuthClient.register(gateway);
    const { code, verifier } = await client.authorize();
    const fields = {
      ...{ grant_type: 'authorization_code', code, client_id: client.id },
      ...{ redirect_uri: client.redirectUri, code_verifier: verifier, resource: client.resource },
    };
    for (const answer of await beyond('/oauth/token', formType, formOf(fields, formLimit + 1)))
      assert.deepEqual([answer.status, JSON.parse(answer.body).error], [413, 'body_too_large']);
    const [first, second] = await bothWays('/oauth/token', formType, formOf(fields, formLimit));
    assert.deepEqual([first.status, JSON.parse(first.body).token_type], [200, 'Bearer']);
    assert.deepEqual([second.status, JSON.parse(second.body).error], [400, 'invalid_grant'], 'it was used');
  });
});

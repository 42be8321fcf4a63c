// No secret in any log: a person, clients and an attacker use everything there is, at the most talkative level; then
// the logs are searched for each secret that was used. Nor are those in the store that need only be recognized.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseForms, UserAgent } from './lib/browserless.mjs';
import { damaged } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const random = (name) => `${name}-${randomBytes(18).toString('base64url')}`;

describe('secrets', { timeout: 120_000 * patience }, () => {
  const secret = random('Password of/alice &');
  const upstreamCredential = random('upstream');
  const upstreamSession = random('session');
  const used = new Map();
  let upstream;
  let gateway;

  /** Remembers a secret, and returns it. */
  const keep = (name, value) => {
    assert.ok(typeof value === 'string' && value.length >= 16, `${name}: ${value}`);
    used.set(`${name} ${used.size}`, value);
    return value;
  };

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, _, response) => {
        if (message?.method === 'initialize') response.setHeader('Mcp-Session-Id', upstreamSession);
        if (message?.params?.name === 'broken') response.destroy();
        return message?.params?.name === 'broken';
      },
    });
    gateway = await Gateway.start({
      name: 'secrets',
      upstream: upstream.url,
      users: [{ name: 'alice', members: ['acme:admin'], secret }],
      configure: (config, self) => {
        config.log = { level: 'debug', audit: path.join(self.folder, 'audit.log') };
        config.upstreams.everything.credential = { bearer: upstreamCredential };
        config.upstreams.everything.headers = { 'X-User': '{user.name}' };
      },
    });
    keep('password', secret);
    keep('credential of the upstream', upstreamCredential);
    keep('session of the upstream', upstreamSession);
    await signIns();
    await confidential();
    await calls();
    await attacks();
    await commands();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const keepTokens = (name, answer) => {
    assert.equal(answer.status, 200, answer.text);
    keep(`${name}: access token`, answer.body.access_token);
    keep(`${name}: refresh token`, answer.body.refresh_token);
    return answer.body;
  };

  function keepBrowser(browser) {
    for (const { name, value } of browser.cookies()) if (value.length >= 16) keep(`cookie ${name}`, value);
    for (const page of browser.pages) {
      for (const field of parseForms(page.text).flatMap((form) => form.fields))
        if (field.kind === 'hidden' && field.value.length >= 20 && !/^https?:/.test(field.value))
          hidden.add(field.value);
    }
  }
  const hidden = new Set();

  let client;
  let tokens;

  async function signIns() {
    client = await OAuthClient.register(gateway);
    const browser = new UserAgent();
    const wrong = keep('a wrong password', random('wrong'));
    await browser.authorize(client.request().url, { username: 'alice', password: wrong });
    await browser.authorize(client.request().url, {
      username: keep('a password typed as name', random('name')),
      password: wrong,
    });
    const grant = await client.authorize({ secret, browser });
    keepBrowser(browser);
    keep('code', grant.code);
    keep('code verifier', grant.verifier);
    await client.exchange(grant, { code_verifier: keep('wrong verifier', randomBytes(32).toString('base64url')) });
    tokens = keepTokens('first', await client.exchange(grant));
    const second = keepTokens('refreshed', await client.refresh(tokens.refresh_token));
    await client.refresh(tokens.refresh_token);
    tokens = second;
    const reused = await client.authorize({ secret, browser });
    keep('code used twice', reused.code);
    keepTokens('of a code used twice', await client.exchange(reused));
    assert.equal((await client.exchange(reused)).status, 400);
    await client.exchange({ code: keep('a code nobody issued', random('code')), verifier: 'v'.repeat(43) });
    const denied = await browser.authorize(client.request().url, {
      username: 'alice',
      password: secret,
      decision: 'deny',
    });
    assert.equal(denied.redirect.searchParams.get('error'), 'access_denied');
    await browser.open(`${gateway.origin}/logout`);
  }

  async function confidential() {
    for (const method of ['client_secret_basic', 'client_secret_post']) {
      const other = await OAuthClient.register(gateway, { metadata: { token_endpoint_auth_method: method } });
      const own = keep(`secret of ${method}`, other.information.client_secret);
      const present = (value) => {
        if (method === 'client_secret_post') return [{ client_secret: value }, {}];
        const basic = Buffer.from(`${encodeURIComponent(other.id)}:${encodeURIComponent(value)}`).toString('base64');
        keep('Basic', basic);
        return [{ client_id: undefined }, { headers: { Authorization: `Basic ${basic}` } }];
      };
      const grant = await other.authorize({ secret });
      keep('code', grant.code);
      for (const value of [keep('a wrong client secret', random('secret')), own]) {
        const [fields, options] = present(value);
        const form = {
          grant_type: 'authorization_code',
          code: grant.code,
          client_id: other.id,
          redirect_uri: other.redirectUri,
          code_verifier: grant.verifier,
          ...fields,
        };
        if (form.client_id === undefined) delete form.client_id;
        const answer = await other.token(form, options);
        if (value !== own) {
          assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_client']);
          continue;
        }
        const { access_token: token } = keepTokens(method, answer);
        const asked = { ...fields, token };
        if (fields.client_id !== undefined || method === 'client_secret_post') asked.client_id = other.id;
        else delete asked.client_id;
        await send(`${gateway.origin}/oauth/introspect`, { form: asked, ...options });
        assert.equal((await send(other.server.revocation_endpoint, { form: asked, ...options })).status, 200);
      }
    }
  }

  async function calls() {
    const session = keep('sealed session', await initialize(gateway.resource, tokens.access_token));
    for (const tool of ['echo', 'get-sum', 'get-env', 'broken'])
      await callTool(
        gateway.resource,
        tokens.access_token,
        tool,
        { key: keep('argument', random('argument')) },
        { session },
      );
    await ping(gateway.resource, tokens.access_token, {
      session: keep('forged session', damaged(session)),
    });
  }

  /** Secrets where none should be. */
  async function attacks() {
    const { access_token: access, refresh_token: refresh } = tokens;
    const { resource, origin } = gateway;
    for (const url of [
      `${resource}?access_token=${access}`,
      `${resource}/${access}`,
      `${origin}/${refresh}?x=${access}`,
    ])
      await ping(url, access);
    for (const value of [
      `Bearer ${access} ${refresh}`,
      `Bearer ${access},x`,
      `Token ${access}`,
      `Basic ${access}`,
      access,
    ])
      await post(resource, rpc('ping'), { headers: { Authorization: value } });
    await post(resource, rpc('ping'), { token: refresh });
    await callTool(resource, access, access, { access });
    await callTool(resource, access, `x ${refresh}`);
    await post(resource, rpc(access), { token: access });
    await post(resource, rpc('ping'), {
      token: access,
      headers: { Cookie: access, 'User-Agent': access, Origin: access },
    });
    await post(resource, rpc('ping'), { token: access, headers: { 'Mcp-Name': access, 'Last-Event-ID': refresh } });
    await send(`${origin}/oauth/token`, {
      body: `{"code":"${access}"`,
      headers: { 'Content-Type': 'application/json' },
    });
    await send(`${origin}/oauth/token`, { form: { grant_type: access, client_id: refresh, scope: access } });
    await send(`${origin}/oauth/token`, {
      form: [
        ['code', access],
        ['code', refresh],
      ],
    });
    await send(`${origin}/oauth/register`, { json: { client_name: access, redirect_uris: [access], scope: refresh } });
    await send(`${origin}/oauth/authorize?client_id=${access}&redirect_uri=${refresh}&state=${access}`);
    await send(client.request({ scope: access, state: access, prompt: access, resource: `${resource}/${access}` }).url);
    await send(`${origin}/login`, { form: { username: 'alice', password: secret } });
  }

  async function commands() {
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource, '--scope', 'mcp.connect'];
    const minted = (await gateway.command(['token', 'mint', ...words])).trimEnd().split('\n').at(-1);
    keep('minted token', minted);
    keep('session of the minted token', await initialize(gateway.resource, minted));
    const added = await gateway.command([
      'client',
      'add',
      '--name',
      'Machine',
      '--confidential',
      '--redirect-uri',
      client.redirectUri,
    ]);
    keep('client secret of the command', /client_secret: (\S+)/.exec(added)[1]);
    assert.equal((await client.revoke(tokens.refresh_token)).status, 200);
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 401);
  }

  /** A secret as it may appear: whole, encoded for a URL, in base64, or a long piece of either end of it. */
  function formsOf(value) {
    const bare = value.replace(/^mcp.1_/, '');
    const forms = [value, encodeURIComponent(value), new URLSearchParams({ v: value }).toString().slice(2)];
    forms.push(Buffer.from(value).toString('base64').replace(/=+$/, ''), bare.slice(0, 16), bare.slice(-16));
    return forms;
  }

  function found(text, [name, value]) {
    const form = formsOf(value).find((each) => text.includes(each));
    return form === undefined ? [] : [`${name}: ${text.split('\n').find((line) => line.includes(form)) ?? form}`];
  }

  it('the logs tell what happened, and hold none of the secrets', () => {
    const log = gateway.logs();
    const audit = readFileSync(path.join(gateway.folder, 'audit.log'), 'utf8');
    assert.ok(log.includes('"event":"endpoint"') && audit.includes(client.id), 'there is something to be searched');
    assert.ok(audit.includes('[redacted]'), 'a token used as the name of a tool is seen to be one');
    assert.ok(used.size > 30, String(used.size));
    const leaks = [...used, ...[...hidden].map((value) => ['hidden field', value])].flatMap((each) => [
      ...found(log, each),
      ...found(audit, each),
    ]);
    assert.deepEqual(leaks, []);
  });

  it('the store holds none of those that need only be recognized', () => {
    const files = readdirSync(gateway.folder).filter((name) => name.startsWith('postern.db') && !name.endsWith('.key'));
    const bytes = files.map((name) => readFileSync(path.join(gateway.folder, name), 'latin1')).join('\n');
    assert.ok(bytes.includes(client.id), 'the store is what was searched');
    const leaks = [...used].filter(([, value]) => bytes.includes(value)).map(([name]) => name);
    assert.deepEqual(leaks, []);
  });
});

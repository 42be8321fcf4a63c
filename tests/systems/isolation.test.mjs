// Two tenants, each of the three ways in which an address can be somebody's, and everything that one might try to get
// at the other: what the server behind sees is counted byte by byte.
import assert from 'node:assert/strict';
import https from 'node:https';
import tls from 'node:tls';
import { after, before, beforeEach, describe, it } from 'node:test';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { password, patience } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { callTool, initialize, ping, rpc } from '../interop/lib/mcp.mjs';
import { openStream } from '../interop/lib/stream.mjs';
import { RecordingUpstream, startEverything } from '../interop/lib/upstream.mjs';
import { until, within } from '../interop/lib/wait.mjs';
import { claimAddress } from './lib/address.mjs';
import { startSystem } from './lib/system.mjs';

const address = await claimAddress('127.0.6.1');
const policy = {
  policy: 'everyone',
  scopes: { 'mcp.connect': 'Connect', 'tools.read': 'Read' },
  default_scopes: ['mcp.connect', 'tools.read'],
  connect: ['mcp.connect'],
  otherwise: 'allow',
};
const domain = 'isolation.test';
// `at(tenant)`: the address; `sessions(tenant)`: of a server behind that has sessions.
const shapes = {
  'in the host': { at: (tenant) => `https://${tenant}.${domain}/mcp`, sessions: (tenant) => `https://${tenant}.${domain}/sessions` },
  'in the path': { at: (tenant) => `https://app.${domain}/t/${tenant}/mcp`, sessions: (tenant) => `https://app.${domain}/s/${tenant}/mcp` },
  picked: { at: () => `https://ai.${domain}/mcp`, sessions: () => `https://ai.${domain}/sessions`, picks: true },
};
const tenants = ['acme', 'globex'];
const codeOf = (answer) => answer.json().error?.data?.error ?? answer.json().error;

/** A request whose target is sent as it is written. */
function rawTarget(host, target, { method = 'POST', token, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request({ host, port: 443, path: target, method, agent: false });
    request.setHeader('Authorization', `Bearer ${token}`);
    request.setHeader('Accept', 'application/json, text/event-stream');
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
    if (method === 'POST') request.setHeader('Content-Type', 'application/json');
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
      request.destroy();
    });
    request.end(method === 'POST' ? JSON.stringify(rpc('tools/call', { name: 'echo', arguments: {} })) : undefined);
  });
}

describe('isolation', { timeout: 300_000 * patience }, () => {
  let system;
  let upstream;
  let everything;
  let gateway;
  const browsers = {};

  before(async () => {
    everything = await startEverything();
    upstream = await RecordingUpstream.start();
    system = await startSystem({
      name: 'isolation',
      address,
      policy,
      upstream: upstream.url,
      users: [
        { name: 'alice', members: tenants },
        { name: 'bob', members: tenants },
        { name: 'carol', members: [] },
        { name: 'dave', members: ['initech'] },
      ],
      prepare: (made) => made.command(['tenant', 'add', 'initech']),
      configure: (config) => {
        config.upstreams.sessions = { urls: [everything.url] };
        config.authorization_servers = {
          main: { default: true, issuer: `https://ai.${domain}` },
          each: { issuer: `https://{tenant}.${domain}` },
        };
        config.tenants = [...tenants, 'app', 'ai'].map((handle) => ({ handle }));
        config.resources = Object.values(shapes).flatMap(({ at, sessions, picks }) =>
          [[at, 'everything'], [sessions, 'sessions']].map(([address, behind]) => ({
            serve: address('{tenant}'),
            upstream: behind,
            policy: policy.policy,
            ...(address('{tenant}').includes(`//{tenant}`) ? { authorization_server: 'each' } : {}),
            ...(picks && behind === 'everything' ? { root: true } : {}),
          })),
        );
      },
    });
    ({ gateway } = system);
  });
  after(async () => {
    await system?.stop();
    await upstream?.stop();
    await everything?.stop();
  });
  beforeEach(() => upstream.reset());

  /** A client with tokens at that address; `tenant` is picked where there is a choice. */
  async function connected(url, { tenant, user = 'alice', ...options } = {}) {
    const client = await system.client(url);
    const browser = (browsers[`${user} ${new URL(client.server.issuer).host}`] ??= new UserAgent());
    return { client, tokens: await client.grant({ user, browser, tenant, ...options }) };
  }
  const each = async (run) => {
    for (const [shape, { at, sessions, picks }] of Object.entries(shapes)) await run({ shape, at, sessions, picks });
  };
  const tokenOf = async (url, options) => (await connected(url, options)).tokens.access_token;

  it('case 69: a token of one tenant at the other’s address, by every method and spelling', async () => {
    for (const { at } of [shapes['in the host'], shapes['in the path']]) {
      const { host: own } = new URL(at('acme'));
      const { host: other, pathname } = new URL(at('globex'));
      const token = await tokenOf(at('acme'), { tenant: 'acme' });
      upstream.reset();
      const targets = [
        [pathname, 401],
        [`${pathname}/`, 401],
        [`/t/acme/../globex/mcp`, 400],
        [`/t/acme/%2e%2e/globex/mcp`, 400],
        [`/t/globex%2fmcp`, 400],
        [`//t/globex/mcp`, 400],
        [`https://${other}${pathname}`, 401],
        [`${pathname}?x=1`, 401],
      ];
      for (const method of ['POST', 'GET', 'DELETE', 'HEAD', 'PUT'])
        for (const [target, status] of targets)
          assert.equal(await rawTarget(other, target, { method, token }), status, `${method} ${target}`);
      assert.equal(await rawTarget(own, pathname, { token, headers: { Host: other } }), 401, `Host ${other}`);
      upstream.untouched('a token of another tenant');
    }
    const { at } = shapes.picked;
    const token = await tokenOf(at(), { tenant: 'acme' });
    for (const headers of [{ 'X-Tenant': 'globex' }, { 'X-Postern-Tenant': 'globex' }, { 'X-Forwarded-Host': `globex.${domain}` }])
      await callTool(at(), token, 'echo', { tenant: 'globex' }, { headers });
    assert.deepEqual([...new Set(upstream.requests.map((request) => request.headers['x-tenant']))], ['acme']);
  });

  it('case 70: what a client proves itself with stays with the gateway', async () => {
    await each(async ({ shape, at }) => {
      const { tokens } = await connected(at('acme'), { tenant: 'acme' });
      const headers = { Cookie: 'session=secret-cookie', 'Proxy-Authorization': 'Basic c2VjcmV0' };
      upstream.reset();
      assert.equal((await callTool(at('acme'), tokens.access_token, 'echo', {}, { headers })).status, 200, shape);
      const seen = JSON.stringify(upstream.requests.map(({ rawHeaders, body, url }) => [rawHeaders, body, url]));
      for (const secret of [tokens.access_token, tokens.refresh_token, 'secret-cookie', 'c2VjcmV0', 'Bearer'])
        assert.ok(!seen.includes(secret), `${shape}: ${secret}`);
    });
  });

  it('case 71: a token in the query or the body is none, and is not logged', async () => {
    await each(async ({ shape, at }) => {
      const token = await tokenOf(at('acme'), { tenant: 'acme' });
      upstream.reset();
      const query = await send(`${at('acme')}?access_token=${token}`, { json: rpc('ping') });
      assert.deepEqual([query.status, codeOf(query)], [401, 'missing_bearer_token'], shape);
      const form = await send(at('acme'), { form: { access_token: token } });
      assert.deepEqual([form.status, codeOf(form)], [401, 'missing_bearer_token'], shape);
      const body = await send(at('acme'), { json: { ...rpc('ping'), access_token: token } });
      assert.deepEqual([body.status, codeOf(body)], [401, 'missing_bearer_token'], shape);
      assert.ok(!gateway.logs().includes(token), shape);
    });
    upstream.untouched('tokens in the wrong place');
  });

  it('case 72: a session of one user is unknown to another, and is unharmed', async () => {
    await each(async ({ shape, sessions }) => {
      const url = sessions('acme');
      const alice = await tokenOf(url, { tenant: 'acme' });
      const bob = await tokenOf(url, { tenant: 'acme', user: 'bob' });
      const session = await initialize(url, alice);
      const stolen = await ping(url, bob, { session });
      assert.deepEqual([stolen.status, codeOf(stolen)], [404, 'unknown_session'], shape);
      const other = sessions('globex');
      const globex = await tokenOf(other, { tenant: 'globex' });
      const moved = await ping(other, globex, { session });
      assert.deepEqual([moved.status, codeOf(moved)], [404, 'unknown_session'], shape);
      assert.equal((await ping(url, alice, { session })).status, 200, shape);
    });
  });

  it('case 73: a session id that is guessed, long, or holds a line break', async () => {
    await each(async ({ shape, sessions }) => {
      const url = sessions('acme');
      const token = await tokenOf(url, { tenant: 'acme' });
      for (const session of ['0', 'f47ac10b-58cc-4372-a567-0e02b2c3d479', 'x'.repeat(10_240), 'a,b', '../x']) {
        const answer = await ping(url, token, { session });
        const what = `${shape}: ${session.slice(0, 40)}`;
        assert.deepEqual([answer.status, codeOf(answer)], [404, 'unknown_session'], what);
      }
      const { host, pathname } = new URL(url);
      const socket = tls.connect({ host, port: 443, servername: host });
      const head = [`POST ${pathname} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${token}`];
      socket.write(`${head.join('\r\n')}\r\nMcp-Session-Id: a\r\n b\r\nContent-Length: 0\r\n\r\n`);
      const [answer] = await within(15, 'an answer', new Promise((done) => socket.once('data', (data) => done([String(data)]))));
      socket.destroy();
      assert.match(answer, /^HTTP\/1\.1 400 /, shape);
    });
  });

  it('case 74: a session ends by its owner alone', async () => {
    await each(async ({ shape, sessions }) => {
      const url = sessions('acme');
      const alice = await tokenOf(url, { tenant: 'acme' });
      const bob = await tokenOf(url, { tenant: 'acme', user: 'bob' });
      const session = await initialize(url, alice);
      const end = (token) =>
        send(url, { method: 'DELETE', headers: { Authorization: `Bearer ${token}`, 'Mcp-Session-Id': session } });
      const refused = await end(bob);
      assert.deepEqual([refused.status, codeOf(refused)], [404, 'unknown_session'], shape);
      assert.equal((await ping(url, alice, { session })).status, 200, shape);
      assert.equal((await end(alice)).status, 200, shape);
    });
  });

  it('case 75: other spellings of a resource are that resource or none', async () => {
    await each(async ({ shape, at, picks }) => {
      const own = new URL(at('acme'));
      const client = await system.client(own.href);
      const same = [`https://${own.host.toUpperCase()}${own.pathname}`, `https://${own.host}:443${own.pathname}`, `${own.href}/`];
      const none = [`${own.href}#x`, `${own.host}${own.pathname}`, `${own.origin}/t/acme%2f..%2fglobex/mcp`, `${own.origin}/t/acme/../globex/mcp`, `${own.href}?tenant=globex`];
      for (const resource of none) {
        const asked = await send(client.request({ resource }).url);
        const back = new URL(asked.headers.location[0]);
        const said = [asked.status, back.searchParams.get('error')];
        assert.deepEqual(said, [303, 'invalid_target'], `${shape}: ${resource}`);
      }
      for (const resource of same) {
        const { tokens } = await connected(own.href, { tenant: 'acme', resource });
        upstream.reset();
        assert.equal((await callTool(own.href, tokens.access_token, 'echo')).status, 200, resource);
        assert.equal(upstream.requests.at(-1).headers['x-tenant'], 'acme');
        if (!picks) assert.equal((await ping(at('globex'), tokens.access_token)).status, 401, resource);
      }
    });
  });

  it('case 76: a tenant that is removed has nothing any more, and its streams end', async () => {
    const open = [];
    await each(async ({ shape, sessions, picks }) => {
      const url = sessions('initech');
      const token = await tokenOf(url, { tenant: 'initech', user: 'dave' });
      const session = await initialize(url, token);
      const stream = await openStream(url, { token, headers: { 'Mcp-Session-Id': session } });
      assert.equal(stream.status, 200, shape);
      // The address of a tenant that is gone is gone; one that is nobody's is there, and the token is not.
      open.push({ shape, url, token, session, stream, status: picks ? 401 : 404 });
    });
    await gateway.command(['tenant', 'remove', 'initech']);
    for (const { shape, url, token, session, stream, status } of open) {
      await until(shape, async () => (await ping(url, token, { session })).status === status);
      await within(15, `${shape}: the end of the stream`, stream.ended);
    }
  });

  it('case 77: who is a member of nothing gets no code', async () => {
    await each(async ({ shape, at }) => {
      const client = await system.client(at('acme'));
      const end = await new UserAgent().authorize(client.request().url, { username: 'carol', password });
      assert.equal(end.status, 403, shape);
      assert.equal(end.redirect, undefined, shape);
      assert.match(end.text, /carol/);
    });
    upstream.untouched('no member');
  });

  it('case 78: what the server behind says of authorization is not passed on as ours', async () => {
    const token = await tokenOf(shapes.picked.at(), { tenant: 'acme' });
    const answers = [
      [401, { 'WWW-Authenticate': 'Bearer resource_metadata="https://evil.example/x"', 'Set-Cookie': 'a=b' }],
      [403, { 'WWW-Authenticate': 'Bearer error="insufficient_scope"', 'Set-Cookie': 'a=b' }],
      [302, { Location: 'https://evil.example/' }],
      [200, { 'Set-Cookie': 'a=b', 'Content-Type': 'application/json' }],
    ];
    for (const [status, headers] of answers) {
      upstream.answer = (message, request, response) => {
        response.writeHead(status, headers).end(JSON.stringify({ jsonrpc: '2.0', id: message?.id, result: {} }));
        return true;
      };
      const answer = await ping(shapes.picked.at(), token);
      upstream.answer = undefined;
      assert.equal(answer.status, status === 200 ? 200 : 502, String(status));
      assert.ok(!JSON.stringify(answer.headers).includes('evil.example'));
      assert.deepEqual([answer.headers['set-cookie'], answer.headers.location], [undefined, undefined]);
      assert.equal(answer.headers['www-authenticate'], undefined);
    }
  });

  it('case 79: no cache may give what is one tenant’s to another', async () => {
    await each(async ({ shape, at }) => {
      const { client, tokens } = await connected(at('acme'), { tenant: 'acme' });
      const answer = await callTool(at('acme'), tokens.access_token, 'echo');
      const said = answer.headers['cache-control']?.join() ?? '';
      assert.ok(/no-store|private/.test(said), `${shape}: a call: ${said}`);
      const again = await client.refresh(tokens.refresh_token);
      assert.match(again.headers['cache-control'].join(), /no-store/, `${shape}: tokens`);
      const page = await send(client.request().url);
      assert.match(page.headers['cache-control'].join(), /no-store/, `${shape}: the way to the sign-in page`);
      const metadata = (await send(client.challenge.resource_metadata)).json();
      assert.equal(metadata.resource, at('acme'));
    });
  });
});

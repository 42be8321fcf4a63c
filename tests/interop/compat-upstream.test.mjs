// What servers behind answer that is no hostility, and what their operators are told when settings do not suit them.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { doctor, faults } from './lib/postern.mjs';
import { callRest, mint, shopPolicy, startRest } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const json = { 'Content-Type': 'application/json' };
const everything = { ...shopPolicy, rules: [], otherwise: 'allow' };

describe('errors of a server behind that mention a session', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let sessions;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startRest({ name: 'compat-session', upstream: upstream.url, policy: everything });
    token = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    sessions = 0;
    upstream.reset();
  });

  /** A server with sessions that answers a call of `fails` with 400 and an error with this id. */
  const withSessions = (id) => (message, request, response) => {
    if (message?.method === 'initialize') {
      response.setHeader('Mcp-Session-Id', `session-${++sessions}`);
      return false;
    }
    if (message?.params?.name !== 'fails') return false;
    const error = { code: -32000, message: 'The shopping session of this user has expired' };
    response.writeHead(400, json).end(JSON.stringify({ jsonrpc: '2.0', ...id(message), error }));
    return true;
  };

  it('compat 8: one with the id of the request is its answer, and the session lives on', async () => {
    upstream.answer = withSessions(({ id }) => ({ id }));
    const session = await initialize(gateway.resource, token);
    const answer = await callTool(gateway.resource, token, 'fails', {}, { session });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.message.error.message, 'The shopping session of this user has expired');
    const next = await callTool(gateway.resource, token, 'good', {}, { session });
    assert.equal(next.status, 200, next.text);
    assert.equal(upstream.requests.at(-1).headers['mcp-session-id'], 'session-1');
  });

  it('another session id in mid-session does not reach the client, who goes on with its own', async () => {
    upstream.answer = withSessions(({ id }) => ({ id }));
    const session = await initialize(gateway.resource, token);
    upstream.answer = (message, request, response) => {
      response.setHeader('Mcp-Session-Id', 'session-of-another');
      return false;
    };
    const answer = await callTool(gateway.resource, token, 'good', {}, { session });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['mcp-session-id'], undefined);
    const next = await callTool(gateway.resource, token, 'good', {}, { session });
    assert.equal(next.status, 200, next.text);
    assert.equal(upstream.requests.at(-1).headers['mcp-session-id'], 'session-1');
    upstream.answer = (message, request, response) => {
      response.setHeader('Mcp-Session-Id', 'session-1');
      return false;
    };
    const same = await callTool(gateway.resource, token, 'good', {}, { session });
    assert.deepEqual(same.headers['mcp-session-id'], [session], 'its own comes as the client knows it');
  });

  it('compat 8: one without the id of the request is about the session, as ever', async () => {
    for (const id of [() => ({}), () => ({ id: null }), () => ({ id: 'server-error' })]) {
      upstream.answer = withSessions(id);
      const session = await initialize(gateway.resource, token);
      const answer = await callTool(gateway.resource, token, 'fails', {}, { session });
      assert.equal(answer.status, 404, answer.text);
      assert.equal(answer.message.error.data.error, 'unknown_session');
    }
  });

  it('compat 8: a call of REST is not sent again for such an answer', async () => {
    const withError = withSessions(({ id }) => ({ id }));
    upstream.answer = (message, request, response) => {
      if (message?.method !== 'tools/list') return withError(message, request, response);
      const tools = ['good', 'fails'].map((name) => ({ name, inputSchema: { type: 'object' } }));
      response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { tools } }));
      return true;
    };
    assert.equal((await callRest(gateway, token, 'good', {})).status, 200);
    upstream.reset();
    sessions = 0;
    const answer = await callRest(gateway, token, 'fails', {});
    assert.match(answer.text, /shopping session/, answer.text);
    assert.deepEqual(upstream.calls, ['fails'], 'once');
    assert.equal(sessions, 0, 'in the session that was there');
  });
});

describe('a server behind that refuses the gateway', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'compat-refuses',
      upstream: upstream.url,
      policy: everything,
    });
    token = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  let token;

  const secret = 'one-time-secret-4711';
  const cases = () => [
    [307, { Location: `${upstream.url}/?ticket=${secret}` }, `${upstream.url}/`, 'urls'],
    [302, { Location: `https://u:${secret}@login.example.test/in#${secret}` }, 'https://login.example.test/in', 'urls'],
    [401, { 'WWW-Authenticate': `Bearer realm="${secret}"` }, undefined, 'credential.bearer'],
    [403, {}, undefined, 'credential.bearer'],
    [421, { 'Content-Type': 'text/plain' }, undefined, 'urls'],
  ];
  const answering = (status, headers) => (message, request, response) => {
    response.writeHead(status, headers).end(`refused ${secret}`);
    return true;
  };
  const warningsOf = (status) =>
    gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('"upstream_refused"'))
      .map((line) => JSON.parse(line))
      .filter((line) => line.level === 'warning' && line.status === status);

  it('compat 10: the caller gets a 502, and the log says once what was answered and which key helps', async () => {
    for (const [status, headers, location, key] of cases()) {
      upstream.answer = answering(status, headers);
      for (let i = 0; i < 3; ++i) {
        const answer = await ping(gateway.resource, token);
        assert.deepEqual([answer.status, answer.message.error.data.error], [502, 'upstream_refused'], String(status));
        assert.equal(answer.headers.location, undefined);
        assert.equal(answer.headers['www-authenticate'], undefined);
        assert.ok(!JSON.stringify(answer).includes(secret), String(status));
      }
      await until(`the warning about ${status}`, () => warningsOf(status).length > 0);
      const warnings = warningsOf(status);
      assert.equal(warnings.length, 1, `${status}: ${JSON.stringify(warnings)}`);
      assert.equal(warnings[0].upstream, 'everything');
      assert.equal(warnings[0].location, location ?? '');
      assert.ok(warnings[0].what.includes(`\`upstreams.everything.${key}\``), warnings[0].what);
    }
    upstream.answer = undefined;
    assert.ok(!gateway.logs().includes(secret));
  });

  it('compat 10: doctor says the status, the Location and the key, not that nobody answers', async () => {
    for (const [status, headers, location, key] of cases()) {
      upstream.answer = answering(status, headers);
      const found = await doctor(gateway.resource, '--client', 'claude', '--token', token);
      assert.equal(faults(found)[0], 'initialize server_behind_refuses', String(status));
      const { seen, mend } = found.steps.find((step) => step.step === 'initialize');
      assert.ok(seen.includes(String(status)), seen);
      if (location) assert.ok(seen.includes(`Location: ${location}`), seen);
      assert.ok(mend.includes(`\`upstreams.*.${key}\``), mend);
      assert.ok(!JSON.stringify(found).includes(secret), String(status));
    }
    upstream.answer = undefined;
  });

  it('compat 10: a wrong path and a page of a failure are told as well', async () => {
    for (const [status, fault] of [
      [404, 'server_behind_refuses'],
      [500, 'server_behind_fails'],
    ]) {
      upstream.answer = answering(status, { 'Content-Type': 'text/html' });
      const found = await doctor(gateway.resource, '--client', 'claude', '--token', token);
      assert.equal(faults(found)[0], `initialize ${fault}`);
      assert.ok(found.steps.find((step) => step.step === 'initialize').mend.includes('`upstreams.*.urls`'));
      await until(`the warning about ${status}`, () => warningsOf(status).length > 0);
      assert.equal(warningsOf(status).length, 1, String(status));
    }
    upstream.answer = undefined;
  });
});

describe('answers that are said not to be compressed', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startRest({ name: 'compat-coding', upstream: upstream.url, policy: everything });
    token = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** As the upstream answers by itself, with these values of Content-Encoding. */
  const coded = (values) => (message, request, response) => {
    response.setHeader('Content-Encoding', values);
    return false;
  };

  it('compat 14: Content-Encoding that is empty or `identity` makes an answer like any other', async () => {
    for (const values of ['', 'identity', 'Identity', 'identity, identity', ',', ['', 'IDENTITY']]) {
      upstream.answer = coded(values);
      for (const message of [rpc('ping'), rpc('tools/list')]) {
        const answer = await post(gateway.resource, message, { token });
        assert.equal(answer.status, 200, `${values}: ${answer.text}`);
        assert.equal(answer.headers['content-encoding'], undefined, 'it is not passed on');
      }
      const rest = await callRest(gateway, token, 'good', { a: 1 });
      assert.equal(rest.status, 200, `${values}: ${rest.text}`);
    }
    for (const values of ['gzip', 'identity, gzip', ['identity', 'br']]) {
      upstream.answer = coded(values);
      assert.equal((await ping(gateway.resource, token)).status, 502, String(values));
    }
    upstream.answer = undefined;
  });

  it('compat 14: requests may say so, too', async () => {
    for (const value of ['', 'identity', 'Identity'])
      assert.equal((await ping(gateway.resource, token, { headers: { 'Content-Encoding': value } })).status, 200, value);
    const gzip = { 'Content-Encoding': 'gzip' };
    assert.equal((await ping(gateway.resource, token, { headers: gzip })).status, 415);
  });
});

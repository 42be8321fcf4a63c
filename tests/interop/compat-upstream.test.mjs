// What servers behind answer that is no hostility, and what their operators are told when settings do not suit them.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { doctor, faults } from './lib/postern.mjs';
import { callRest, mint, shopPolicy, startRest } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

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

// A call that the policy denies although its token is valid: what clients get, and that their sessions go on.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { clients } from './lib/clients.mjs';
import { denied, refusalOf } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { callTool, initialize, post, rpc } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { meta, mirrored, modern } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { startPython, RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const policy = {
  policy: 'denials',
  scopes: { connect: 'Connect', more: 'Do more' },
  default_scopes: ['connect'],
  connect: ['connect'],
  // Nobody is an auditor here.
  roles: { admin: ['more'], auditor: ['more'] },
  rules: [
    { tools: ['echo'], arguments: { properties: { message: { pattern: '^[^!]*$' } } } },
    { tools: ['get-env'], deny: true },
    { tools: ['get-sum'], roles: ['auditor'] },
    { tools: ['slow'], scopes: ['more'] },
    { resources: ['demo://a'] },
    { prompts: ['greet'] },
  ],
  otherwise: 'deny',
};

const ofTool = 'tools/call';
/** What each kind of denial is asked with. */
const kinds = {
  'a rule': [ofTool, { name: 'get-env', arguments: {} }, /does not allow/],
  'no rule': [ofTool, { name: 'größe ✓', arguments: {} }, /no rule/],
  'a role': [ofTool, { name: 'get-sum', arguments: { a: 1, b: 2 } }, /role/],
  'an argument': [ofTool, { name: 'echo', arguments: { message: 'secret!' } }, /message/],
  'a resource': ['resources/read', { uri: 'demo://b' }, /no rule/],
  'an ambiguous URI': ['resources/read', { uri: 'demo://a/../b' }, /dot segments/],
  'a prompt': ['prompts/get', { name: 'secret' }, /no rule/],
  'what is completed': [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'secret' }, argument: { name: 'x', value: 'y' } },
    /no rule/,
  ],
};

describe('denials', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  const httpAt = (path) => `${gateway.origin}${path}`;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: modern() });
    gateway = await Gateway.start({
      name: 'denials',
      upstream: upstream.url,
      policy,
      configure: (config, { origin }) => {
        const literal = { ...config.resources[0], serve: `${origin}/http`, denials: 'http', root: false };
        config.resources.push(literal, { serve: `${origin}/also-http`, same_as: literal.serve });
      },
    });
    token = await tokenFor(gateway.resource);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  const tokenFor = async (resource) =>
    (await (await OAuthClient.register({ origin: gateway.origin, resource })).grant({ scope: 'connect' })).access_token;
  const auditOf = (answer) =>
    until('the audit line', () =>
      gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes('"event":"call"'))
        .map((line) => JSON.parse(line))
        .find((line) => line.request_id === answer.headers['x-request-id'][0]),
    );

  it('compat 15: whatever denies a request with an id, it is answered with 200, the reason and no call behind', async () => {
    const session = await initialize(gateway.resource, token);
    upstream.reset();
    for (const [what, [method, params, reason]] of Object.entries(kinds)) {
      const asked = rpc(method, params);
      for (const Accept of ['application/json, text/event-stream', 'application/json', 'text/event-stream']) {
        const answer = await post(gateway.resource, asked, { token, session, headers: { Accept } });
        denied(answer, `${what}, ${Accept}`);
        assert.equal(answer.message.id, asked.id);
        assert.match(refusalOf(answer.message).message, reason, what);
        assert.doesNotMatch(answer.text, /secret!/, 'no argument is repeated');
      }
      upstream.untouched(what);
    }
    assert.equal((await callTool(gateway.resource, token, 'echo', { message: 'on' }, { session })).status, 200);
  });

  it('compat 15: a tool’s denial is its result, which a model reads; programs find the error in it', async () => {
    const answer = await callTool(gateway.resource, token, 'get-env');
    const { isError, content, _meta, resultType } = answer.message.result;
    assert.deepEqual([isError, resultType], [true, undefined]);
    const error = _meta['postern/error'];
    assert.deepEqual(content, [{ type: 'text', text: error.message }]);
    assert.deepEqual([error.code, error.data.error], [-32003, 'access_denied']);
    const asTask = rpc(ofTool, { name: 'get-env', arguments: {}, task: { ttl: 1000 } });
    const task = await post(gateway.resource, asTask, { token });
    denied(task, 'a result does not fit where a task was asked for');
    assert.equal(task.message.result, undefined);
    const inTheModernEra = rpc(ofTool, { name: 'get-env', arguments: {}, _meta: meta() });
    const other = await post(gateway.resource, inTheModernEra, { token, headers: mirrored(inTheModernEra) });
    denied(other, '2026-07-28');
    assert.equal(other.message.result.resultType, 'complete');
    upstream.untouched('what is denied');
  });

  it('compat 15: a method that nobody knows is -32601: with 200, and with 404 in 2026-07-28', async () => {
    denied(await post(gateway.resource, rpc('made/up'), { token }), 'legacy', {
      code: -32601,
      error: 'method_not_found',
    });
    const asked = rpc('made/up', { _meta: meta() });
    const answer = await post(gateway.resource, asked, { token, headers: mirrored(asked) });
    assert.deepEqual([answer.status, answer.message.error.code], [404, -32601]);
    upstream.untouched('an unknown method');
  });

  it('compat 15: a notification is 403 all the same, and a scope that is missing a challenge', async () => {
    const notification = await post(gateway.resource, { jsonrpc: '2.0', method: 'made/up' }, { token });
    assert.deepEqual([notification.status, notification.json().error], [403, 'access_denied']);
    const stepUp = await callTool(gateway.resource, token, 'slow');
    assert.deepEqual([stepUp.status, stepUp.message.error.data.error], [403, 'insufficient_scope']);
    assert.equal(bearerChallenge(stepUp).scope, 'connect more');
    const headers = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', Origin: 'https://evil.test' };
    assert.equal((await send(gateway.resource, { headers })).status, 403);
    upstream.untouched('what is refused');
  });

  it('compat 15: the log and the metrics still count it as forbidden', async () => {
    const name = `postern_requests_total{outcome="forbidden",resource="${gateway.resource}"}`;
    const before = await metric(gateway, name);
    for (const [method, params] of Object.values(kinds)) {
      const line = await auditOf(await post(gateway.resource, rpc(method, params), { token }));
      const { decision, status, outcome, error } = line;
      assert.deepEqual([decision, status, outcome, error], ['deny', 403, 'forbidden', 'access_denied'], method);
    }
    const unknown = await auditOf(await post(gateway.resource, rpc('made/up'), { token }));
    assert.deepEqual([unknown.status, unknown.outcome], [403, 'forbidden']);
    assert.equal(await metric(gateway, name), before + Object.keys(kinds).length + 1);
  });

  it('compat 15: denials: http is 403 for all of them, at the further addresses of the resource too', async () => {
    const own = await tokenFor(httpAt('/http'));
    for (const address of ['/http', '/also-http']) {
      for (const [method, params] of [...Object.values(kinds), ['made/up']]) {
        const answer = await post(httpAt(address), rpc(method, params), { token: own });
        assert.deepEqual([answer.status, answer.message.error.code], [403, -32003], `${address}: ${answer.text}`);
        assert.equal(answer.message.error.data.error, 'access_denied');
        assert.equal(answer.headers['www-authenticate'], undefined);
      }
    }
    upstream.untouched('what is denied');
  });

  for (const [version, options] of [
    ['v1', {}],
    ['v2', {}],
    ['v2', { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
  ]) {
    it(`compat 15: the SDK ${version} ${options.versionNegotiation ? 'of 2026-07-28' : ''} reads the reason and goes on`, async () => {
      const sdk = await SdkClient.connect(version, gateway.resource, { options });
      const { sessionId } = sdk.transport;
      const answer = await sdk.client.callTool({ name: 'echo', arguments: { message: 'no!' } });
      assert.equal(answer.isError, true);
      assert.match(answer.content[0].text, /message/);
      await assert.rejects(sdk.client.readResource({ uri: 'demo://b' }), /no rule/);
      const after = await sdk.client.callTool({ name: 'echo', arguments: { message: 'yes' } });
      assert.equal(after.content[0].text, 'yes');
      assert.equal(sdk.transport.sessionId, sessionId, 'in the same session');
      await sdk.close();
    });
  }
});

describe('denials of a server in Python', { timeout: 240_000 * patience }, () => {
  it('compat 15: the client in Python reads the reason and goes on in its session', async () => {
    const server = await startPython();
    const gateway = await Gateway.start({ name: 'denials-python', upstream: server.url, policy });
    const client = await clients['Python mcp'](gateway.resource);
    try {
      assert.match(await client.call('no!'), /does not allow this value of arguments.message/);
      assert.match(await client.call('yes'), /yes/);
      assert.equal(client.signIns, 1);
      const lines = gateway.logs().split('\n').filter((line) => line.includes('"event":"call"'));
      const methods = lines.map((line) => JSON.parse(line).method);
      const calls = methods.slice(methods.indexOf(ofTool));
      assert.deepEqual([...new Set(calls)], [ofTool], 'nothing was begun anew');
    } finally {
      await client.close();
      await gateway.stop();
      await server.stop();
    }
  });
});

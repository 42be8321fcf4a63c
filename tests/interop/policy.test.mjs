// The policy, enforced on the wire: what is denied never reaches the server behind, and lists show what can be used.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { denied as isDenied, refusalOf } from './lib/expect.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const policy = {
  policy: 'links',
  scopes: { connect: 'Connect', read: 'Read links', write: 'Change links' },
  default_scopes: ['connect'],
  connect: ['connect'],
  roles: { viewer: ['read'], editor: ['read', 'write'] },
  rules: [
    { tools: ['links.list', 'links.get*'], scopes: ['read'] },
    {
      tools: ['links.add'],
      scopes: ['write'],
      arguments: {
        required: ['url'],
        additionalProperties: false,
        properties: {
          url: { pattern: '^https://' },
          count: { type: 'integer', minimum: 1, maximum: 10 },
          tags: { type: 'array', items: { enum: ['work', 'home'] } },
        },
      },
    },
    { tools: ['links.*'], roles: ['editor'] },
    { tools: ['admin.*'], deny: true },
    { tools: ['open'] },
    { resources: ['file:///public/**'] },
    { resources: ['file:///team/*'], scopes: ['read'] },
    { prompts: ['greet*'] },
    { prompts: ['report'], arguments: { properties: { month: { pattern: '^[0-9]{4}-[0-9]{2}$' } } } },
    { methods: ['logging/setLevel'], deny: true },
  ],
  otherwise: 'deny',
};

describe('policy', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  const tokens = {};

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.create({ name: 'policy', upstream: upstream.url, policy });
    for (const [name, role] of [
      ['vera', 'viewer'],
      ['ed', 'editor'],
      ['nora', ''],
    ]) {
      await gateway.addUser({ name, members: [`acme:${role}`], secret: password });
    }
    const mint = async (user, scope) => {
      const words = ['--user', user, '--tenant', 'acme', '--resource', gateway.resource, '--scope', scope];
      return (await gateway.command(['token', 'mint', ...words])).trimEnd();
    };
    tokens.viewer = await mint('vera', 'connect read');
    tokens.unconnected = await mint('vera', 'read');
    tokens.connected = await mint('ed', 'connect');
    tokens.editor = await mint('ed', 'connect read write');
    tokens.norole = await mint('nora', 'connect');
    await gateway.start();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  const ask = (who, method, params, options) =>
    post(gateway.resource, rpc(method, params), { token: tokens[who], ...options });
  const call = (who, name, args) => callTool(gateway.resource, tokens[who], name, args);

  /** Refused with this status and error, as HTTP and as JSON-RPC; the upstream has seen nothing. */
  function refused(answer, status, error, what) {
    assert.deepEqual([answer.status, answer.message?.error?.data?.error], [status, error], `${what}: ${answer.text}`);
    assert.equal(answer.message.error.code, -32003, what);
    assert.equal(bearerChallenge(answer) !== undefined, error === 'insufficient_scope', what);
    upstream.untouched(what);
  }
  function denied(answer, what, how) {
    isDenied(answer, what, how);
    upstream.untouched(what);
  }
  function passed(answer, what) {
    assert.equal(answer.status, 200, `${what}: ${answer.text}`);
    assert.equal(upstream.requests.length, 1, what);
    upstream.reset();
  }

  it('a tool that is denied, or that no rule names, is never called, however it is spelt', async () => {
    for (const name of ['admin.reset', 'admin.', 'other', 'Open', 'open ', ' open', 'open.', 'opеn', 'links', '*'])
      denied(await call('editor', name), name);
    const escaped = String.raw`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\u0061dmin.reset"}}`;
    const headers = { 'Content-Type': 'application/json' };
    denied(await post(gateway.resource, undefined, { token: tokens.editor, body: escaped, headers }), 'escapes');
    for (const body of [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open","name":"admin.reset"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open","Name":"admin.reset"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open"},"Params":{"name":"admin.reset"}}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"admin.reset"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open\\u0000"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["open"]}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}',
    ]) {
      assert.equal(
        (await post(gateway.resource, undefined, { token: tokens.editor, body, headers })).status,
        400,
        body,
      );
      upstream.untouched(body);
    }
  });

  it('a batch is refused whole', async () => {
    for (const body of [[rpc('ping')], [], [rpc('ping'), rpc('tools/call', { name: 'admin.reset' })]]) {
      const answer = await post(gateway.resource, body, { token: tokens.editor });
      assert.equal(answer.status, 400);
      assert.match(answer.text, /batches are not supported/);
      upstream.untouched('a batch');
    }
  });

  it('the first rule that names the call decides: scopes, then roles', async () => {
    passed(await call('connected', 'open'), 'a tool for everyone');
    passed(await call('viewer', 'links.get.one'), 'a scope that is held');
    const stepUp = await call('connected', 'links.list');
    refused(stepUp, 403, 'insufficient_scope', 'a scope the user may grant');
    assert.equal(bearerChallenge(stepUp).scope, 'connect read');
    denied(await call('viewer', 'links.add', { url: 'https://a.test' }), 'a scope the role may not hold');
    denied(await call('viewer', 'links.purge'), 'a role the rule does not name');
    passed(await call('editor', 'links.purge'), 'one it names');
    denied(await call('norole', 'links.list'), 'a role the policy does not know holds nothing but connect');
    passed(await call('norole', 'open'), 'which is enough here');
  });

  it('arguments outside the schema are refused, with a word on which one and none of the value', async () => {
    const good = { url: 'https://a.test', count: 3, tags: ['work'] };
    passed(await call('editor', 'links.add', good), 'good arguments');
    for (const [where, args] of [
      ['url', { ...good, url: 'http://evil.test' }],
      ['url', { ...good, url: ['https://a.test'] }],
      ['url', { ...good, url: 'x\nhttps://a.test' }],
      ['url', { count: 1 }],
      ['count', { ...good, count: 11 }],
      ['count', { ...good, count: '3' }],
      ['count', { ...good, count: 1.5 }],
      ['tags', { ...good, tags: ['work', 'evil'] }],
      ['arguments', { ...good, more: true }],
      ['arguments', { ...good, URL: 'http://evil.test' }],
    ]) {
      const answer = await call('editor', 'links.add', args);
      denied(answer, JSON.stringify(args));
      assert.match(refusalOf(answer.message).message, new RegExp(where), JSON.stringify(args));
      assert.doesNotMatch(answer.text, /evil/);
    }
    denied(await post(gateway.resource, rpc('tools/call', { name: 'links.add' }), { token: tokens.editor }), 'none');
    for (const args of ['x', [good], 7])
      denied(await ask('editor', 'tools/call', { name: 'links.add', arguments: args }), JSON.stringify(args));
    passed(await ask('viewer', 'prompts/get', { name: 'report', arguments: { month: '2026-01' } }), 'of a prompt');
    denied(await ask('viewer', 'prompts/get', { name: 'report', arguments: { month: 'all' } }), 'of a prompt');
  });

  it('resources are read, subscribed to and completed by the globs of their URIs', async () => {
    const read = (who, uri, method = 'resources/read') => ask(who, method, { uri });
    for (const uri of ['file:///public/a', 'file:///public/a/b/c.txt', 'file:///public/%61'])
      passed(await read('connected', uri), uri);
    passed(await read('viewer', 'file:///team/plan'), 'a scope that is held');
    refused(await read('connected', 'file:///team/plan'), 403, 'insufficient_scope', 'one that is not');
    for (const uri of [
      'file:///private/a',
      'file:///team/a/b',
      'file:///public',
      'file:///public/../private/a',
      'file:///public/%2e%2e/private/a',
      'file:///public/..%2fprivate/a',
      'file:///public/..\\private\\a',
      'file:///public/%252e%252e/private',
      'file:///public//../a',
      'FILE:///public/a',
      'file://localhost/public/a',
      'file:/public/a',
      'http://public/a',
      'public/a',
    ]) {
      for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe']) {
        denied(await read('viewer', uri, method), `${method} ${uri}`);
        upstream.untouched(`${method} ${uri}`);
      }
    }
    for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe']) {
      const answer = await read('viewer', 'file:///public/a\u0000', method);
      assert.deepEqual([answer.status, answer.json().error], [400, 'parse_error'], method);
      upstream.untouched(`${method} with a NUL`);
    }
    passed(await read('connected', 'file:///public/a', 'resources/subscribe'), 'subscribing follows reading');
    const complete = (who, ref) => ask(who, 'completion/complete', { ref, argument: { name: 'x', value: 'y' } });
    passed(await complete('viewer', { type: 'ref/resource', uri: 'file:///public/{name}' }), 'a template');
    denied(await complete('viewer', { type: 'ref/resource', uri: 'file:///private/{name}' }), 'another');
    passed(await complete('viewer', { type: 'ref/prompt', name: 'greet' }), 'a prompt');
    denied(await complete('viewer', { type: 'ref/prompt', name: 'secret' }), 'another');
    denied(await complete('viewer', { type: 'ref/other', name: 'greet' }), 'neither');
  });

  it('prompts are had by the globs of their names', async () => {
    passed(await ask('connected', 'prompts/get', { name: 'greet.formal' }), 'greet.formal');
    denied(await ask('connected', 'prompts/get', { name: 'secret' }), 'secret');
  });

  it('methods nobody knows, those only servers send, and those a rule denies, do not pass', async () => {
    for (const method of [
      'tools/execute',
      'Tools/call',
      'tools/call ',
      'rpc.discover',
      'sampling/createMessage',
      'roots/list',
      'elicitation/create',
      'logging/setLevel',
      'notifications/resources/updated',
      'notifications/made-up',
    ]) {
      const how = method === 'logging/setLevel' ? {} : { code: -32601, error: 'method_not_found' };
      denied(await ask('editor', method, { name: 'open', uri: 'file:///public/a' }), method, how);
      const notification = { jsonrpc: '2.0', method };
      const answer = await post(gateway.resource, notification, { token: tokens.editor });
      assert.equal(answer.status, 403, `${method} as a notification`);
      upstream.untouched(method);
    }
    for (const message of [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', id: 'server-1', result: {} },
      { jsonrpc: '2.0', id: 'server-1', error: { code: -1, message: 'no' } },
    ]) {
      upstream.reset();
      await post(gateway.resource, message, { token: tokens.connected });
      assert.deepEqual(
        upstream.requests.map((each) => each.message),
        [message],
        'what follows connect passes as it is',
      );
    }
  });

  it('headers that mirror the body are checked against it, and a lie goes no further', async () => {
    const message = rpc('tools/call', { name: 'open' });
    const token = tokens.editor;
    for (const headers of [
      { 'Mcp-Method': 'tools/list' },
      { 'Mcp-Method': 'Tools/Call' },
      { 'Mcp-Method': '' },
      { 'Mcp-Name': 'admin.reset' },
      { 'Mcp-Name': 'Open' },
      { 'Mcp-Name': '=?base64?YWRtaW4ucmVzZXQ=?=' },
      { 'Mcp-Name': '=?base64?!!?=' },
      { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'links.list' },
      { 'mcp-name': 'open', 'Mcp-Name': 'admin.reset' },
    ]) {
      const answer = await post(gateway.resource, message, { token, headers });
      assert.deepEqual([answer.status, answer.message.error.code], [400, -32020], JSON.stringify(headers));
      assert.equal(answer.message.id, message.id);
      upstream.untouched(JSON.stringify(headers));
    }
    for (const name of ['open', '=?base64?b3Blbg==?=']) {
      const headers = { 'Mcp-Method': 'tools/call', 'Mcp-Name': name };
      passed(await post(gateway.resource, message, { token, headers }), 'the truth');
    }
  });

  it('without what connect demands nothing is answered, not even a list', async () => {
    for (const [method, params] of [['ping'], ['tools/list'], ['initialize', {}], ['tools/call', { name: 'open' }]]) {
      const answer = await ask('unconnected', method, params);
      refused(answer, 403, 'insufficient_scope', method);
      assert.equal(bearerChallenge(answer).scope, 'read connect');
    }
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${tokens.unconnected}` };
    assert.equal((await send(gateway.resource, { headers })).status, 403);
    upstream.untouched('a token without connect');
  });
});

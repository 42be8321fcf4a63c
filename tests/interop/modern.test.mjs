// The modern era (2026-07-28): stateless, every request carries its version, headers mirror the body.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { initialize, post, rpc } from './lib/mcp.mjs';
import { meta, mirrored, modern, tools } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { SdkClient, textOf } from './lib/sdk.mjs';
import { moment, openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { within } from './lib/wait.mjs';

const version = '2026-07-28';
const policy = {
  ...everythingPolicy,
  rules: [...everythingPolicy.rules, { resources: ['demo://a'] }, { resources: ['demo://b'], deny: true }],
};

describe('the modern era', { timeout: 180_000 * patience }, () => {
  const events = {};
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: modern(events) });
    gateway = await Gateway.start({
      name: 'modern',
      upstream: upstream.url,
      policy,
      configure: (config) => Object.assign(config.limits, { stream_keepalive: '200ms' }),
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  afterEach(() => {
    for (const name of Object.keys(events)) delete events[name];
    upstream.reset();
  });

  const message = (method, params = {}) => rpc(method, { ...params, _meta: meta() });
  const ask = (asked, headers = mirrored(asked)) => post(gateway.resource, asked, { token, headers });
  const connect = (mode) => SdkClient.connect('v2', gateway.resource, { options: { versionNegotiation: { mode } } });

  for (const mode of ['auto', { pin: version }]) {
    it(`SDK v2 signs in, lists, calls and steps up, without a session (${JSON.stringify(mode)})`, async () => {
      const sdk = await connect(mode);
      assert.equal(sdk.client.getNegotiatedProtocolVersion(), version);
      assert.deepEqual(
        await sdk.tools(),
        tools.map((each) => each.name).filter((name) => name !== 'get-env'),
      );
      assert.equal(textOf(await sdk.call('echo', { message: 'größer ✓' })), 'größer ✓');
      assert.equal(textOf(await sdk.call('größe ✓', {})), 'größe ✓', 'a name that needs base64 in its header');
      assert.equal(textOf(await sdk.call('routed', { region: 'eu' })), 'region eu', 'an argument mirrored in a header');
      assert.equal(textOf(await sdk.call('get-sum', { a: 40, b: 2 })), '42');
      assert.equal(sdk.provider.events.filter((event) => event === 'authorizing').length, 2, 'one step-up');
      assert.equal((await sdk.client.readResource({ uri: 'demo://a' })).contents[0].text, 'this is demo://a');
      assert.deepEqual(
        (await sdk.client.listResources()).resources.map((each) => each.uri),
        ['demo://a'],
      );
      await assert.rejects(sdk.client.readResource({ uri: 'demo://b' }), /access_denied|does not allow/);
      assert.equal(sdk.transport.sessionId, undefined, 'no session was made out of a stray header');
      await sdk.close();
      for (const { message: seen, headers } of upstream.requests.filter((each) => each.message?.id !== undefined)) {
        assert.notEqual(seen.method, 'initialize');
        assert.equal(headers['mcp-session-id'], undefined);
        for (const [name, value] of Object.entries(mirrored(seen)))
          if (name !== 'Mcp-Name') assert.equal(headers[name.toLowerCase()], value);
      }
    });
  }

  it('subscriptions are opened, delivered and ended by their client', async () => {
    const opened = moment();
    events.listening = (send, response) => opened.fire({ send, response });
    const sdk = await connect({ pin: version });
    const changed = moment();
    sdk.client.setNotificationHandler('notifications/tools/list_changed', () => changed.fire());
    const subscription = await sdk.client.listen({ toolsListChanged: true });
    const behind = await opened;
    behind.send('tools/list_changed', {});
    await within(15, 'the notification', changed);
    const closed = once(behind.response, 'close');
    await subscription.close();
    await within(15 * patience, 'the end behind', closed);
    await sdk.close();
  });

  const listen = (uris) => message('subscriptions/listen', { notifications: { resourceSubscriptions: uris } });

  it('a subscription follows the strictest of its resources', async () => {
    for (const uris of [['demo://b'], ['demo://a', 'demo://b'], ['demo://a', 'demo://../b'], 'demo://a', [7]]) {
      upstream.reset();
      denied(await ask(listen(uris)), JSON.stringify(uris));
      upstream.untouched(JSON.stringify(uris));
    }
  });

  it('a subscription ends with its grant', async () => {
    const own = await OAuthClient.register(gateway);
    const tokens = await own.grant();
    const asked = listen(['demo://a']);
    const stream = await openStream(gateway.resource, {
      token: tokens.access_token,
      message: asked,
      headers: mirrored(asked),
    });
    await stream.sees('acknowledged');
    await own.revoke(tokens.refresh_token);
    assert.equal(await within(15 * patience, 'the end of the stream', stream.ended), 'cut');
  });

  it('a client that closes the answer cancels the call behind', async () => {
    const begun = moment();
    events.slow = (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      begun.fire(response);
    };
    const sdk = await connect({ pin: version });
    const cancel = new AbortController();
    const call = sdk.client.callTool({ name: 'slow', arguments: {} }, { signal: cancel.signal });
    const closed = once(await within(15, 'the call', begun), 'close');
    cancel.abort();
    await assert.rejects(call);
    await within(15 * patience, 'the end behind', closed);
    await sdk.close();
  });

  it('headers that are missing or say something else are refused before the server behind hears of it', async () => {
    const asked = message('tools/call', { name: 'echo', arguments: {} });
    const good = mirrored(asked);
    const without = (name) => Object.fromEntries(Object.entries(good).filter(([each]) => each !== name));
    for (const headers of [
      ...Object.keys(good).map(without),
      { ...good, 'MCP-Protocol-Version': '2025-11-25' },
      { ...good, 'Mcp-Method': 'tools/list' },
      { ...good, 'Mcp-Name': 'get-env' },
      { ...good, 'Mcp-Name': '=?base64?Z2V0LWVudg==?=' },
    ]) {
      upstream.reset();
      const refused = await ask(asked, headers);
      assert.deepEqual([refused.status, refused.message.error.code], [400, -32020], JSON.stringify(headers));
      assert.equal(refused.message.id, asked.id);
      upstream.untouched(JSON.stringify(headers));
    }
    assert.equal((await ask(asked, { ...good, 'Mcp-Name': '=?base64?ZWNobw==?=' })).status, 200);
  });

  it('an unknown version is answered with those that are known, an incomplete request with its fault', async () => {
    const name = 'io.modelcontextprotocol/protocolVersion';
    const future = rpc('server/discover', { _meta: meta({ [name]: '2099-01-01' }) });
    const refused = await ask(future);
    assert.deepEqual([refused.status, refused.message.error.code], [400, -32022]);
    assert.deepEqual(refused.message.error.data.supported, [version]);
    assert.equal(refused.message.error.data.requested, '2099-01-01');
    for (const [what, params] of [
      ['no _meta', {}],
      ['no version', { _meta: meta({ [name]: undefined }) }],
      ['no capabilities', { _meta: meta({ 'io.modelcontextprotocol/clientCapabilities': undefined }) }],
    ]) {
      const incomplete = await ask(rpc('server/discover', params));
      assert.deepEqual([incomplete.status, incomplete.message.error.code], [400, -32602], what);
    }
    const asked = rpc('initialize', { protocolVersion: version, capabilities: {} });
    const contradicted = await ask(asked);
    assert.deepEqual([contradicted.status, contradicted.message.error.code], [400, -32020]);
    upstream.untouched('refused versions');
  });

  it('methods that the revision removed, and those nobody knows, are not found, and go no further', async () => {
    const named = { uri: 'demo://a', taskId: 'a' };
    for (const method of ['ping', 'logging/setLevel', 'resources/subscribe', 'tasks/result', 'made/up', 'roots/list'])
      for (const params of [{}, named]) {
        upstream.reset();
        const asked = message(method, params);
        const refused = await ask(asked);
        assert.deepEqual([refused.status, refused.message.error.code], [404, -32601], method);
        assert.equal(refused.message.error.data.error, 'method_not_found');
        assert.equal(refused.message.id, asked.id);
        upstream.untouched(method);
      }
    const legacy = await post(gateway.resource, rpc('made/up'), { token });
    denied(legacy, 'the legacy era', { code: -32601, error: 'method_not_found' });
  });

  it('what the server behind says of its era passes as it is', async () => {
    const unknown = await ask(message('completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: {} }));
    assert.deepEqual(
      [unknown.status, unknown.message.error],
      [404, { code: -32601, message: 'refused: completion/complete' }],
    );
    for (const method of ['GET', 'DELETE']) {
      const headers = {
        Authorization: `Bearer ${token}`,
        Accept: 'text/event-stream',
        'MCP-Protocol-Version': version,
      };
      const answer = await send(gateway.resource, { method, headers });
      assert.deepEqual([answer.status, answer.headers.allow], [405, ['POST']], method);
    }
  });

  it('a stray session id is neither believed, nor passed on, nor given back', async () => {
    const asked = message('tools/call', { name: 'echo' });
    const answer = await ask(asked, { ...mirrored(asked), 'Mcp-Session-Id': 'stray' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['mcp-session-id'], undefined);
    assert.equal(upstream.requests.at(-1).headers['mcp-session-id'], undefined);
  });

  it('both eras share an address: sessions of the one do not bind the other', async () => {
    const session = await initialize(gateway.resource, token);
    assert.ok(session, 'the legacy client has a session');
    for (let round = 0; round < 8; ++round) assert.equal((await ask(message('tools/list'))).status, 200);
    const legacy = await post(gateway.resource, rpc('tools/list'), { token, session });
    assert.equal(legacy.status, 200, legacy.text);
    assert.ok(legacy.message.result.tools.every((each) => each.name !== 'get-env'));
    assert.match(upstream.requests.at(-1).headers['mcp-session-id'], /^session-/, 'the id of the server behind');
    const old = await SdkClient.connect('v1', gateway.resource);
    assert.equal(textOf(await old.call('echo', { message: 'legacy' })), 'legacy');
    await old.close();
  });

  it('what is missing is asked for in this era as in the other', async () => {
    const asked = message('tools/call', { name: 'get-sum', arguments: { a: 1, b: 2 } });
    const stepUp = await ask(asked);
    assert.deepEqual([stepUp.status, stepUp.message.error.code], [403, -32003]);
    assert.equal(bearerChallenge(stepUp).scope, 'mcp.connect tools.read tools.write');
    const again = message('tools/call', {
      name: 'echo',
      inputResponses: { a: { action: 'accept' } },
      requestState: 'x✓',
    });
    assert.equal((await ask(again)).status, 200);
    // A stream that a legacy client opened before may have arrived late.
    const calls = upstream.requests.filter((each) => each.message?.method === 'tools/call');
    assert.deepEqual(calls.at(-1)?.message, again, 'input that was asked for goes through');
    assert.equal(calls.length, 1, 'the refused call stayed here');
  });
});

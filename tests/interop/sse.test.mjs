// The HTTP+SSE transport of 2024-11-05, behind the gateway and in front of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EmptyResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { refusalOf } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { post, rpc } from './lib/mcp.mjs';
import { mcpRemote } from './lib/desktop.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { freePort, run } from './lib/process.mjs';
import { Provider, SdkClient } from './lib/sdk.mjs';
import { startOldServer } from './lib/old-server.mjs';
import { answering, ask, capable, open } from './lib/stdio.mjs';
import { openOldStream } from './lib/old-client.mjs';
import { until, within } from './lib/wait.mjs';

describe('the transport of 2024', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startOldServer();
    gateway = await Gateway.start({
      name: 'sse',
      policy: {
        ...open,
        rules: [
          { tools: ['crash'], deny: true },
          { tools: ['note'], scopes: ['tools.write'] },
        ],
      },
      configure: (config) => {
        const headers = { 'X-Tenant': '{tenant.handle}' };
        config.upstreams.everything = { urls: [upstream.url], transport: 'sse', headers };
      },
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'bob', members: ['acme:admin'] },
      ],
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const flavour of ['v1', 'v1-sse']) {
    const whose = flavour === 'v1' ? 'Streamable HTTP' : 'its own';
    it(`serves a client of ${whose}, with all that goes to and fro`, async () => {
      const sdk = await SdkClient.connect(flavour, gateway.resource, { options: capable });
      const asked = answering(sdk.client);
      const tools = await sdk.tools();
      assert.ok(tools.includes('echo') && !tools.includes('crash'), 'a denied tool is not listed');
      assert.equal(await ask(sdk, 'echo', { message: 'a\nb' }), 'a\nb');
      const seen = [];
      const counting = { name: 'count', arguments: { to: 4, every: 50 } };
      await sdk.client.callTool(counting, undefined, { onprogress: ({ progress }) => seen.push(progress) });
      // What comes in one piece with the answer is lost in the SDK's client of this transport.
      assert.ok(seen.length > 0);
      assert.deepEqual(seen, [1, 2, 3, 4].slice(0, seen.length));
      assert.equal(JSON.parse(await ask(sdk, 'sample')).content.text, 'a word');
      assert.equal(await ask(sdk, 'roots'), 'file:///work');
      assert.deepEqual(asked, ['Say a word']);
      assert.match(await ask(sdk, 'crash'), /does not allow/);
      for (const headers of upstream.headers) {
        assert.equal(headers['x-tenant'], 'acme');
        assert.deepEqual([headers.authorization, headers['mcp-session-id']], [undefined, undefined]);
      }
      const before = upstream.open;
      await sdk.close();
      if (flavour === 'v1-sse') await until('the end of its stream behind', () => upstream.open === before - 1);
    });
  }

  it('compat 15: a denial is answered on the stream of the transport of 2024, which goes on', async () => {
    const sdk = await SdkClient.connect('v1-sse', gateway.resource);
    const messages = upstream.headers.length;
    const denied = await sdk.client.callTool({ name: 'crash', arguments: {} });
    assert.equal(denied.isError, true);
    assert.match(denied.content[0].text, /does not allow/);
    await assert.rejects(sdk.client.request({ method: 'made/up' }, EmptyResultSchema), { code: -32601 });
    assert.equal(upstream.headers.length, messages, 'nothing of it reached the server behind');
    assert.equal(await ask(sdk, 'echo', { message: 'on' }), 'on');
    await sdk.close();
  });

  it('asks for a token first, at both addresses', async () => {
    for (const [url, options] of [
      [gateway.resource, { headers: { Accept: 'text/event-stream' } }],
      [`${gateway.resource}/messages?sessionId=x`, { json: rpc('ping') }],
    ]) {
      const answer = await send(url, options);
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'][0], /^Bearer .*resource_metadata="/);
    }
  });

  it('gives each stream an address that is its principal’s alone, and decides on each message', async () => {
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map(async (user) => {
        const sdk = await SdkClient.connect('v1', gateway.resource, { provider: new Provider({ user }) });
        await sdk.close();
        return sdk.provider.tokens().access_token;
      }),
    );
    const stream = await openOldStream(gateway.resource, alice);
    try {
      assert.match(stream.endpoint, /^\/mcp\/messages\?sessionId=[\w-]+$/);
      const url = new URL(stream.endpoint, gateway.resource).href;
      assert.equal((await post(url, rpc('ping'), { token: bob })).status, 404, 'another user’s');
      assert.equal((await post(`${url}x`, rpc('ping'), { token: alice })).status, 404, 'forged');
      assert.equal((await post(url.split('?')[0], rpc('ping'), { token: alice })).status, 400, 'none');
      assert.equal((await send(url, { headers: { Authorization: `Bearer ${alice}` } })).status, 405);
      const call = rpc('tools/call', { name: 'crash', arguments: {} });
      assert.equal((await post(url, call, { token: alice })).status, 202);
      assert.equal(refusalOf(await stream.answer(call.id)).data.error, 'access_denied', 'told on the stream');
      const stepUp = await post(url, rpc('tools/call', { name: 'note', arguments: { text: 'x' } }), { token: alice });
      assert.equal(stepUp.message.error.data.error, 'insufficient_scope');
      const clientInfo = { name: 'raw', version: '1' };
      const initialize = rpc('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo });
      assert.equal((await post(url, initialize, { token: alice })).status, 202);
      assert.equal((await stream.answer(initialize.id)).result.serverInfo.name, 'tools');
      await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, { token: alice });
      const list = rpc('tools/list');
      assert.equal((await post(url, list, { token: alice })).status, 202);
      const names = (await stream.answer(list.id)).result.tools.map((tool) => tool.name);
      assert.ok(names.includes('echo') && !names.includes('crash'), 'lists on the stream are filtered');

      const grants = JSON.parse(await gateway.command(['grant', 'list', '--user', 'alice', '--json']));
      for (const grant of grants) await gateway.command(['grant', 'revoke', grant.grant]);
      await stream.ended;
      assert.equal((await post(url, rpc('ping'), { token: alice })).status, 401);
    } finally {
      stream.close();
    }
  });

  it('compat 15: a denied call on a stream that has ended is told so, as any other is', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource);
    await sdk.close();
    const token = sdk.provider.tokens().access_token;
    const stream = await openOldStream(gateway.resource, token);
    try {
      const url = new URL(stream.endpoint, gateway.resource).href;
      stream.close();
      await until('the end of the session', async () => (await post(url, rpc('ping'), { token })).status === 404);
      const denied = await post(url, rpc('tools/call', { name: 'crash', arguments: {} }), { token });
      assert.equal(denied.status, 404, denied.text);
      assert.equal(denied.message.error.data.error, 'unknown_session');
    } finally {
      stream.close();
    }
  });

  it('serves mcp-remote as a client that speaks nothing else', async () => {
    const remote = mcpRemote();
    const port = String(await freePort());
    const args = remote.args('client', gateway.resource, port);
    args[args.indexOf('http-only')] = 'sse-only';
    const where = { env: remote.env, cwd: remote.folder, seconds: 90, input: undefined };
    const { code, output } = await run(remote.command, args, where);
    assert.equal(code, 0, output);
    assert.match(output, /Connected successfully/);
    assert.match(output, /"name": "echo"/);
  });

  it('a server that is away, or leads elsewhere, is a 502, not a stream that stays silent', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource);
    const token = sdk.provider.tokens().access_token;
    upstream.endpoint = 'http://127.0.0.1:1/elsewhere';
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${token}` };
    assert.equal((await send(gateway.resource, { headers })).status, 502);
    upstream.endpoint = undefined;
    upstream.refuse = 503;
    assert.equal((await send(gateway.resource, { headers })).status, 502);
    upstream.refuse = undefined;
    const session = sdk.transport.sessionId;
    upstream.cut();
    const ended = () => post(gateway.resource, rpc('ping'), { token, session }).then(({ status }) => status === 404);
    await until('the end of the session whose stream broke off', ended);
    await sdk.close();
  });

  it('attack 6: a stream ends with the access token that opened it, not with another of its grant', async () => {
    const client = await OAuthClient.register(gateway);
    const first = await client.grant();
    const { body: second } = await client.refresh(first.refresh_token);
    const stream = await openOldStream(gateway.resource, first.access_token);
    try {
      assert.equal((await client.revoke(second.access_token)).status, 200);
      const call = rpc('ping');
      const url = new URL(stream.endpoint, gateway.resource).href;
      assert.equal((await post(url, call, { token: first.access_token })).status, 202);
      assert.ok(await stream.answer(call.id));
      assert.equal((await client.revoke(first.access_token)).status, 200);
      assert.equal(await within(10 * patience, 'the end of the stream', stream.ended), 'cut');
    } finally {
      stream.close();
    }
  });
});

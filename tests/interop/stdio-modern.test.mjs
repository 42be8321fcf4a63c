// Stdio servers of revision 2026-07-28 behind the gateway, where there are no sessions.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { post, rpc } from './lib/mcp.mjs';
import { meta, mirrored } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { root } from './lib/process.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { events, open as openPolicy } from './lib/stdio.mjs';
import { openStream } from './lib/stream.mjs';
import { until } from './lib/wait.mjs';

const version = '2026-07-28';

describe('a stdio server of the modern era', { timeout: 120_000 * patience }, () => {
  let gateway;
  let token;
  let sdk;

  before(async () => {
    const command = [process.execPath, path.join(root, 'tests/interop/lib/modern-stdio.mjs')];
    gateway = await Gateway.start({
      name: 'stdio-modern',
      policy: openPolicy,
      users: [
        { name: 'alice', members: ['acme:admin', 'globex:admin'] },
        { name: 'bob', members: ['acme:admin'] },
      ],
      configure: (config, { origin }) => {
        // What the server prints tells tests what reached it.
        config.upstreams.everything = { command, log_stderr: true };
        config.tenants.push({ handle: 'globex', name: 'Globex' });
        config.resources.push({ ...config.resources[0], serve: `${origin}/any`, tenant: undefined, root: undefined });
      },
    });
    sdk = await SdkClient.connect('v2', gateway.resource, { options: { versionNegotiation: { mode: 'auto' } } });
    token = sdk.provider.tokens().access_token;
  });
  after(async () => {
    await sdk?.close();
    await gateway?.stop();
  });

  const message = (method, params = {}) => rpc(method, { ...params, _meta: meta(params._meta) });
  const open = (asked) => openStream(gateway.resource, { token, message: asked, headers: mirrored(asked) });
  const said = () => events(gateway, 'upstream_stderr').map(({ line }) => line);

  it('serves SDK v2, which finds out by itself what it speaks', async () => {
    assert.equal(sdk.client.getNegotiatedProtocolVersion(), version);
    assert.deepEqual(await sdk.tools(), ['echo', 'pid', 'change', 'hold']);
    assert.equal(textOf(await sdk.call('echo', { message: 'größer' })), 'größer');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => sdk.call('echo', { message: `${i}` })));
    assert.deepEqual(answers.map(textOf), Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  it('keeps a process for each user, however many requests', async () => {
    const bob = await SdkClient.connect('v2', gateway.resource, {
      provider: new Provider({ user: 'bob' }),
      options: { versionNegotiation: { mode: 'auto' } },
    });
    const pids = [await sdk.call('pid'), await bob.call('pid'), await sdk.call('pid')].map(textOf);
    assert.equal(pids[0], pids[2]);
    assert.notEqual(pids[0], pids[1]);
    await bob.close();
  });

  it('keeps a process for each tenant of one user, who comes with one client to one address', async () => {
    const resource = `${gateway.origin}/any`;
    const client = await OAuthClient.register({ resource });
    const processOf = async (tenant) => {
      const { access_token: bearer } = await client.grant({ tenant });
      const asking = message('tools/call', { name: 'pid', arguments: {} });
      const answer = await post(resource, asking, { token: bearer, headers: mirrored(asking) });
      assert.equal(answer.status, 200, answer.text);
      return textOf(answer.message.result);
    };
    const acme = await processOf('acme');
    const globex = await processOf('globex');
    assert.notEqual(globex, acme);
    assert.equal(await processOf('acme'), acme, 'another grant of the same tenant finds what was kept');
    assert.equal(await processOf('globex'), globex);
  });

  it('relays progress under the client’s own token, and its subscriptions under its own id', async () => {
    const calling = message('tools/call', { name: 'echo', arguments: { message: 'x' }, _meta: { progressToken: 'mine' } });
    const call = await open({ ...calling, id: 'call-1' });
    await call.ended;
    assert.match(call.text, /"progressToken":"mine"/);
    assert.match(call.text, /"id":"call-1"/);
    const listen = message('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const stream = await open({ ...listen, id: 'listen-1' });
    await stream.sees('notifications/subscriptions/acknowledged');
    await sdk.call('change');
    await stream.sees('notifications/tools/list_changed');
    assert.equal(stream.text.match(/"io.modelcontextprotocol\/subscriptionId":"listen-1"/g).length, 2);
    const before = said().filter((line) => line === 'cancelled').length;
    stream.close();
    await until('the cancellation behind', () => said().filter((line) => line === 'cancelled').length > before);
  });

  it('a client that closes its answer cancels the call', async () => {
    const before = said().filter((line) => line === 'cancelled').length;
    const held = await open(message('tools/call', { name: 'hold', arguments: {} }));
    await until('the call', () => said().includes('holding'));
    held.close();
    await until('the cancellation', () => said().filter((line) => line === 'cancelled').length > before);
  });

  it('an unknown method is a 404 with its error, GET and DELETE are a 405', async () => {
    const ref = { type: 'ref/prompt', name: 'x' };
    const unknown = message('completion/complete', { ref, argument: { name: 'a', value: '' } });
    const answer = await post(gateway.resource, unknown, { token, headers: mirrored(unknown) });
    assert.deepEqual([answer.status, answer.message.error.code, answer.message.id], [404, -32601, unknown.id]);
    for (const method of ['GET', 'DELETE']) {
      const headers = { 'MCP-Protocol-Version': version };
      const refused = await post(gateway.resource, undefined, { token, method, headers });
      assert.equal(refused.status, 405, method);
    }
  });
});

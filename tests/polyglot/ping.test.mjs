// Official SDKs with a server that sends keep-alive events on every stream: lists, calls and the stream of a GET.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from '../interop/lib/gateway.mjs';
import { SdkClient, logMessages, textOf } from '../interop/lib/sdk.mjs';
import { until } from '../interop/lib/wait.mjs';
import { agentPython, currentPython } from './lib/paths.mjs';
import { startPingingServer } from './lib/pinging-server.mjs';
import { run } from './lib/walk.mjs';

describe('a server that pings', { timeout: 240_000 * patience }, () => {
  let server;
  let gateway;

  before(async () => {
    server = await startPingingServer();
    gateway = await Gateway.start({ name: 'ping', upstream: server.url });
  });
  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  /** The stream that was opened after `gets` others is still the same after a notification arrived on it. */
  async function notified(gets, heard) {
    await until('the stream of a GET', () => server.gets > gets);
    server.notify('news');
    await until('the notification', heard);
    server.notify('more news');
    await until('the second notification', () => heard() === 2);
    assert.equal(server.gets, gets + 1, 'the stream was not opened again');
  }

  for (const [version, method] of Object.entries(logMessages))
    it(`SDK ${version}: lists, calls and notifications arrive between keep-alive events`, async () => {
      const { gets } = server;
      const heard = [];
      const prepare = (client) => client.setNotificationHandler(method, ({ params }) => heard.push(params.data));
      const sdk = await SdkClient.connect(version, gateway.resource, { prepare });
      try {
        // The policy hides `get-env`, so the list was read and filtered.
        assert.deepEqual(await sdk.tools(), ['echo', 'get-sum']);
        assert.equal(textOf(await sdk.call('echo', { message: 'one' })), 'Echo: one');
        await notified(gets, () => heard.length);
        assert.deepEqual(heard, ['news', 'more news']);
      } finally {
        await sdk.close();
      }
    });

  for (const [name, command] of [
    ['Python mcp 1.x', () => agentPython('mcp1')],
    ['Python mcp 2.x', () => currentPython('mcp2')],
  ])
    it(`${name}: lists, calls and notifications arrive between keep-alive events`, async () => {
      const { gets } = server;
      const steps = [{ label: 'one', tool: 'echo', arguments: { message: 'one' } }];
      const listen = (events) =>
        notified(gets, () => events().filter(({ event }) => event === 'notification').length);
      const { tools, calls } = await run(command(), gateway, { steps, words: ['2'], meanwhile: listen });
      assert.deepEqual(tools, ['echo', 'get-sum']);
      assert.deepEqual([calls.one.failed, calls.one.text], [false, 'Echo: one']);
    });
});

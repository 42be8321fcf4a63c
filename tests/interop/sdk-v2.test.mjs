// The official SDK, version 2, speaking the legacy protocol and probing for the modern one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { SdkClient, textOf } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';

describe('SDK v2', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({ name: 'sdk-v2', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const mode of ['legacy', 'auto']) {
    it(`registers, signs in, lists and calls with version negotiation ${mode}`, async () => {
      const sdk = await SdkClient.connect('v2', gateway.resource, { options: { versionNegotiation: { mode } } });
      assert.deepEqual(sdk.provider.events, ['registered', 'authorizing', 'tokens']);
      assert.equal(sdk.provider.callback.get('iss'), gateway.origin);
      const tools = await sdk.tools();
      assert.ok(tools.includes('echo'));
      assert.ok(!tools.includes('get-env'), 'a denied tool is not listed');
      assert.match(textOf(await sdk.call('echo', { message: mode })), new RegExp(mode));
      await sdk.close();
    });
  }

  it('says so when the modern protocol is demanded of a legacy server', async () => {
    await assert.rejects(
      SdkClient.connect('v2', gateway.resource, { options: { versionNegotiation: { mode: { pin: '2026-07-28' } } } }),
    );
  });
});

// The quickstart's way through the gateway with the official SDK, version 1.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { send } from './lib/http.mjs';
import { callTool, initialize } from './lib/mcp.mjs';
import { startEverything } from './lib/upstream.mjs';

describe('SDK v1', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({ name: 'sdk-v1', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('registers, signs in, lists the tools it may use and calls one', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource);
    assert.deepEqual(sdk.provider.events, ['registered', 'authorizing', 'tokens']);
    assert.deepEqual([...sdk.provider.scopes].sort(), ['mcp.connect', 'tools.read']);
    const tools = await sdk.tools();
    assert.ok(tools.includes('echo') && tools.includes('get-sum'));
    assert.ok(!tools.includes('get-env'), 'a denied tool is not listed');
    assert.match(textOf(await sdk.call('echo', { message: 'hello' })), /hello/);
    await sdk.close();
  });

  it('relays progress while a tool runs', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource);
    const seen = [];
    const result = await sdk.client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
      undefined,
      { onprogress: (progress) => seen.push(progress.progress) },
    );
    assert.match(textOf(result), /completed/i);
    assert.deepEqual(seen, [1, 2, 3, 4]);
    await sdk.close();
  });

  it('ends its session, which nobody can use afterwards', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource);
    const session = sdk.transport.sessionId;
    assert.ok(session, 'the session id reaches the client');
    await sdk.transport.terminateSession();
    const answer = await callTool(
      gateway.resource,
      sdk.provider.tokens().access_token,
      'echo',
      { message: 'x' },
      { session },
    );
    assert.equal(answer.status, 404);
    await sdk.close();
  });

  it('signs in again when its tokens were revoked', async () => {
    const provider = new Provider();
    const sdk = await SdkClient.connect('v1', gateway.resource, { provider });
    const { revocation_endpoint: endpoint } = (
      await send(`${gateway.origin}/.well-known/oauth-authorization-server`)
    ).json();
    const revoked = await send(endpoint, {
      form: { token: provider.tokens().refresh_token, client_id: provider.clientInformation().client_id },
    });
    assert.equal(revoked.status, 200);
    assert.match(textOf(await sdk.call('echo', { message: 'again' })), /again/);
    // Once more, or twice: its listening stream ends as well, and may have asked for itself.
    assert.ok(provider.events.filter((event) => event === 'authorizing').length >= 2);
    await sdk.close();
  });

  it('keeps the session of one user from another', async () => {
    await gateway.addUser({ name: 'bob', members: ['acme:viewer'] });
    const alice = await SdkClient.connect('v1', gateway.resource);
    const bob = await SdkClient.connect('v1', gateway.resource, { provider: new Provider({ user: 'bob' }) });
    const stolen = await callTool(
      gateway.resource,
      bob.provider.tokens().access_token,
      'echo',
      { message: 'x' },
      { session: alice.transport.sessionId },
    );
    assert.equal(stolen.status, 404);
    assert.equal(stolen.json().error.data?.error ?? stolen.json().error, 'unknown_session');
    assert.match(textOf(await alice.call('echo', { message: 'unharmed' })), /unharmed/);
    await initialize(gateway.resource, bob.provider.tokens().access_token);
    await alice.close();
    await bob.close();
  });

  it('is told when the person says no', async () => {
    const provider = new Provider({ decision: 'deny' });
    await assert.rejects(SdkClient.connect('v1', gateway.resource, { provider }));
    assert.equal(provider.callback.get('error'), 'access_denied');
    assert.equal(provider.tokens(), undefined);
  });
});

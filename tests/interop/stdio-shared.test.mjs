// One process of a stdio server for all: what belongs to one user never reaches another.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { patience } from './lib/gateway.mjs';
import { callTool, initialize, post, rpc } from './lib/mcp.mjs';
import { meta, mirrored } from './lib/modern.mjs';
import { root } from './lib/process.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { answering, ask, capable, connect, events, pidOf, startStdio } from './lib/stdio.mjs';
import { openStream } from './lib/stream.mjs';
import { until } from './lib/wait.mjs';

const users = ['alice', 'bob'].map((name) => ({ name, members: ['acme:admin'] }));
const shared = { settings: { process: 'shared' }, users };

describe('a stdio server that all users share', { timeout: 180_000 * patience }, () => {
  let gateway;
  let alice;
  let bob;

  before(async () => {
    const command = [process.execPath, path.join(root, 'tests/interop/lib/shared-stdio.mjs')];
    gateway = await startStdio({ name: 'stdio-shared', command, ...shared });
    [alice, bob] = await Promise.all(
      users.map(async ({ name }) => {
        const sdk = await SdkClient.connect('v1', gateway.resource, { provider: new Provider({ user: name }) });
        await sdk.transport.terminateSession();
        await sdk.close();
        return sdk.provider.tokens().access_token;
      }),
    );
  });
  after(() => gateway?.stop());

  const said = (what) => events(gateway, 'upstream_stderr').filter(({ line }) => line.includes(what));
  const listen = (session, token) => openStream(gateway.resource, { token, headers: { 'Mcp-Session-Id': session } });

  it('tells the only session nothing of what a caller without a session does, and asks it nothing', async () => {
    const session = await initialize(gateway.resource, alice);
    const stream = await listen(session, alice);
    const call = rpc('tools/call', { name: 'work', arguments: { text: 'bobs secret' }, _meta: meta() });
    const answer = await post(gateway.resource, call, { token: bob, headers: mirrored(call) });
    assert.match(textOf(answer.message.result), /several clients share this server/);
    await stream.sees('tools/list_changed');
    assert.doesNotMatch(stream.text, /secret|elicitation|notifications\/message/);
    stream.close();
  });

  it('tells nobody what a session caused that has ended', async () => {
    const alices = await initialize(gateway.resource, alice);
    const stream = await listen(alices, alice);
    const bobs = await initialize(gateway.resource, bob);
    const work = { text: 'the late secret', milliseconds: 500 };
    const call = callTool(gateway.resource, bob, 'work', work, { session: bobs }).catch((error) => error);
    await until('the call to arrive', () => said('working on the late secret').length > 0);
    await post(gateway.resource, undefined, { token: bob, session: bobs, method: 'DELETE' });
    await call;
    await until('the end of the work', () => said('worked on the late secret').length > 0);
    await stream.sees('tools/list_changed');
    assert.doesNotMatch(stream.text, /secret|elicitation/);
    for (let i = 1; i < 9; i += 1) {
      const forged = { jsonrpc: '2.0', id: `q${i}`, result: { action: 'accept', content: { ok: 'ALICE' } } };
      assert.equal((await post(gateway.resource, forged, { token: alice, session: alices })).status, 202);
    }
    assert.equal((await callTool(gateway.resource, alice, 'echo', { message: 'x' }, { session: alices })).status, 200);
    stream.close();
  });

  it('is initialized by the gateway, and each client gets the revision it asks for', async () => {
    const versions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
    for (const protocolVersion of versions) {
      const params = { protocolVersion, capabilities: { elicitation: {} }, clientInfo: { name: 'x', version: '1' } };
      const answer = await post(gateway.resource, rpc('initialize', params), { token: alice });
      assert.equal(answer.message.result.protocolVersion, protocolVersion);
    }
    const [greeting, ...others] = said('initialize ');
    assert.deepEqual(others, [], 'once');
    assert.match(greeting.line, /"protocolVersion":"2025-11-25","capabilities":\{\},"clientInfo":\{"name":"postern"/);
  });

  it('reads one message where a text holds what some take for the end of a line', async () => {
    const session = await initialize(gateway.resource, alice);
    const message = 'one\u2028{"jsonrpc":"2.0","id":1,"method":"tools/list"}\u2029two\u0085three';
    const answer = await callTool(gateway.resource, alice, 'echo', { message }, { session });
    assert.equal(textOf(answer.message.result), message);
  });

  it('keeps of one user only what is short, and has no tasks', async () => {
    const session = await initialize(gateway.resource, alice);
    const send = (method, params) => post(gateway.resource, rpc(method, params), { token: alice, session });
    for (const progressToken of ['t'.repeat(257), 1.5, { an: 'object' }, ['a list']]) {
      const refused = await send('tools/call', { name: 'echo', arguments: {}, _meta: { progressToken } });
      assert.deepEqual([refused.status, refused.message.error.code], [400, -32602], JSON.stringify(progressToken));
    }
    const long = await send('resources/subscribe', { uri: `x://${'a'.repeat(1024 * 1024)}` });
    assert.match(long.message.error.message, /params.uri is longer than 4096 bytes/);
    const task = await send('tasks/get', { taskId: 'of another' });
    assert.match(task.message.error.message, /this task id is not yours/);
  });
});

describe('a stdio server of the official SDK that all users share', { timeout: 180_000 * patience }, () => {
  it('serves official clients: answers and progress stay apart, and it is started again when it dies', async () => {
    const gateway = await startStdio({ name: 'stdio-shared-sdk', ...shared });
    try {
      const one = await connect(gateway, { options: capable });
      const two = await connect(gateway, { options: capable });
      const asked = [one, two].flatMap(({ client }) => answering(client));
      assert.equal(await pidOf(one), await pidOf(two));
      const counts = [[], []];
      const counting = { name: 'count', arguments: { to: 20 } };
      const count = ({ client }, seen) =>
        client.callTool(counting, undefined, { onprogress: ({ progress }) => seen.push(progress) });
      const rounds = Array.from({ length: 100 }, (_, i) => i);
      const said = await Promise.all([
        ...rounds.map((i) => ask(one, 'echo', { message: `one ${i}` })),
        ...rounds.map((i) => ask(two, 'echo', { message: `two ${i}` })),
        count(one, counts[0]),
        count(two, counts[1]),
      ]);
      assert.deepEqual(said.slice(0, 200), [...rounds.map((i) => `one ${i}`), ...rounds.map((i) => `two ${i}`)]);
      for (const seen of counts) assert.deepEqual(seen, rounds.slice(1, 21), 'each gets its own progress');
      const refused = await one.client.callTool({ name: 'elicit', arguments: {} }).catch((error) => error);
      assert.match(JSON.stringify(refused) + refused.message, /does not support/, 'the server knows that it cannot ask');
      assert.deepEqual(asked, []);
      await one.transport.terminateSession();
      assert.ok(await pidOf(two), 'the other one goes on');
      await assert.rejects(ask(two, 'crash'));
      const three = await connect(gateway);
      assert.ok(await pidOf(three), 'it is started again');
      for (const each of [one, two, three]) await each.close();
    } finally {
      await gateway.stop();
    }
  });
});

// A stdio server that the gateway runs, with the official SDK as client.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { patience } from './lib/gateway.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { answering, ask, capable, connect, events, isRunning, pidOf, startStdio } from './lib/stdio.mjs';
import { until } from './lib/wait.mjs';

describe('a stdio server behind the gateway', { timeout: 180_000 * patience }, () => {
  let gateway;

  before(async () => {
    process.env.POSTERN_TEST_SECRET = 'hunter2';
    gateway = await startStdio({ name: 'stdio', settings: { env: { API_KEY: 'given' }, directory: '/usr' } });
  });
  after(async () => {
    delete process.env.POSTERN_TEST_SECRET;
    await gateway?.stop();
  });

  const raw = (sdk, name, args, session = sdk.transport.sessionId) =>
    callTool(gateway.resource, sdk.provider.tokens().access_token, name, args, { session });

  it('serves a client from signing in to a tool, as one process for each session', async () => {
    const [one, two] = [await connect(gateway), await connect(gateway)];
    assert.ok((await one.tools()).includes('echo'));
    assert.equal(await ask(one, 'echo', { message: 'line one\nline two' }), 'line one\nline two');
    const pids = [await pidOf(one), await pidOf(two)];
    assert.notEqual(pids[0], pids[1]);
    // Both clients count their requests from 0.
    const rounds = Array.from({ length: 50 }, (_, i) => i);
    const said = await Promise.all(
      rounds.flatMap((i) => [ask(one, 'echo', { message: `one ${i}` }), ask(two, 'echo', { message: `two ${i}` })]),
    );
    assert.deepEqual(said, rounds.flatMap((i) => [`one ${i}`, `two ${i}`]));
    const session = one.transport.sessionId;
    await one.transport.terminateSession();
    await until('the end of the session’s process', () => !isRunning(pids[0]));
    assert.equal((await raw(one, 'pid', {}, session)).status, 404);
    assert.equal(await pidOf(two), pids[1]);
    await one.close();
    await two.close();
  });

  it('runs with the environment and the folder it was given, and nothing of the gateway’s', async () => {
    const sdk = await connect(gateway);
    const environment = JSON.parse(await ask(sdk, 'environment'));
    assert.equal(environment.API_KEY, 'given');
    assert.ok(environment.PATH);
    assert.equal(environment.POSTERN_TEST_SECRET, undefined);
    assert.equal(environment.POSTERN_BINARY, undefined);
    assert.equal(await ask(sdk, 'folder'), '/usr');
    await sdk.close();
  });

  it('carries progress, logs and the server’s own requests to the client and back', async () => {
    const sdk = await connect(gateway, { options: capable });
    const asked = answering(sdk.client);
    const seen = [];
    const counted = { name: 'count', arguments: { to: 5 } };
    await sdk.client.callTool(counted, undefined, { onprogress: ({ progress }) => seen.push(progress) });
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    assert.equal(JSON.parse(await ask(sdk, 'sample')).content.text, 'a word');
    assert.deepEqual(JSON.parse(await ask(sdk, 'elicit')).content, { colour: 'blue' });
    assert.equal(await ask(sdk, 'roots'), 'file:///work');
    assert.deepEqual(asked, ['Say a word', 'Which colour?']);
    await sdk.close();
  });

  it('turns silence into a stream, and a call its client cancels is cancelled behind', async () => {
    const sdk = await connect(gateway);
    assert.equal(await ask(sdk, 'pause', { milliseconds: 2500 }), 'paused');
    const cancelling = new AbortController();
    const held = sdk.client.callTool({ name: 'hold' }, undefined, { signal: cancelling.signal });
    const said = () => events(gateway, 'upstream_stderr').map((each) => each.line);
    await until('the call to arrive', () => said().includes('holding'));
    cancelling.abort();
    await assert.rejects(held);
    await until('the cancellation to arrive', () => said().includes('hold was cancelled'));
    assert.equal(await ask(sdk, 'echo', { message: 'on' }), 'on');
    await sdk.close();
  });

  it('writes its standard error to the log, and what is no JSON-RPC on its output does no harm', async () => {
    const sdk = await connect(gateway);
    await ask(sdk, 'shout', { line: 'red \u001b[31m alert "quoted"' });
    const said = () => events(gateway, 'upstream_stderr').map((each) => each.line);
    await until('the line', () => said().some((line) => line.includes('alert "quoted"')));
    assert.ok(!gateway.logs().includes('\u001b'), 'no terminal obeys a log line');
    assert.equal(await ask(sdk, 'babble'), 'babbled');
    await until('the warning', () => events(gateway, 'upstream_output_ignored').length > 0);
    await sdk.close();
  });

  it('that dies under load: calls under way are told, its session is over, and the next one is served', async () => {
    const sdk = await connect(gateway);
    const bystander = await connect(gateway);
    const pid = await pidOf(sdk);
    const calls = Array.from({ length: 20 }, () => raw(sdk, 'hold'));
    const arrived = () => events(gateway, 'upstream_stderr').filter((each) => each.pid === pid).length;
    await until('the calls to arrive', () => arrived() >= calls.length);
    process.kill(pid, 'SIGKILL');
    for (const answer of await Promise.all(calls)) {
      const { error } = answer.message;
      // A call that had waited a second was told so on its stream.
      assert.ok(answer.status === 502 || answer.status === 200, answer.text);
      assert.equal(error.code, -32003);
      assert.equal(error.data.error, 'upstream_error');
      assert.match(error.message, /ended before it answered/);
    }
    assert.equal((await raw(sdk, 'pid')).status, 404, 'clients begin a new session');
    assert.equal(await ask(bystander, 'echo', { message: 'unharmed' }), 'unharmed');
    const again = await connect(gateway);
    assert.notEqual(await pidOf(again), pid);
    for (const each of [bystander, again]) await each.close();
  });

  it('is asked for what a session does not allow: 400, 404, 405', async () => {
    const sdk = await connect(gateway);
    const token = sdk.provider.tokens().access_token;
    const without = await post(gateway.resource, rpc('tools/list'), { token });
    assert.equal(without.status, 400);
    assert.equal(without.message.error.data.error, 'session_required');
    denied(await raw(sdk, 'forbidden'));
    await sdk.close();
  });
});

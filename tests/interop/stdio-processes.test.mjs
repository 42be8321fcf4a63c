// The processes of stdio servers: started, counted, shared, started again, and ended with nothing left behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binary, Gateway, patience } from './lib/gateway.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { Child, freePort, run, temporaryFolder } from './lib/process.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { answering, ask, capable, connect, everything, isRunning, pidOf } from './lib/stdio.mjs';
import { events, startStdio, toolsServer } from './lib/stdio.mjs';
import { until } from './lib/wait.mjs';

const clientInfo = { name: 'raw', version: '1' };
const initialize = rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
const start = (gateway, sdk) => post(gateway.resource, initialize, { token: sdk.provider.tokens().access_token });

describe('the processes of stdio servers', { timeout: 240_000 * patience }, () => {
  it('postern quick -- COMMAND is one command from nothing to a protected server', async () => {
    const folder = temporaryFolder('quick-stdio');
    const listen = `127.0.0.1:${await freePort()}`;
    const env = { QUICK_VARIABLE: 'passed on', QUICK_SECRET: 'kept' };
    const words = ['quick', '--listen', listen, '--env', 'QUICK_VARIABLE', '--', ...everything];
    const child = new Child(binary(), words, { cwd: folder, env });
    try {
      await until('the password', () => /^Password: \S+/m.test(child.stdout), { seconds: 30 * patience });
      const secret = /^Password: (\S+)/m.exec(child.stdout)[1];
      const url = /^MCP URL: (\S+)/m.exec(child.stdout)[1];
      const provider = new Provider({ user: 'admin', secret });
      const sdk = await SdkClient.connect('v1', url, { provider, options: capable });
      answering(sdk.client);
      assert.ok((await sdk.tools()).includes('echo'));
      assert.match(await ask(sdk, 'echo', { message: 'hello' }), /hello/);
      const environment = JSON.parse(await ask(sdk, 'get-env'));
      assert.equal(environment.QUICK_VARIABLE, 'passed on');
      assert.equal(environment.QUICK_SECRET, undefined);
      const seen = [];
      const long = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 3 } };
      await sdk.client.callTool(long, undefined, { onprogress: ({ progress }) => seen.push(progress) });
      assert.deepEqual(seen, [1, 2, 3]);
      await sdk.close();
    } finally {
      assert.equal((await child.stop(30)).code, 0, child.output);
    }
  });

  it('a command that cannot be found is a fault of the configuration, and of the command line', async () => {
    const gateway = await Gateway.create({
      name: 'no-command',
      configure: (config) => {
        config.upstreams.everything = { command: ['no-such-program', 'x'] };
      },
    });
    const { code, output } = await run(binary(), ['check', '-c', gateway.file]);
    assert.equal(code, 1);
    assert.match(output, /^\S+:\d+:\d+: .*there is no program `no-such-program` in PATH$/m);
    const folder = temporaryFolder('quick-none');
    const listen = `127.0.0.1:${await freePort()}`;
    const quick = await run(binary(), ['quick', '--listen', listen, '--', 'no-such-program'], { cwd: folder });
    assert.equal(quick.code, 1);
    assert.match(quick.output, /there is no program `no-such-program`/);
    const both = await run(binary(), ['quick', '--upstream', 'http://127.0.0.1:1/', '--', 'true'], { cwd: folder });
    assert.equal(both.code, 2);
  });

  it('end with the gateway, also those that will not, and when it is killed', async () => {
    const gateway = await startStdio({ name: 'stdio-end', command: [...toolsServer, 'deaf'] });
    const deaf = await pidOf(await connect(gateway));
    await gateway.stop();
    assert.ok(!isRunning(deaf), 'SIGKILL ends what takes no notice of the end of its input and of SIGTERM');

    const killed = await startStdio({ name: 'stdio-killed' });
    const pid = await pidOf(await connect(killed));
    await killed.kill();
    await until('the end of the child', () => !isRunning(pid));
  });

  it('that end as soon as they are started are not started over and over', async () => {
    const command = [...toolsServer, 'stillborn'];
    const gateway = await startStdio({ name: 'stillborn', command, settings: { timeouts: { connect: '1s' } } });
    try {
      const provider = new Provider();
      await assert.rejects(SdkClient.connect('v1', gateway.resource, { provider }));
      const sdk = { provider };
      for (let i = 0; i < 30; i += 1) {
        const answer = await start(gateway, sdk);
        assert.equal(answer.status, 502);
        assert.match(answer.message.error.data.error, /^upstream_(error|unavailable)$/);
        if (/ends as soon as/.test(gateway.logs())) break;
      }
      await until('a start that is put off', () => /the server ends as soon as it is started/.test(gateway.logs()));
      assert.ok(events(gateway, 'upstream_started').length < 12, 'pauses grow');
    } finally {
      await gateway.stop();
    }
  });

  it('are bounded: beyond the bound a call is refused, and a session nobody uses makes room', async () => {
    const gateway = await startStdio({ name: 'stdio-bound', settings: { processes: 2 } });
    try {
      const sdk = await connect(gateway);
      const token = sdk.provider.tokens().access_token;
      const sessions = [sdk.transport.sessionId, (await start(gateway, sdk)).headers['mcp-session-id'][0]];
      const held = callTool(gateway.resource, token, 'pause', { milliseconds: 4000 }, { session: sessions[1] });
      const said = () => events(gateway, 'upstream_stderr').map(({ line }) => line);
      await until('the call to arrive', () => said().includes('pausing'));
      // The SDK's own session listens, the other one works: none can go.
      await until('both to be in use', async () => (await start(gateway, sdk)).status === 503);
      assert.equal((await held).status, 200);
      const third = await until('room', async () => {
        const answer = await start(gateway, sdk);
        return answer.status === 200 && answer;
      });
      assert.notEqual(third.headers['mcp-session-id'][0], sessions[1]);
      const gone = await callTool(gateway.resource, token, 'pid', {}, { session: sessions[1] });
      assert.equal(gone.status, 404);
      assert.ok(await pidOf(sdk), 'the session in use stays');
      await sdk.close();
    } finally {
      await gateway.stop();
    }
  });

  it('a session that nobody uses ends by itself, with its process', async () => {
    const gateway = await startStdio({ name: 'stdio-idle', settings: { timeouts: { session_idle: '1s' } } });
    try {
      const sdk = await connect(gateway);
      const listening = await pidOf(sdk);
      const token = sdk.provider.tokens().access_token;
      const session = (await start(gateway, sdk)).headers['mcp-session-id'][0];
      const answer = await callTool(gateway.resource, token, 'pid', {}, { session });
      await until('the end of the unused process', () => !isRunning(Number(textOf(answer.message.result))));
      assert.ok(isRunning(listening), 'one that listens is used');
      await sdk.close();
    } finally {
      await gateway.stop();
    }
  });

  it('one process may serve all: answers stay apart, and nobody is asked what another caused', async () => {
    const gateway = await startStdio({ name: 'stdio-shared', settings: { process: 'shared' } });
    try {
      const one = await connect(gateway, { options: capable });
      answering(one.client);
      assert.deepEqual(JSON.parse(await ask(one, 'elicit')).content, { colour: 'blue' }, 'alone it can be asked');
      const two = await connect(gateway, { options: capable });
      const asked = answering(two.client);
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
      assert.match(JSON.stringify(refused) + refused.message, /several clients share this server/);
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

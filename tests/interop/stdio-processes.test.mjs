// The processes of stdio servers: started, counted, shared, started again, and ended with nothing left behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binary, Gateway, patience } from './lib/gateway.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { Child, freePort, run, temporaryFolder } from './lib/process.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { answering, ask, capable, connect, everything, events } from './lib/stdio.mjs';
import { isRunning, pidOf, startStdio, toolsServer } from './lib/stdio.mjs';
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

  it('are bounded: one user has half, and a session without a call under way makes room, though it listens', async () => {
    const users = ['alice', 'bob'].map((name) => ({ name, members: ['acme:admin'] }));
    const gateway = await startStdio({ name: 'stdio-bound', settings: { processes: 4 }, users });
    try {
      const sdk = await connect(gateway);
      const token = sdk.provider.tokens().access_token;
      const listening = sdk.transport.sessionId;
      const working = (await start(gateway, sdk)).headers['mcp-session-id'][0];
      const held = ['hold', 'hold'].map((tool, i) =>
        callTool(gateway.resource, token, tool, {}, { session: [working, listening][i] }),
      );
      const arrived = () => events(gateway, 'upstream_stderr').filter(({ line }) => line === 'holding').length;
      await until('both to work', () => arrived() === 2);
      const refused = await start(gateway, sdk);
      assert.equal(refused.status, 503);
      assert.ok(Number(refused.headers['retry-after'][0]) > 0);
      assert.match(refused.message.error.message, /one user may have have a call under way/);
      assert.equal(refused.message.error.data.error, 'temporarily_unavailable');

      const bob = await connect(gateway, { provider: new Provider({ user: 'bob' }) });
      assert.ok(await pidOf(bob), 'another user has his own half');
      const another = await start(gateway, bob);
      assert.equal(another.status, 200);
      const third = await start(gateway, bob);
      assert.equal(third.status, 200);
      const running = await metric(gateway, 'postern_upstream_processes{upstream="everything"}');
      assert.ok(running >= 4, `${running} processes`);
      await assert.rejects(ask(bob, 'pid'), 'his longest unused gave way, though it listened');
      for (const session of [working, listening]) {
        assert.equal((await callTool(gateway.resource, token, 'pid', {}, { session })).status, 200);
        await post(gateway.resource, undefined, { token, session, method: 'DELETE' });
      }
      await Promise.all(held);
      await bob.close();
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
});

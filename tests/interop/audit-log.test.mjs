// What happens to calls when their audit lines cannot be written.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { Child, run, temporaryFolder } from './lib/process.mjs';
import { ask, connect, events, startStdio } from './lib/stdio.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

/** A call that was refused because of the audit log. */
function assertUnrecorded(answer) {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.message.error, 'audit_unavailable');
  assert.match(answer.message.error_description, /cannot write its audit log/);
  assert.equal(header(answer, 'retry-after'), '5');
}

/** What still works, and what says that calls do not. */
async function assertSeen(gateway, why) {
  const ready = await send(`${gateway.operations}/readyz`);
  assert.equal(ready.status, 503);
  const { error, error_description: description } = JSON.parse(ready.text);
  assert.equal(error, 'audit_unavailable');
  assert.match(description, why);
  assert.equal((await send(`${gateway.operations}/livez`)).status, 200);
  assert.equal(await metric(gateway, 'postern_audit_unavailable'), 1);
  assert.equal((await send(`${gateway.origin}/.well-known/oauth-protected-resource/mcp`)).status, 200);
  const page = await send(`${gateway.origin}/login`);
  assert.equal(page.status, 503);
  assert.match(page.text, /<title>/);
}

describe('a log that nobody reads', { timeout: 240_000 * patience }, () => {
  const folder = temporaryFolder('unread-log');
  const fifo = path.join(folder, 'stderr');
  const drained = path.join(folder, 'lines');
  let upstream;
  let gateway;
  let token;
  let reader;

  before(async () => {
    await run('mkfifo', [fifo]);
    upstream = await RecordingUpstream.start();
    // Opened for reading as well, so that it can be opened before anything reads it, and no reader is missed later.
    gateway = await Gateway.start({
      name: 'unread-log',
      upstream: upstream.url,
      launcher: ['sh', '-c', `exec "$@" 2<>'${fifo}'`, 'sh'],
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  after(async () => {
    await reader?.kill();
    await gateway?.kill();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  const call = () => ping(gateway.resource, token);
  let passed = 0;

  it('attack 1: calls go on for as long as the queue has room, and are then refused before they reach the server', async () => {
    let refused;
    for (let round = 0; round < 400 && !refused; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, call));
      passed += answers.filter(({ status }) => status === 200).length;
      refused = answers.find(({ status }) => status !== 200);
    }
    assert.ok(passed > 8192, `${passed} calls passed`);
    assertUnrecorded(refused);
    assert.equal(upstream.requests.length, passed);
    await assertSeen(gateway, /lines wait to be written to standard error/);
    assertUnrecorded(await call());
  });

  it('attack 1: once the log is read again calls pass, and no line is missing', async () => {
    reader = new Child('sh', ['-c', `exec cat '${fifo}' >'${drained}'`]);
    await until('readiness', async () => (await send(`${gateway.operations}/readyz`)).status === 200);
    assert.equal((await call()).status, 200);
    passed += 1;
    const lines = () =>
      readFileSync(drained, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"event":"call"'))
        .map((line) => JSON.parse(line));
    await until('every line', () => lines().filter(({ status }) => status === 200).length === passed);
    assert.equal(await metric(gateway, 'postern_audit_unavailable'), 0);
  });

  it('attack 1: SIGTERM ends it though nobody reads, with an exit code that says what was lost', async () => {
    await reader.kill();
    // More than the pipe holds.
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 50 }, call));
    const { code, signal } = await gateway.child.stop(30 * patience);
    assert.deepEqual([code, signal], [1, null]);
  });
});

describe('a full disk under the audit file', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'full-disk',
      upstream: upstream.url,
      configure: (config) => {
        config.log = { audit: '/dev/full' };
      },
    });
  });
  after(async () => {
    await gateway?.kill();
    await upstream?.stop();
  });

  it('attack 1: the first line that cannot be written stops calls, and the end says how many were lost', async () => {
    const answer = await ping(gateway.resource, 'no-token');
    assert.equal(answer.status, 401);
    await until('the refusal', async () => (await ping(gateway.resource, 'no-token')).status === 503);
    assertUnrecorded(await callTool(gateway.resource, 'no-token', 'echo', {}));
    await assertSeen(gateway, /cannot write to \/dev\/full: No space left on device/);
    assert.equal(upstream.requests.length, 0);
    const { code } = await gateway.child.stop(20 * patience);
    assert.equal(code, 1);
    assert.match(gateway.child.output, /postern: \d+ audit lines were lost/);
  });
});

describe('what ends a gateway or rotates its log', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  beforeEach(async () => {
    gateway = await Gateway.start({
      name: 'audit-end',
      upstream: upstream.url,
      // Files of the process may grow to 2 MiB.
      launcher: ['sh', '-c', 'ulimit -f 4096; exec "$@"', 'sh'],
      configure: (config, { folder }) => {
        config.log = { audit: path.join(folder, 'audit.log') };
      },
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  afterEach(async () => {
    upstream.answer = undefined;
    await gateway.kill();
  });
  after(() => upstream?.stop());

  const lines = (name = 'audit.log') =>
    readFileSync(path.join(gateway.folder, name), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"event":"call"'))
      .map((line) => JSON.parse(line));

  it('attack 1: calls that its end cuts off are answered and recorded', async () => {
    upstream.answer = () => true;
    const calls = [1, 2].map(() => callTool(gateway.resource, token, 'echo', {}));
    await until('both calls', () => upstream.requests.length >= 2);
    gateway.child.process.kill('SIGTERM');
    await until('draining', () => gateway.logs().includes('"event":"draining"'));
    gateway.child.process.kill('SIGTERM');
    for (const { status } of await Promise.all(calls)) assert.equal(status, 503);
    assert.equal((await gateway.child.exited).code, 0);
    const cut = lines().filter(({ name }) => name === 'echo');
    assert.deepEqual(
      cut.map(({ status, outcome }) => [status, outcome]),
      [
        [503, 'unavailable'],
        [503, 'unavailable'],
      ],
    );
  });

  it('attack 1: a file that may grow no further stops calls and not the gateway', async () => {
    let refused;
    for (let round = 0; round < 400 && !refused; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ping(gateway.resource, token)));
      refused = answers.find(({ status }) => status !== 200);
    }
    assertUnrecorded(refused);
    await assertSeen(gateway, /cannot write to .*audit\.log: File too large/);
  });

  it('SIGHUP begins a new file once the old one was renamed, and ends nothing', async () => {
    assert.equal((await ping(gateway.resource, token)).status, 200);
    await until('its line', () => lines().some(({ status }) => status === 200));
    renameSync(path.join(gateway.folder, 'audit.log'), path.join(gateway.folder, 'audit.log.1'));
    gateway.child.process.kill('SIGHUP');
    await until('the new file', () => gateway.logs().includes('"event":"log_reopened"'));
    assert.equal((await ping(gateway.resource, token)).status, 200);
    await until('its line', () => existsSync(path.join(gateway.folder, 'audit.log')) && lines().length === 1);
    assert.equal(lines('audit.log.1').filter(({ status }) => status === 200).length, 1);
  });
});

describe('what a stdio server prints', { timeout: 60_000 * patience }, () => {
  const secret = 'the diagnosis of Mrs Miller';

  it('attack 11: is logged by its length', async () => {
    const gateway = await startStdio({ name: 'quiet-stderr', settings: { log_stderr: false } });
    const sdk = await connect(gateway);
    await ask(sdk, 'shout', { line: secret });
    await until('a line', () => events(gateway, 'upstream_stderr').some(({ bytes }) => bytes === secret.length));
    assert.ok(!gateway.logs().includes(secret));
    await sdk.close();
    await gateway.stop();
  });

  it('attack 11: is logged word for word where the configuration asks for it, which start warns about', async () => {
    const gateway = await startStdio({ name: 'loud-stderr', settings: { log_stderr: true } });
    const sdk = await connect(gateway);
    await ask(sdk, 'shout', { line: secret });
    await until('the line', () => events(gateway, 'upstream_stderr').some(({ line }) => line === secret));
    assert.ok(events(gateway, 'unsafe_configuration').some(({ what }) => what.includes('`log_stderr` writes')));
    await sdk.close();
    await gateway.stop();
  });
});

// A limit of threads (ulimit -u, TasksMax, pids.max) that does not suffice ends the start with a sentence.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { binary, patience } from './lib/gateway.mjs';
import { Child, freePort, temporaryFolder } from './lib/process.mjs';
import { until, within } from './lib/wait.mjs';

// Nobody's, because the kernel counts all threads of a user. The limit holds for everybody but root.
const user = 61_234;
const skip = process.getuid() !== 0 && 'only root can start the gateway as another user';

describe('a limit of threads', { timeout: 120_000 * patience, skip }, () => {
  let folder;
  let program;
  let config;

  before(async () => {
    folder = temporaryFolder('threads');
    program = path.join(folder, 'postern');
    copyFileSync(binary(), program);
    chmodSync(program, 0o755);
    chownSync(folder, user, user);
    config = path.join(folder, 'postern.yaml');
    const port = await freePort();
    writeFileSync(
      config,
      `listen: [{address: "127.0.0.1:${port}"}]
authorization_servers: {main: {issuer: "http://localhost:${port}"}}
upstreams: {tools: {urls: ["http://127.0.0.1:1/mcp"]}}
workers: 4
`,
    );
  });

  const serve = (limit) =>
    new Child(
      'setpriv',
      [
        `--reuid=${user}`,
        `--regid=${user}`,
        '--clear-groups',
        'prlimit',
        `--nproc=${limit}`,
        program,
        'serve',
        '-c',
        config,
      ],
      { cwd: folder, input: '' },
    );

  /** With how many threads it listens. */
  async function needed() {
    const child = serve(4096);
    try {
      await until('the start', () => /listening on/.test(child.output));
      return readdirSync(`/proc/${child.pid}/task`).length;
    } finally {
      await child.stop();
    }
  }

  it('ends the start with one sentence, wherever the last thread is missing, and the next start finds all free', async () => {
    const most = await needed();
    const limits = [1, 2, 3, 4, 5, 6].map((missing) => most - missing).concat(Math.floor(most / 2), 20, 5);
    for (const limit of limits) {
      const child = serve(limit);
      try {
        const { code, signal } = await within(20 * patience, `the end of a start with ${limit} threads`, child.exited);
        assert.deepEqual([code, signal], [1, null], `${limit} of ${most}: ${child.output}`);
        assert.match(child.output, /postern: the system does not give the gateway what it needs to start \(.+ulimit -u/);
        assert.doesNotMatch(child.output, /listening on|terminate called|internal error/, String(limit));
      } finally {
        await child.kill();
      }
    }
    assert.equal(await needed(), most);
  });
});

// Child processes: started here, ended by their own id, never left behind.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './wait.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const nodeModules = path.join(root, 'tests/interop/node_modules');

/** The Python that has MCP (scripts/install-dependencies --tests), and a program of `tests/interop/python/` for it. */
export const python = path.join(root, 'build/python/bin/python');
export const pythonProgram = (name) => path.join(root, 'tests/interop/python', `${name}.py`);

const running = new Set();
const folders = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  for (const file of claimed) rmSync(file, { force: true });
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.once(signal, () => process.exit(code));

/** A folder of its own, removed when this process ends. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(path.join(tmpdir(), `postern-${name}-`));
  folders.add(folder);
  return folder;
}

export const portIsFree = (port, address = '0.0.0.0') =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });

const claims = path.join(tmpdir(), `postern-test-ports-${process.getuid()}`);
const claimed = new Set();
const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** False: another process of the tests has it. A claim ends with its process, however that ends. */
function claimPort(port) {
  const file = path.join(claims, String(port));
  mkdirSync(claims, { recursive: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    claimed.add(file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder > 0 && !isRunning(holder)) rmSync(file, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // given back just now
  }
  return false;
}

/**
 * A port that is free on every address and that no other test gets as long as this process runs. It is below the range
 * that the kernel lends to outgoing connections, so that none of these can take it either.
 */
export async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    if (claimPort(port) && (await portIsFree(port))) return port;
  }
}

/** A running program with its output in memory. */
export class Child {
  constructor(command, args, { env = {}, cwd = root, input } = {}) {
    this.output = '';
    this.process = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.process);
    this.exited = new Promise((resolve) => {
      this.process.once('error', (error) => {
        this.output += `${error.message}\n`;
        running.delete(this.process);
        resolve({ code: -1, signal: null });
      });
      this.process.once('close', (code, signal) => {
        running.delete(this.process);
        resolve({ code, signal });
      });
    });
    this.stdout = '';
    this.process.stdout.on('data', (bytes) => {
      this.stdout += bytes;
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (bytes) => {
        this.output += bytes;
      });
    }
    this.process.stdin.on('error', () => {});
    if (input !== undefined) this.process.stdin.end(input);
  }

  get pid() {
    return this.process.pid;
  }

  get alive() {
    return this.process.exitCode === null && this.process.signalCode === null && this.pid !== undefined;
  }

  /** Asks the program to end, and waits. One that does not is killed, which is an error. */
  async stop(seconds = 15) {
    if (this.alive) this.process.kill('SIGTERM');
    try {
      return await within(seconds, `the end of process ${this.pid}`, this.exited);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async kill() {
    if (this.alive) this.process.kill('SIGKILL');
    return this.exited;
  }
}

/** Runs a program to its end: `{code, output, stdout}`. */
export async function run(command, args, { seconds = 60, ...options } = {}) {
  const child = new Child(command, args, { input: '', ...options });
  try {
    const { code } = await within(seconds, `${path.basename(command)} ${args.join(' ')}`, child.exited);
    return { code, output: child.output, stdout: child.stdout };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

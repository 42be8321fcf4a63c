// The gateway under test: configuration, start, readiness, command line, end.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { send } from './http.mjs';
import { Child, freePort, root, run, temporaryFolder } from './process.mjs';
import { pause, until } from './wait.mjs';

/** `POSTERN_BINARY`, else the release build, else the debug build. */
export function binary() {
  const candidates = process.env.POSTERN_BINARY
    ? [path.resolve(process.env.POSTERN_BINARY)]
    : ['release', 'debug'].map((preset) => path.join(root, 'build', preset, 'postern'));
  const found = candidates.find(existsSync);
  if (!found) throw new Error(`no gateway at ${candidates.join(' nor ')}: run scripts/build release`);
  return found;
}

/** Sanitized binaries are slow, and some tests do less with them. */
export const sanitized = /\/(asan|tsan)\//.test(process.env.POSTERN_BINARY ?? '');

/** What a bound in time is multiplied with. */
export const patience = sanitized ? 4 : 1;

export const password = 'correct horse battery staple';

/** `echo` needs tools.read, `get-sum` needs tools.write, `get-env` is out of reach, the rest is for anyone connected. */
export const everythingPolicy = {
  policy: 'everything',
  scopes: {
    'mcp.connect': 'Connect',
    'tools.read': 'Use the tools that read',
    'tools.write': 'Use the tools that change things',
  },
  default_scopes: ['mcp.connect', 'tools.read'],
  connect: ['mcp.connect'],
  roles: { viewer: ['mcp.connect', 'tools.read'], admin: ['mcp.connect', 'tools.read', 'tools.write'] },
  rules: [
    { tools: ['echo'], scopes: ['tools.read'] },
    { tools: ['get-sum'], scopes: ['tools.write'] },
    { tools: ['get-env'], deny: true },
  ],
  otherwise: 'allow',
};

/** Rates that no test reaches by accident. Tests of rates set their own. */
export const generous = {
  call: '100000/s',
  token: '100000/s',
  register: '100000/m',
  sign_in: '100000/m',
  authorize: '100000/s',
};

export class Gateway {
  /**
   * `upstream` is the URL behind. `configure(config, gateway)` may change the configuration before it is written;
   * `policy` replaces the policy; `launcher` is a command with its words that the gateway is started by. Nothing runs
   * before `start()`.
   */
  static async create({ name = 'gateway', upstream, policy = everythingPolicy, configure, launcher = [] } = {}) {
    const gateway = new Gateway();
    gateway.launcher = launcher;
    gateway.folder = temporaryFolder(name);
    gateway.file = path.join(gateway.folder, 'postern.yaml');
    gateway.port = await freePort();
    do gateway.operationsPort = await freePort();
    while (gateway.operationsPort === gateway.port);
    gateway.origin = `http://127.0.0.1:${gateway.port}`;
    gateway.resource = `${gateway.origin}/mcp`;
    gateway.operations = `http://127.0.0.1:${gateway.operationsPort}`;
    gateway.log = '';
    const policyFile = path.join(gateway.folder, 'policy.yaml');
    const config = {
      listen: [
        { address: `127.0.0.1:${gateway.port}` },
        { address: `127.0.0.1:${gateway.operationsPort}`, serve: 'operations' },
      ],
      store: `sqlite:${path.join(gateway.folder, 'postern.db')}`,
      authorization_servers: { main: { default: true, issuer: gateway.origin } },
      identity: { local: true },
      tenants: [{ handle: 'acme', name: 'Acme Inc.', plan: 'business' }],
      upstreams: { everything: { urls: [upstream] } },
      resources: [
        { serve: gateway.resource, tenant: 'acme', upstream: 'everything', policy: policy.policy, root: true },
      ],
      policies: [policyFile],
      limits: { rate: generous },
    };
    configure?.(config, gateway);
    // What the gateway sends by itself would stand among what tests count.
    for (const behind of Object.values(config.upstreams ?? {})) behind.first_check ??= false;
    // JSON is YAML.
    writeFileSync(policyFile, JSON.stringify(policy, null, 2));
    writeFileSync(gateway.file, JSON.stringify(config, null, 2));
    return gateway;
  }

  /** `create` and `start`, with the users named (default: alice, an admin of acme). */
  static async start({ users = [{ name: 'alice', members: ['acme:admin'] }], ...options } = {}) {
    const gateway = await Gateway.create(options);
    for (const user of users) await gateway.addUser(user);
    await gateway.start();
    return gateway;
  }

  get pid() {
    return this.child?.pid;
  }

  get alive() {
    return this.child?.alive ?? false;
  }

  #spawn() {
    const [command, ...words] = [...this.launcher, binary(), 'serve', '-c', this.file];
    this.child = new Child(command, words, { cwd: this.folder });
  }

  async start() {
    this.#spawn();
    await until(
      'the gateway to be ready',
      async () => {
        if (!this.alive) throw Object.assign(new Error('ended'), { fatal: true });
        return (await send(`${this.operations}/readyz`, { seconds: 2 })).status === 200;
      },
      { seconds: 15 * patience, every: 10 },
    ).catch((error) => {
      throw new Error(`the gateway did not start: ${error.message}\n${this.child.output.slice(-4000)}`);
    });
    return this;
  }

  /** Ends it in good order; anything but exit code 0, or a sanitizer's report, is an error. */
  async stop() {
    if (!this.child) return;
    const { code, signal } = await this.child.stop(20 * patience);
    const output = this.child.output;
    this.log += output;
    this.child = undefined;
    if (code !== 0) throw new Error(`the gateway ended with ${signal ?? `exit code ${code}`}\n${output.slice(-4000)}`);
    const report = /(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:)[\s\S]*/.exec(output);
    if (report) throw new Error(report[0].slice(0, 4000));
  }

  /** Starts it and kills it before it can be ready. */
  async killWhileStarting(milliseconds) {
    this.#spawn();
    await pause(milliseconds);
    await this.kill();
  }

  /** `kill -9`. */
  async kill() {
    await this.child?.kill();
    this.log += this.child?.output ?? '';
    this.child = undefined;
  }

  logs() {
    return this.log + (this.child?.output ?? '');
  }

  /** The lines of the log that hold `part`, once there is one: they are written beside the request that causes them. */
  logged(part) {
    return until(`"${part}" in the log`, () => {
      const lines = this.logs().split('\n').slice(0, -1).filter((line) => line.includes(part));
      return lines.length > 0 && lines;
    });
  }

  /** One command of the command line against this configuration: its standard output. Fails unless it exits 0. */
  async command(words, { input = '' } = {}) {
    const { code, output, stdout } = await run(binary(), [...words, '-c', this.file], { cwd: this.folder, input });
    if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}: ${output}`);
    return stdout;
  }

  addUser({ name, members = [], secret = password }) {
    return this.command(
      ['user', 'add', name, ...members.flatMap((member) => ['--member', member]), '--password-stdin'],
      { input: `${secret}\n` },
    );
  }
}

// Clients as people run them, all used alike: `open(url)` goes all the way from the 401 to the tools, and returns
// `{tools, call(message), use(tool, arguments), signIns, close()}`. `call` has the tool `echo` say a message; `signIns`
// counts how often a person had to sign in. The Python client has no `use`.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { desktop, inspector, mcpRemote } from './desktop.mjs';
import { Child, freePort, python, pythonProgram, run } from './process.mjs';
import { SdkClient, textOf } from './sdk.mjs';
import { until } from './wait.mjs';

const sdk = (version, options) => async (url) => {
  const client = await SdkClient.connect(version, url, { options });
  return {
    tools: await client.tools(),
    call: async (message) => textOf(await client.call('echo', { message })),
    use: async (tool, args) => textOf(await client.call(tool, args)),
    get signIns() {
      return client.provider.events.filter((event) => event === 'authorizing').length;
    },
    close: () => client.close(),
  };
};

async function openMcpRemote(url) {
  const remote = mcpRemote();
  const transport = new StdioClientTransport({
    command: remote.command,
    args: remote.args('proxy', url, String(await freePort())),
    env: { ...process.env, ...remote.env },
    cwd: remote.folder,
    stderr: 'pipe',
  });
  let log = '';
  transport.stderr.on('data', (bytes) => {
    log += bytes;
  });
  const client = new Client({ name: 'behind-mcp-remote', version: '1.0.0' });
  const told = (error) => {
    throw new Error(`${error.message}\n${log.slice(-4000)}`, { cause: error });
  };
  await client.connect(transport, { timeout: 90_000 }).catch(told);
  const use = async (name, args) =>
    textOf(await client.callTool({ name, arguments: args }, undefined, { timeout: 90_000 }).catch(told));
  const attempt = (message) => use('echo', { message });
  // When its stream ends with the grant, it signs in for a new one at once, and a call in the meantime for itself: of
  // the two, which share their proof key, one fails in mcp-remote and is tried again, as its user would.
  const call = (message) => until('an answer through mcp-remote', () => attempt(message), { seconds: 120, every: 500 });
  return {
    tools: (await client.listTools()).tools.map((tool) => tool.name),
    call,
    use,
    get signIns() {
      return remote.desktop.signIns;
    },
    close: () => client.close(),
  };
}

/** One run of the program for each method; tokens are kept in a file between them. */
async function openInspector(url) {
  const program = inspector(url, await freePort());
  const ask = async (method, ...more) => {
    const { code, stdout, output } = await run(program.command, program.args(method, ...more), {
      env: program.env,
      cwd: program.folder,
      seconds: 120,
    });
    assert.equal(code, 0, output);
    return JSON.parse(stdout).result;
  };
  const { tools } = await ask('tools/list');
  return {
    tools: tools.map((tool) => tool.name),
    call: async (message) => textOf(await ask('tools/call', '--tool-name', 'echo', '--tool-arg', `message=${message}`)),
    use: async (tool, args) => {
      const words = Object.entries(args).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]);
      return textOf(await ask('tools/call', '--tool-name', tool, ...words));
    },
    get signIns() {
      return program.desktop.signIns;
    },
    close: () => {},
  };
}

async function openPython(url) {
  const person = desktop();
  const args = [pythonProgram('client'), url, String(await freePort()), person.env.BROWSER];
  const child = new Child(python, args, { env: person.env, cwd: person.folder });
  let lines = 0;
  const next = async () => {
    const line = await until(
      'a line of the Python client',
      () => {
        const printed = child.stdout.split('\n');
        if (printed.length <= lines + 1 && !child.alive) throw Object.assign(new Error(child.output), { fatal: true });
        return printed.length > lines + 1 && printed[lines];
      },
      { seconds: 90 },
    );
    lines += 1;
    return JSON.parse(line);
  };
  try {
    return {
      tools: await next(),
      call(message) {
        child.process.stdin.write(`${message}\n`);
        return next();
      },
      get signIns() {
        return person.signIns;
      },
      async close() {
        child.process.stdin.end('\n');
        assert.equal((await child.exited).code, 0, child.output);
      },
    };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

export const clients = {
  'SDK v1': sdk('v1'),
  'SDK v2': sdk('v2', { versionNegotiation: { mode: 'auto' } }),
  'mcp-remote': openMcpRemote,
  'the Inspector': openInspector,
  'Python mcp': openPython,
};

// Starts the reference MCP server and `postern quick` in front of it; `--check` walks through it as a client would.
import { binary } from '../../tests/interop/lib/gateway.mjs';
import { Child, freePort, portIsFree, temporaryFolder } from '../../tests/interop/lib/process.mjs';
import { startEverything } from '../../tests/interop/lib/upstream.mjs';
import { until } from '../../tests/interop/lib/wait.mjs';
import { check } from './check.mjs';

const checking = process.argv.includes('--check');
const port = !checking && (await portIsFree(8080)) ? 8080 : await freePort();

const upstream = await startEverything();
const gateway = new Child(binary(), ['quick', '--listen', `127.0.0.1:${port}`, '--upstream', upstream.url], {
  cwd: temporaryFolder('quickstart'),
});

const printed = (label) => new RegExp(`^${label}: *(\\S+) *$`, 'm').exec(gateway.stdout)?.[1];
const started = await until('Postern', () => {
  if (!gateway.alive) throw Object.assign(new Error(gateway.output), { fatal: true });
  const [url, user, password] = ['MCP URL', 'User', 'Password'].map(printed);
  return url && user && password && { url, user, password };
});

if (checking) {
  try {
    await check(started);
  } catch (error) {
    console.error(`✗ ${error.message}\n--- what Postern said:\n${gateway.output.slice(-4000)}`);
    process.exitCode = 1;
  }
  await gateway.stop();
  await upstream.stop();
  process.exit();
}

console.log(`
Postern protects ${upstream.url}

  MCP URL    ${started.url}
  User       ${started.user}
  Password   ${started.password}

Give the URL to your MCP client; it will open a browser to sign in.
Everything is forgotten when you end this with Ctrl-C.
`);
const { code, signal } = await gateway.exited;
console.error(`Postern ended with ${signal ?? code}:\n${gateway.output.slice(-4000)}`);
process.exit(1);

// The files of the store: a disk that takes no more, then a database and a key that are deleted under the gateway.
// Prints how long it took until /readyz and the log said so, what was answered meanwhile, and how long until a client
// could register again. Starts all that it needs; POSTERN_BINARY names the gateway.
import { rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Gateway } from '../interop/lib/gateway.mjs';
import { ping } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { events } from '../interop/lib/stdio.mjs';
import { databaseOf, liftLimit, limitFiles, readiness, registerStranger, unknownToken } from '../interop/lib/store.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { until } from '../interop/lib/wait.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const atOnce = 20;
const most = 4_000; // registrations

async function seconds(what, probe) {
  const begun = performance.now();
  await until(what, probe, { seconds: 30 }).catch(() => {});
  return Number(((performance.now() - begun) / 1000).toFixed(2));
}

const registered = (gateway) => async () => (await registerStranger(gateway)).status === 201;

async function fullDisk(gateway) {
  const statuses = {};
  for (let sent = 0; sent < most && !statuses[503]; sent += atOnce) {
    const answers = await Promise.all(Array.from({ length: atOnce }, () => registerStranger(gateway)));
    for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const said = await seconds('readyz', async () => (await readiness(gateway)).status === 503);
  const { description } = await readiness(gateway);
  const lookUp = (await ping(gateway.resource, unknownToken())).status;
  await liftLimit(gateway);
  return {
    registrations: statuses,
    said_after_s: said,
    said: description,
    look_up_meanwhile: lookUp,
    works_after_s: await seconds('a registration', registered(gateway)),
  };
}

async function deletedFiles(gateway) {
  const before = events(gateway, 'store_unavailable').length;
  for (const end of ['', '-wal', '-shm', '.key']) rmSync(databaseOf(gateway) + end);
  const said = await seconds('the log', async () => events(gateway, 'store_unavailable').length > before);
  const ready = await seconds('readyz', async () => (await readiness(gateway)).status === 200);
  return { said_after_s: said, ready_after_s: ready, works_after_s: await seconds('a registration', registered(gateway)) };
}

const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({
  name: 'attack-store-files',
  upstream: upstream.url,
  launcher: limitFiles(1_500_000),
});
try {
  const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
  const { result, ...calls } = await meanwhile(gateway.resource, token, async () => ({
    full_disk: await fullDisk(gateway),
    deleted: await deletedFiles(gateway),
  }));
  await gateway.stop();
  await gateway.start();
  const after_restart = (await ping(gateway.resource, token)).status;
  console.log(JSON.stringify({ attack: 8, figure: { ...result, after_restart, calls }, p99_ms: calls.p99_ms }));
} finally {
  await gateway.stop();
  await upstream.stop();
}

// Reads behind writes: 12 strangers register without a pause, and another program holds the store's lock for 8 seconds.
// Prints what registrations, look-ups of unknown tokens and metadata were answered and how long each took, and how long
// after the lock a registration worked again. Starts all that it needs; POSTERN_BINARY names the gateway.
import { performance } from 'node:perf_hooks';
import { Gateway } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { ping } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { lockStore, registerStranger, unknownToken } from '../interop/lib/store.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { pause, until } from '../interop/lib/wait.mjs';
import { meanwhile, percentile } from './lib/meanwhile.mjs';

const strangers = 12;
const freeSeconds = 3;
const lockedSeconds = 8;

const rounded = (milliseconds) => Number(milliseconds.toFixed(1));

/** Does it over and over, `atOnce` at a time, until it is stopped: `{stop()}` gives `{statuses, p99_ms, longest_ms}`. */
function keepAsking(act, atOnce, between = 0) {
  const took = [];
  const statuses = {};
  let over = false;
  const loops = Array.from({ length: atOnce }, async () => {
    while (!over) {
      const begun = performance.now();
      const { status } = await act().catch(() => ({ status: 'none' }));
      took.push(performance.now() - begun);
      statuses[status] = (statuses[status] ?? 0) + 1;
      // Whoever is refused comes again, but not in a loop that only burns the processor.
      await pause(status === 503 ? 20 : between);
    }
  });
  return {
    async stop() {
      over = true;
      await Promise.all(loops);
      return { statuses, p99_ms: rounded(percentile(took, 0.99)), longest_ms: rounded(Math.max(...took)) };
    },
  };
}

async function measure(gateway, milliseconds) {
  const asking = {
    registrations: keepAsking(() => registerStranger(gateway), strangers),
    look_ups: keepAsking(() => ping(gateway.resource, unknownToken()), 1, 5),
    metadata: keepAsking(() => send(`${gateway.origin}/.well-known/oauth-authorization-server`), 1, 5),
    readyz: keepAsking(() => send(`${gateway.operations}/readyz`), 1, 50),
  };
  await pause(milliseconds);
  const stopping = Object.entries(asking).map(async ([name, each]) => [name, await each.stop()]);
  return Object.fromEntries(await Promise.all(stopping));
}

const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({ name: 'attack-store-lock', upstream: upstream.url });
try {
  const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
  const { result, ...calls } = await meanwhile(gateway.resource, token, async () => {
    const busy = await measure(gateway, freeSeconds * 1000);
    const lock = lockStore(gateway);
    const locked = await measure(gateway, lockedSeconds * 1000);
    lock.release();
    const released = performance.now();
    await until('a registration', async () => (await registerStranger(gateway)).status === 201);
    return { busy, locked, ms_to_recover: rounded(performance.now() - released) };
  });
  console.log(JSON.stringify({ attack: 2, figure: { ...result, calls }, p99_ms: calls.p99_ms }));
} finally {
  await gateway.stop();
  await upstream.stop();
}

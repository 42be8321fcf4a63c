// Nobody reads the gateway's standard error: how many calls are let through, and whether it still answers and ends.
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Gateway } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { ping } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { run, temporaryFolder } from '../interop/lib/process.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { within } from '../interop/lib/wait.mjs';
import { percentile } from './lib/meanwhile.mjs';

const most = 20_000;
const atOnce = 50;
const patience = 5; // seconds

const fifo = path.join(temporaryFolder('unread-log'), 'stderr');
await run('mkfifo', [fifo]);
const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({
  name: 'unread-log',
  upstream: upstream.url,
  launcher: ['sh', '-c', `exec "$@" 2<>'${fifo}'`, 'sh'],
});
const token = (await (await OAuthClient.register(gateway)).grant()).access_token;

const took = [];
const statuses = {};
async function call() {
  const begun = performance.now();
  const status = await within(patience, 'an answer', ping(gateway.resource, token))
    .then((answer) => answer.status)
    .catch(() => 'none');
  took.push(performance.now() - begun);
  statuses[status] = (statuses[status] ?? 0) + 1;
  return status;
}
for (let calls = 0; calls < most; calls += atOnce) {
  const answered = await Promise.all(Array.from({ length: atOnce }, call));
  if (answered.some((status) => status !== 200)) break;
}
const probe = await within(patience, 'an answer', send(`${gateway.operations}/livez`, { seconds: patience }))
  .then((answer) => answer.status)
  .catch(() => 'none');
const asked = performance.now();
const end = await gateway.child.stop(15).catch(() => ({ code: 'killed' }));
console.log(
  JSON.stringify({
    attack: 1,
    figure: {
      calls: statuses,
      livez: probe,
      exit_code: end.code,
      seconds_to_end: Number(((performance.now() - asked) / 1000).toFixed(1)),
    },
    p99_ms: Number(percentile(took, 0.99).toFixed(2)),
  }),
);
await upstream.stop();
process.exit(0);

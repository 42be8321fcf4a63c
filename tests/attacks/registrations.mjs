// Registrations without end: from ever new networks, within a bounded time, at rates that let them through and at those
// that a gateway has by default. Prints how many clients and how many bytes are left of them, how many bytes of log
// there are, and whether an app that was being connected meanwhile could be. Starts all that it needs; POSTERN_BINARY
// names the gateway.
import { statSync } from 'node:fs';
import path from 'node:path';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { Gateway } from '../interop/lib/gateway.mjs';
import { metric } from '../interop/lib/metrics.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { Registrations, crowd } from '../interop/lib/registrations.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const seconds = 20;
const most = 30_000;
const kilobytes = 12;

const bytesOnDisk = (gateway) =>
  ['', '-wal'].reduce((sum, end) => {
    const file = statSync(path.join(gateway.folder, `postern.db${end}`), { throwIfNoEntry: false });
    return sum + (file?.size ?? 0);
  }, 0);
const inMiB = (bytes) => Number((bytes / 1024 / 1024).toFixed(1));

/** As many registrations as there is time for. */
async function flood(registrations) {
  const end = Date.now() + seconds * 1000;
  const answers = {};
  for (let sent = 0; sent < most && Date.now() < end; sent += 500) {
    const some = await registrations.flood(500, (n) => crowd(sent + n), { kilobytes });
    for (const [status, count] of some) answers[status] = (answers[status] ?? 0) + count;
  }
  return answers;
}

async function attack(upstream, name, configure) {
  const gateway = await Gateway.start({
    name: `attack-registrations-${name}`,
    upstream: upstream.url,
    configure: (config) => {
      config.trusted_proxies = ['127.0.0.0/8'];
      configure(config);
    },
  });
  try {
    const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
    const registrations = new Registrations(gateway);
    const connecting = await OAuthClient.register(gateway);
    // From the network of the flood.
    Object.assign(connecting, { id: await registrations.one(crowd(1), { redirect: connecting.redirectUri }) });
    const browser = new UserAgent();
    await browser.request(connecting.request().url);
    const { result: answers, ...calls } = await meanwhile(gateway.resource, token, () => flood(registrations));
    const connected = await connecting.grant({ browser }).then(
      () => true,
      () => false,
    );
    return {
      answers,
      clients: JSON.parse(await gateway.command(['client', 'list', '--json'])).length,
      evicted: await metric(gateway, 'postern_clients_evicted_total'),
      store_mib: inMiB(bytesOnDisk(gateway)),
      log_mib: inMiB(Buffer.byteLength(gateway.logs())),
      connected,
      calls,
    };
  } finally {
    await gateway.stop();
  }
}

const upstream = await RecordingUpstream.start();
const figure = {
  any_rate: await attack(upstream, 'any-rate', (config) => {
    config.limits.unused_clients = 1_000;
  }),
  default_rate: await attack(upstream, 'default-rate', (config) => {
    config.limits.rate = { ...config.limits.rate };
    delete config.limits.rate.register;
  }),
};
console.log(JSON.stringify({ attack: 7, figure, p99_ms: figure.any_rate.calls.p99_ms }));
await upstream.stop();

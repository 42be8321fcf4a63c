// Measures what scripts/bench-tenants says.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Gateway } from '../tests/interop/lib/gateway.mjs';
import { RecordingUpstream } from '../tests/interop/lib/upstream.mjs';

const requests = 4000;
const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [0, 1000, 100_000];
const handle = (i) => `tenant-${i}`;
const milliseconds = (since) => performance.now() - since;

async function timed(what) {
  const begun = performance.now();
  const value = await what();
  return [milliseconds(begun), value];
}

/** One keep-alive connection: the times of `requests` answers, sorted. */
async function ask(gateway, pathOf, method, status) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times = [];
  for (let i = 0; i < requests; ++i) {
    const [time, seen] = await timed(
      () =>
        new Promise((resolve, reject) => {
          const sent = http.request({ agent, method, host: '127.0.0.1', port: gateway.port, path: pathOf() }, (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode));
          });
          sent.on('error', reject).end();
        }),
    );
    if (seen !== status) throw new Error(`${method} ${pathOf()}: ${seen} where ${status} was expected`);
    times.push(time);
  }
  agent.destroy();
  return times.sort((a, b) => a - b);
}

const residentMiB = (pid) => {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
  return Math.round((Number(pages) * 4096) / 2 ** 20);
};

async function measure(count, upstream, kept) {
  const gateway = await Gateway.create({
    name: 'bench-tenants',
    upstream: upstream.url,
    configure: (config, { folder, origin }) => {
      config.resources.push({ serve: `${origin}/t/{tenant}/mcp`, upstream: 'everything', policy: 'everything' });
      config.log = { level: 'error', audit: '/dev/null' };
      if (kept !== 'folder') return;
      config.tenants_dir = 'tenants';
      mkdirSync(path.join(folder, 'tenants'));
      for (let i = 0; i < count; ++i) {
        const text = `name: Tenant ${i}\nplan: business\nmembers: [{user: user-${i}, role: viewer}]\n`;
        writeFileSync(path.join(folder, 'tenants', `${handle(i)}.yaml`), text);
      }
    },
  });
  const file = path.join(gateway.folder, 'tenants.jsonl');
  const entries = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      ...{ handle: handle(i), name: `Tenant ${i}`, plan: 'business' },
      members: [{ user: `user-${i}`, role: 'viewer' }],
    }),
  );
  writeFileSync(file, `${entries.join('\n')}\n`);
  const store = kept === 'store';
  const [imported] = store && count ? await timed(() => gateway.command(['tenant', 'import', file])) : [0];
  const [started] = await timed(() => gateway.start());
  try {
    const any = () => (count ? handle(Math.floor(Math.random() * count)) : 'acme');
    const metadata = await ask(gateway, () => `/.well-known/oauth-protected-resource/t/${any()}/mcp`, 'GET', 200);
    const refused = await ask(gateway, () => `/t/${any()}/mcp`, 'POST', 401);
    const p = (times, share) => times[Math.floor(times.length * share)].toFixed(2);
    const database = store ? `${(statSync(path.join(gateway.folder, 'postern.db')).size / 2 ** 20).toFixed(1)} MiB` : '';
    const row = [count, kept, (imported / 1000).toFixed(2), (started / 1000).toFixed(2), residentMiB(gateway.pid)];
    console.log(
      [...row, ...[metadata, refused].flatMap((times) => [p(times, 0.5), p(times, 0.99)]), database].join('\t'),
    );
  } finally {
    await gateway.stop();
  }
}

console.log('tenants\tin\timport s\tstart s\tMiB\tmetadata ms p50\tp99\t401 ms p50\tp99\tstore');
const upstream = await RecordingUpstream.start();
try {
  for (const kept of ['store', 'folder']) for (const count of counts) await measure(count, upstream, kept);
} finally {
  await upstream.stop();
}

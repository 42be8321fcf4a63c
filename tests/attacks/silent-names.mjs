// Documents of clients whose names' server never answers, asked for from four networks, while honest clients sign in
// whose documents are elsewhere. Prints whether these were held up. Runs in a network of its own, where a name server
// can be silent. Starts all that it needs; POSTERN_BINARY names the gateway.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { publicDocument, startWithDocuments } from '../interop/lib/documents.mjs';
import { send } from '../interop/lib/http.mjs';
import { OAuthClient, authorizeUrl } from '../interop/lib/oauth.mjs';
import { run, temporaryFolder } from '../interop/lib/process.mjs';
import { until } from '../interop/lib/wait.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const strangers = Array.from({ length: 16 }, (_, index) => ({
  from: `203.0.${index % 4}.${index + 1}`,
  url: `https://s${index}.silent.test/client.json`,
}));
const honest = Array.from({ length: 10 }, (_, index) => ({
  from: `198.51.${index}.1`,
  url: `https://app.example.test/${index}.json`,
}));

/** Runs this program once more in a network of its own, where it is the name server. */
async function enter() {
  const resolver = path.join(temporaryFolder('silent-names'), 'resolv.conf');
  writeFileSync(resolver, 'nameserver 127.0.0.1\n');
  const inside = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';
  const { code, output } = await run(
    'unshare',
    ['--user', '--map-root-user', '--net', '--mount', '--', 'sh', '-c', inside, 'sh', resolver].concat([
      process.execPath,
      fileURLToPath(import.meta.url),
    ]),
    { env: { POSTERN_SILENT_NAMES: 'inside' } },
  );
  process.stdout.write(output);
  process.exit(code);
}

const ask = (gateway, { from, url }) =>
  send(authorizeUrl(gateway, url), { headers: { 'X-Forwarded-For': from }, seconds: 60 });

async function attack(started, silent) {
  const { gateway } = started;
  let back = 0;
  const waiting = strangers.map((stranger) => ask(gateway, stranger).finally(() => ++back));
  // As many as one of four networks and more may have under way.
  await until('the name server to be asked', () => silent.names.size >= 8);
  const took = [];
  let answered = 0;
  for (const each of honest) {
    const begun = performance.now();
    const { status } = await ask(gateway, each);
    if (status === 303 || status === 302) ++answered; // on to the sign-in page: the document was taken

    took.push(performance.now() - begun);
    if (took.length === 1) silent.back = back;
  }
  await Promise.all(waiting);
  return {
    silent_names: silent.names.size,
    strangers_answered_before_the_first_honest: silent.back,
    honest: { asked: honest.length, answered, slowest_ms: Number(Math.max(...took).toFixed(1)) },
  };
}

if (!process.env.POSTERN_SILENT_NAMES) await enter();
const silent = { names: new Set(), socket: dgram.createSocket('udp4') };
// RFC 1035 section 4.1.2: the question's name follows the header; its first label tells the names apart.
silent.socket.on('message', (query) => silent.names.add(query.subarray(13, 13 + query[12]).toString('latin1')));
silent.socket.bind(53, '127.0.0.1');
await once(silent.socket, 'listening');
const started = await startWithDocuments({
  name: 'attack-silent-names',
  hosts: ['app.example.test'],
  documents: Object.fromEntries(
    honest.map(({ url }) => [url, publicDocument(url, { redirect_uris: ['https://app.example.test/callback'] })]),
  ),
  configure: (config) => {
    config.trusted_proxies = ['127.0.0.0/8'];
  },
});
try {
  const { access_token: token } = await (await OAuthClient.register(started.gateway)).grant();
  const { result, ...calls } = await meanwhile(started.gateway.resource, token, () => attack(started, silent));
  console.log(JSON.stringify({ attack: 13, figure: { ...result, calls }, p99_ms: calls.p99_ms }));
} finally {
  await started.stop();
  silent.socket.close();
}

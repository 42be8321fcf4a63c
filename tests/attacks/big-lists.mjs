// Attack 12: 60 clients ask at once for lists of 15 MB, first as JSON, then as events. The figure is the most memory
// that the gateway takes, in MiB, where limits.body_memory is 256MiB.
//
//   POSTERN_BINARY=build/release/postern node tests/attacks/big-lists.mjs
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { forgetPeak, peakOf } from '../interop/lib/big-lists.mjs';
import { callTool } from '../interop/lib/mcp.mjs';
import { Gateway } from '../interop/lib/gateway.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { within } from '../interop/lib/wait.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const lists = 60;
const bytes = 15_000_000;
const patience = 300; // seconds

const attackers = new Worker(new URL('lib/list-attack.mjs', import.meta.url), { workerData: { bytes } });
const [listServer] = await once(attackers, 'message');
const upstream = await RecordingUpstream.start();
let listResource;
const gateway = await Gateway.start({
  name: 'big-lists',
  upstream: upstream.url,
  configure: (config, { origin }) => {
    listResource = `${origin}/lists`;
    config.upstreams.lists = { urls: [listServer] };
    config.resources.push({ ...config.resources[0], serve: listResource, upstream: 'lists', root: false });
    config.limits.body_memory = '256MiB';
  },
});
const mint = async (resource) => {
  const words = ['--user', 'alice', '--tenant', 'acme', '--resource', resource, '--scope', 'mcp.connect tools.read'];
  return (await gateway.command(['token', 'mint', ...words])).trimEnd();
};
const token = await mint(gateway.resource);
const listToken = await mint(listResource);
await callTool(gateway.resource, token, 'echo');

for (const cursor of ['json', 'events']) {
  await forgetPeak(gateway.pid);
  const attack = async () => {
    attackers.postMessage({ resource: listResource, token: listToken, cursor, lists });
    return (await within(patience, 'the lists', once(attackers, 'message')))[0];
  };
  const { result: outcomes, calls, failed, p99_ms } = await meanwhile(gateway.resource, token, attack);
  const figure = Math.round(await peakOf(gateway.pid));
  console.log(JSON.stringify({ attack: 12, kind: cursor, figure, p99_ms, outcomes, calls, failed }));
}
attackers.postMessage({});
await gateway.stop();
await upstream.stop();

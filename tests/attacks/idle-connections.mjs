// A thousand idle connections and more, from one address and then from three networks, against a gateway that was
// started with the usual soft limit of 1,024 open files, and against one with no more than that. Prints what was
// answered meanwhile. Starts all that it needs; POSTERN_BINARY names the gateway.
import { Gateway } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { openIdle } from '../interop/lib/idle.mjs';
import { metric } from '../interop/lib/metrics.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const probes = 50;

/** How many of the probes were answered. */
async function probe(gateway) {
  let answered = 0;
  for (let i = 0; i < probes; ++i) {
    const { status } = await send(`${gateway.operations}/livez`, { seconds: 5 }).catch(() => ({ status: 0 }));
    if (status === 200) ++answered;
  }
  return { asked: probes, answered };
}

async function attack(upstream, words) {
  const gateway = await Gateway.start({
    name: 'attack-idle',
    upstream: upstream.url,
    launcher: ['sh', '-c', `${words} && exec "$@"`, 'sh'],
  });
  const open = [];
  try {
    const token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    const { result, ...calls } = await meanwhile(
      gateway.resource,
      token,
      async () => {
        open.push(...(await openIdle(gateway.port, 1100, '127.0.0.7')));
        const one = await probe(gateway);
        for (const network of [3, 4, 5]) open.push(...(await openIdle(gateway.port, 1000, `127.0.${network}.1`)));
        return { idle: open.length, livez_one_address: one, livez_four: await probe(gateway) };
      },
      { localAddress: '127.0.9.1' },
    );
    const refused = await metric(gateway, 'postern_connections_refused_total{why="descriptors"}').catch(() => 'unknown');
    return { ...result, accepts_without_descriptor: refused, calls };
  } finally {
    for (const socket of open) socket.destroy();
    await gateway.stop();
  }
}

const upstream = await RecordingUpstream.start();
try {
  const soft = await attack(upstream, 'ulimit -Sn 1024');
  const hard = await attack(upstream, 'ulimit -n 1024');
  console.log(
    JSON.stringify({
      attack: 10,
      figure: { soft_limit_1024: soft, hard_limit_1024: hard },
      p99_ms: Math.max(soft.calls.p99_ms, hard.calls.p99_ms),
    }),
  );
} finally {
  await upstream.stop();
}

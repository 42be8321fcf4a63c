// Attack 6: a user who revokes access tokens of their own in a loop, while somebody else calls, and one whose token is
// revoked under an open stream and a running call. The figure is how often the store was asked about the other user's
// token; `left_open` counts what of the stream and the call is still there three seconds after their token was revoked.
//
//   POSTERN_BINARY=build/release/postern node tests/attacks/revoke-access.mjs
import http from 'node:http';
import { Gateway, everythingPolicy } from '../interop/lib/gateway.mjs';
import { ping, rpc } from '../interop/lib/mcp.mjs';
import { metric } from '../interop/lib/metrics.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { event, openStream } from '../interop/lib/stream.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { pause } from '../interop/lib/wait.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const tokens = 1_000;
const seconds = 30;
const ready = event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'open' } });

/** Some access tokens of one grant, and the client they are for. */
async function collect(gateway, count) {
  const client = await OAuthClient.register(gateway);
  const found = [];
  for (let { refresh_token: refresh } = await client.grant({ user: 'mallory' }); found.length < count; ) {
    const { body } = await client.refresh(refresh);
    refresh = body.refresh_token;
    found.push(body.access_token);
  }
  return { client, tokens: found };
}

async function revokeAll({ client, tokens: own }) {
  client.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const end = Date.now() + seconds * 1000;
  let revoked = 0;
  for (const token of own) {
    if (Date.now() > end) break;
    if ((await client.revoke(token)).status === 200) ++revoked;
  }
  client.agent.destroy();
  return revoked;
}

/** How many of a stream and a call are open three seconds after their token was revoked. */
async function leftOpen(gateway) {
  const { client, tokens: own } = await collect(gateway, 1);
  const call = rpc('tools/call', { name: 'forever', arguments: {} });
  const streams = [];
  for (const message of [undefined, call]) {
    const stream = await openStream(gateway.resource, { token: own[0], message });
    await stream.sees('open');
    stream.isOpen = true;
    stream.ended.then(() => {
      stream.isOpen = false;
    });
    streams.push(stream);
  }
  await client.revoke(own[0]);
  await pause(3_000);
  const open = streams.filter(({ isOpen }) => isOpen).length;
  for (const stream of streams) stream.close();
  return open;
}

const upstream = await RecordingUpstream.start({
  answer: (message, { method }, response) => {
    if (method !== 'GET' && message?.params?.name !== 'forever') return false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(ready);
    return true;
  },
});
const gateway = await Gateway.start({
  name: 'revoke-access-attack',
  upstream: upstream.url,
  policy: { ...everythingPolicy, rules: [] },
  users: ['alice', 'mallory'].map((name) => ({ name, members: ['acme:admin'] })),
});
const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
const mallory = await collect(gateway, tokens);
await ping(gateway.resource, token);
const misses = () => metric(gateway, 'postern_token_cache_total{result="miss"}');
const before = await misses();
const { result, calls, failed, p99_ms } = await meanwhile(gateway.resource, token, () => revokeAll(mallory));
const figure = (await misses()) - before;
const left_open = await leftOpen(gateway);
console.log(JSON.stringify({ attack: 6, figure, p99_ms, left_open, revoked: result, calls, failed }));
await gateway.stop();
await upstream.stop();

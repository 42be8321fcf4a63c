// Attack 4: a user asks for what a rule denies, in every other spelling of its host, over and over. The figure is how
// many of these requests reached the server behind.
//
//   POSTERN_BINARY=build/release/postern node tests/attacks/resource-uris.mjs
import { Gateway, everythingPolicy } from '../interop/lib/gateway.mjs';
import { post, rpc } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { hostUris } from '../interop/lib/resource-uris.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const rounds = 100;
const policy = {
  ...everythingPolicy,
  rules: [{ resources: ['file:///secret/**', 'db://prod/**'], deny: true }],
};

const upstream = await RecordingUpstream.start();
const users = ['alice', 'mallory'].map((name) => ({ name, members: ['acme:admin'] }));
const gateway = await Gateway.start({ name: 'resource-uris-attack', upstream: upstream.url, policy, users });
const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
const { access_token: mallory } = await (await OAuthClient.register(gateway)).grant({ user: 'mallory' });
const { result, calls, failed, p99_ms } = await meanwhile(gateway.resource, token, async () => {
  for (let round = 0; round < rounds; ++round)
    for (const uri of hostUris) await post(gateway.resource, rpc('resources/read', { uri }), { token: mallory });
  return rounds * hostUris.length;
});
const figure = upstream.requests.filter(({ message }) => message?.method === 'resources/read').length;
console.log(JSON.stringify({ attack: 4, figure, p99_ms, requests: result, calls, failed }));
await gateway.stop();
await upstream.stop();

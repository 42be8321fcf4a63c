// A gateway at one of the addresses of the world (../world, ../hosts), with TLS on port 443.
import assert from 'node:assert/strict';
import path from 'node:path';
import { Gateway } from '../../interop/lib/gateway.mjs';
import { OAuthClient } from '../../interop/lib/oauth.mjs';
import { RecordingUpstream } from '../../interop/lib/upstream.mjs';
import { assertClaimed } from './address.mjs';

const world = process.env.POSTERN_WORLD;

/**
 * `{gateway, upstream, client(resource, options), stop()}`: `configure` changes the configuration of Gateway.create();
 * servers behind get X-Tenant. `prepare(gateway)` runs before the users are added. `address` is one of `hosts` that was
 * claimed.
 */
export async function startSystem({ name, address, configure, prepare, users = [], ...options }) {
  assert.ok(world, 'run by tests/systems/world');
  assertClaimed(address);
  const upstream = options.upstream ? undefined : await RecordingUpstream.start();
  const gateway = await Gateway.create({
    name,
    upstream: upstream?.url,
    ...options,
    configure: (config, made) => {
      config.listen[0] = {
        address: `${address}:443`,
        tls: { certificates: [{ certificate: path.join(world, 'world.pem'), key: path.join(world, 'world.key') }] },
      };
      config.upstreams.everything.headers = { 'X-Tenant': '{tenant.handle}', 'X-User': '{user.name}' };
      configure(config, made);
    },
  });
  await prepare?.(gateway);
  for (const user of users) await gateway.addUser(user);
  await gateway.start();
  return {
    gateway,
    upstream,
    /** A client that has registered for that resource, as `OAuthClient.register`. */
    client: (resource, settings) => OAuthClient.register({ resource }, settings),
    stop: async () => {
      await gateway.stop();
      await upstream?.stop();
    },
  };
}

// One of the examples, started as it stands in its folder at its own address of the world (../world). Only its rates are
// higher: a test's walk would use up the default ones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Example } from '../../../examples/lib/system.mjs';
import { generous, password } from '../../interop/lib/gateway.mjs';
import { root } from '../../interop/lib/process.mjs';
import { OAuthClient } from '../../interop/lib/oauth.mjs';
import { assertClaimed } from './address.mjs';

const world = process.env.POSTERN_WORLD;

/**
 * The example with `client(resource, options)`: a client that has registered there and asks for what it is told to.
 * `address` has a port of its own, or was claimed for port 443.
 */
export async function startExample(name, address, env = {}, file = 'postern.yaml') {
  assert.ok(world, 'run by tests/systems/world');
  const hasPort = /:\d+$/.test(address);
  if (!hasPort) assertClaimed(address);
  // An example that sets limits is tested with its own.
  const limited = /^limits:/m.test(readFileSync(path.join(root, 'examples', name, file), 'utf8'));
  const example = await Example.start(name, {
    listen: hasPort ? address : `${address}:443`,
    // The names of its document end in .test here.
    base: `${name.replace('ten-x', '10x')}.test`,
    certificate: path.join(world, 'world.pem'),
    key: path.join(world, 'world.key'),
    secret: password,
    env,
    file,
    further: limited ? undefined : `limits: ${JSON.stringify({ rate: generous })}`,
  });
  example.client = async (resource, options) => {
    const client = await OAuthClient.register({ resource }, options);
    return Object.assign(client, { scope: client.challenge.scope });
  };
  return example;
}

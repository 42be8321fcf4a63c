// The addresses of the world (../hosts). Each has one port 443, and files of tests run beside one another, so that two
// files that need the same address take turns.
import assert from 'node:assert/strict';
import net from 'node:net';
import { portIsFree } from '../../interop/lib/process.mjs';
import { pause, until } from '../../interop/lib/wait.mjs';

// Whoever listens there has the address. The kernel gives it back when its process ends, however that ends.
const claimPort = 1;
const claims = new Map();

/** False: another process has it. */
function take(address) {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ host: address, port: claimPort, exclusive: true }, () => {
      server.unref();
      claims.set(address, server);
      resolve(true);
    });
  });
}

/**
 * Waits until no other file has the address, which is this file's from then on: returns it. Awaited at the top of the
 * file, since what waits in a suite waits in the time that the suite has.
 */
export async function claimAddress(address) {
  while (!(await take(address))) await pause(100);
  // A program that was killed with its file may need a moment.
  await until(`port 443 of ${address} to be free`, () => portIsFree(443, address));
  return address;
}

/** For what is about to listen there: without a claim, another file would be in its way only now and then. */
export function assertClaimed(address) {
  assert.ok(claims.has(address), `${address} is not this file's: claimAddress() comes first`);
}

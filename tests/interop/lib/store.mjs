// What other programs, and the disk, do to the store of a gateway.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { send } from './http.mjs';
import { run } from './process.mjs';

export const databaseOf = (gateway) => path.join(gateway.folder, 'postern.db');

/** Holds the lock that every write needs. Reads do not need it. */
export function lockStore(gateway) {
  const database = new DatabaseSync(databaseOf(gateway));
  database.exec('BEGIN IMMEDIATE');
  return {
    release() {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

/** A launcher for `Gateway.start`: no file of the gateway may become larger. It is lifted by `liftLimit`. */
export const limitFiles = (bytes) => ['prlimit', `--fsize=${bytes}:`];
export const liftLimit = (gateway) => run('prlimit', ['--pid', String(gateway.pid), '--fsize=unlimited:']);

/** A token that could be one of ours, so that the store is asked about it. */
export const unknownToken = () => `mcpv1_${randomBytes(32).toString('base64url')}`;

/** A registration of a client that is not there yet. */
export const registerStranger = (gateway, options) =>
  send(`${gateway.origin}/oauth/register`, {
    json: {
      client_name: `Stranger ${randomBytes(6).toString('hex')}`,
      redirect_uris: [`https://${randomBytes(6).toString('hex')}.example.test/${'x'.repeat(512)}`],
      token_endpoint_auth_method: 'none',
    },
    ...options,
  });

/** `{status, error, description}` of /readyz. */
export async function readiness(gateway) {
  const { status, text } = await send(`${gateway.operations}/readyz`);
  if (status === 200) return { status };
  const { error, error_description: description } = JSON.parse(text);
  return { status, error, description };
}

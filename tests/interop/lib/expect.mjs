// What the OAuth tests look for again and again.
import assert from 'node:assert/strict';
import { ping } from './mcp.mjs';

/** The token endpoint refused with `error`, in an answer that is not stored. */
export function refused(answer, error, what = '') {
  assert.deepEqual([answer.status, answer.body?.error], [400, error], `${what} ${answer.text.slice(0, 300)}`);
  assert.match(answer.headers['cache-control'][0], /no-store/);
}

/**
 * The JSON-RPC code a message was refused with. Without an id that could be read the body has no code, but the word
 * that stands for it.
 */
export function codeOf(answer) {
  const { error } = answer.json();
  return error.code ?? { parse_error: -32700, invalid_request: -32600 }[error];
}

export async function works(resource, token, what) {
  assert.equal((await ping(resource, token)).status, 200, what);
}

export async function isDead(resource, token, what) {
  assert.equal((await ping(resource, token)).status, 401, what);
}

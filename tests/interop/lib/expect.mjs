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

/**
 * The JSON-RPC error that refused a request, wherever the answer has it: as its error, or beside the tool's result that
 * tells a model of it.
 */
export const refusalOf = (message) => message?.error ?? message?.result?._meta?.['postern/error'];

/** A request with an id that the policy denies, in an answer with status 200 that its client's session survives. */
export function denied(answer, what = '', { code = -32003, error = 'access_denied' } = {}) {
  assert.equal(answer.status, 200, `${what}: ${answer.text}`);
  assert.match(answer.headers['content-type'][0], /^application\/json/, what);
  assert.equal(answer.headers['www-authenticate'], undefined, what);
  const refusal = refusalOf(answer.json());
  assert.deepEqual([refusal?.code, refusal?.data?.error], [code, error], `${what}: ${answer.text}`);
  assert.ok(refusal.message && refusal.data.request_id, what);
}

export async function works(resource, token, what) {
  assert.equal((await ping(resource, token)).status, 200, what);
}

export async function isDead(resource, token, what) {
  assert.equal((await ping(resource, token)).status, 401, what);
}

/**
 * `text` with another character in its middle. The last ones may carry bits that mean nothing (RFC 4648 section 3.5), and
 * what is put in their place may be what stood there.
 */
export function damaged(text) {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
}

// What a browser looks at in an answer before it lets a page have it (the Fetch standard's CORS protocol).
import assert from 'node:assert/strict';
import { header } from './http.mjs';

/** The members of a header that is a list, in lower case. */
export const names = (answer, name) => (header(answer, name) ?? '').toLowerCase().split(/, */).filter(Boolean);

/** What a browser asks before it lets `origin` read an answer (Fetch, CORS check); never with credentials. */
export function isReadableBy(origin, answer, what) {
  const allowed = header(answer, 'access-control-allow-origin');
  assert.ok(allowed === '*' || allowed === origin, `${what}: may be read by ${allowed}, not by ${origin}`);
  assert.equal(header(answer, 'access-control-allow-credentials'), undefined, what);
  if (allowed !== '*') assert.ok(names(answer, 'vary').includes('origin'), `${what}: Vary: Origin`);
}

export function isHidden(answer, what) {
  for (const name of Object.keys(answer.headers)) assert.ok(!name.startsWith('access-control-'), `${what}: ${name}`);
}

/** The preflight lets `origin` send `method` with the headers named (Fetch, CORS-preflight fetch). */
export function isAllowed(answer, origin, method, headers, what) {
  assert.equal(answer.status, 204, what);
  isReadableBy(origin, answer, what);
  assert.ok(names(answer, 'access-control-allow-methods').includes(method.toLowerCase()), `${what}: ${method}`);
  const allowed = names(answer, 'access-control-allow-headers');
  for (const each of headers) assert.ok(allowed.includes(each), `${what}: ${each} is not among ${allowed}`);
  assert.ok(!allowed.includes('*'), 'a wildcard does not cover Authorization');
}

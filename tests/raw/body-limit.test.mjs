// Calls whose bodies are larger than `limits.body`, told apart from those that just fit by a single byte.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { Harness } from './lib/harness.mjs';
import { bytes, exchange } from './lib/raw.mjs';

const limit = 8 * 1024;

describe('limits.body', { timeout: 60_000 * patience }, () => {
  let gw;

  before(async () => {
    gw = await Harness.start({ name: 'raw-body-limit', limits: { body: '8KiB' } });
  });
  after(() => gw?.stop());
  afterEach(() => gw.lives());

  /** A call of exactly so many bytes. */
  function callOf(size) {
    const body = (padding) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'large', arguments: { padding } },
      });
    return body('x'.repeat(size - body('').length));
  }
  const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const pieces = (text, size) => text.match(new RegExp(`.{1,${size}}`, 'gs'));
  const chunks = (text, size) => pieces(text, size).map(chunk).join('');
  const last = '0\r\n\r\n';
  const chunkedRequest = (body) => gw.request(['Transfer-Encoding: chunked'], body);
  const sizedRequest = (size, body) => gw.request([`Content-Length: ${size}`], body);

  async function passes(what, sent) {
    gw.upstream.reset();
    const { responses } = await exchange(gw.port, sent, { answers: 1 });
    assert.equal(responses[0]?.status, 200, `${what}: ${JSON.stringify(responses)}`);
    assert.deepEqual(
      gw.upstream.requests.map(({ body }) => body),
      [callOf(limit)],
      what,
    );
  }

  /** Refused although the rest of the body never comes; what stands behind it on the connection is not read. */
  async function isTooLarge(what, sent) {
    gw.upstream.reset();
    const { responses, rest, closed } = await exchange(gw.port, sent, { seconds: 10 * patience });
    gw.upstream.untouched(what);
    assert.equal(responses.length, 1, `${what}: ${JSON.stringify(responses)} ${rest}`);
    const [{ status, headers, body }] = responses;
    assert.deepEqual([status, JSON.parse(body).error], [413, 'body_too_large'], what);
    assert.deepEqual(headers.connection, ['close'], what);
    assert.equal(closed, 'end', `${what}: the answer must not be lost to a reset`);
  }

  it('a body of just that size passes, however it comes', async () => {
    const body = callOf(limit);
    assert.equal(body.length, limit);
    await passes('with its length', sizedRequest(limit, body));
    await passes('in one chunk', chunkedRequest(chunk(body) + last));
    await passes('in chunks of 100 bytes', chunkedRequest(chunks(body, 100) + last));
    await passes('in two halves', [chunkedRequest(chunk(body.slice(0, 4096))), bytes(chunk(body.slice(4096)) + last)]);
  });

  it('a length beyond it is refused before any of the body is there', async () => {
    await isTooLarge('a byte more', sizedRequest(limit + 1, ''));
    await isTooLarge('a gigabyte more', sizedRequest(limit + 2 ** 30, ''));
    await isTooLarge('with a body that is whole', sizedRequest(limit + 1, callOf(limit + 1)));
  });

  it('chunks are refused as soon as there is a byte too many, and before their end', async () => {
    const body = callOf(limit + 1);
    await isTooLarge('one chunk', chunkedRequest(chunk(body)));
    await isTooLarge('a chunk of which more was to come', chunkedRequest(`100000\r\n${body}`));
    const halves = chunk(body.slice(0, limit)) + chunk(body.slice(limit));
    await isTooLarge('a last chunk of one byte', chunkedRequest(halves));
    await isTooLarge('chunks of 100 bytes', chunkedRequest(chunks(body, 100)));
    await isTooLarge('chunks that come one after the other', [
      chunkedRequest(''),
      ...pieces(body, 1000).map((piece) => bytes(chunk(piece))),
    ]);
  });

  it('with a body that is whole in chunks, what follows on the connection is not answered', async () => {
    await gw.refuses('chunks to their end', chunkedRequest(chunks(callOf(limit + 1), 1000) + last), 413);
  });
});

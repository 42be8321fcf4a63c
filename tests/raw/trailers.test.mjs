// Trailers, Expect and pipelining: what comes after a head that was accepted.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { damaged } from '../interop/lib/expect.mjs';
import { patience } from '../interop/lib/gateway.mjs';
import { Harness } from './lib/harness.mjs';
import { bytes, chunked, exchange } from './lib/raw.mjs';

describe('after the head', { timeout: 180_000 * patience }, () => {
  let gw;
  let body;
  let length;

  before(async () => {
    gw = await Harness.start({ name: 'raw-trailers', limits: { header_deadline: '2s', body_deadline: '3s' } });
    body = gw.message('hostile');
    length = `Content-Length: ${body.length}`;
  });
  after(() => gw?.stop());
  afterEach(() => gw.lives());

  /** The trailers are dropped (200), or the request is refused: the upstream must see none of them either way. */
  async function neverPasses(what, status, trailers, { large = false } = {}) {
    gw.upstream.reset();
    const sent = gw.request(['Transfer-Encoding: chunked'], chunked(body, { trailers }).toString('latin1'));
    const { responses } = await exchange(gw.port, sent, { answers: 1, seconds: 20 });
    // So much is sent that the answer may be lost to a reset.
    const lost = large && responses.length === 0;
    if (!lost) assert.deepEqual(responses.map((each) => each.status), [status], what);
    if (status === 200) assert.equal(gw.upstream.requests.length, 1, what);
    else gw.upstream.untouched(what);
    for (const { headers } of gw.upstream.requests) {
      assert.ok(!JSON.stringify(headers).includes('evil'), `${what} reached the upstream`);
      assert.equal(headers.authorization, undefined);
      assert.equal(headers.host, new URL(gw.upstream.url).host);
    }
  }

  it('case 99: trailers', async () => {
    const before = gw.resident();
    for (const line of [
      'X-Tenant: evil',
      'X-User: evil',
      'Authorization: Bearer evil',
      'Host: evil.example',
      'Content-Length: 5',
      'Connection: close',
      'Transfer-Encoding: chunked',
      'Mcp-Session-Id: evil',
      'X_Tenant: evil',
    ]) {
      await neverPasses(line, 200, `${line}\r\n`);
    }
    await neverPasses('folded', 400, 'X-Fold: a\r\n evil\r\n');
    await neverPasses('a value of 70,000 bytes', 400, `X-Large: ${'a'.repeat(70_000)}\r\n`, { large: true });
    await neverPasses('a name of 70,000 bytes', 400, `${'a'.repeat(70_000)}: x\r\n`, { large: true });
    await neverPasses(
      '70,000 trailers',
      400,
      Array.from({ length: 70_000 }, (_, index) => `X-N${index}: evil\r\n`).join(''),
      { large: true },
    );
    assert.ok(gw.resident() - before < 32, 'resident memory');
    await gw.refuses(
      'a trailer without a colon',
      gw.request(['Transfer-Encoding: chunked'], chunked(body, { trailers: 'nonsense\r\n' }).toString('latin1')),
    );
    await gw.refuses(
      'a bare LF',
      gw.request(['Transfer-Encoding: chunked'], chunked(body, { trailers: 'X-A: b\n' }).toString('latin1')),
    );
  });

  it('case 100: Expect: answered by us, unknown to the upstream', async () => {
    const expecting = gw.request(['Expect: 100-continue', length]);
    let sentBody = false;
    const { responses, informational } = await exchange(gw.port, expecting, {
      answers: 1,
      onResponse: ({ informational: seen, socket }) => {
        if (!sentBody && seen.length > 0) socket.write(body);
        sentBody ||= seen.length > 0;
      },
    });
    assert.deepEqual(
      informational.map((each) => each.status),
      [100],
    );
    assert.equal(responses[0]?.status, 200);
    assert.equal(gw.upstream.requests.at(-1).headers.expect, undefined);
    await gw.answers('another expectation', gw.request(['Expect: 200-ok', length], body), 417);
    await gw.answers('junk behind', gw.request(['Expect: 100-continue, junk', length], body), 417);
  });

  it('case 100: Expect without a token: refused at once, without asking for the body', async () => {
    const { responses, informational } = await exchange(
      gw.port,
      gw.request(['Expect: 100-continue', length], '', { without: ['Authorization'] }),
      { answers: 1 },
    );
    assert.deepEqual(informational, []);
    assert.equal(responses[0]?.status, 401);
  });

  it('case 100: a body that does not come: given up within bounds', async () => {
    gw.upstream.reset();
    const { responses, closed } = await exchange(gw.port, gw.request(['Expect: 100-continue', length]), {
      seconds: 20 * patience,
    });
    assert.ok(closed, 'the connection is still open');
    assert.deepEqual(
      responses.map(({ status, body }) => [status, JSON.parse(body).error]),
      [[408, 'request_timeout']],
    );
    gw.upstream.untouched('half a request');
  });

  it('a head that does not end: given up within its deadline', async () => {
    const { responses, closed } = await exchange(
      gw.port,
      bytes(`POST /t1/mcp HTTP/1.1\r\nHost: ${gw.host}\r\nX-Slow: `),
      { seconds: 20 },
    );
    assert.ok(closed, 'the connection is still open after 20 s');
    assert.deepEqual(
      responses.map(({ status, body }) => [status, JSON.parse(body).error]),
      [[408, 'request_timeout']],
    );
  });

  it('case 103: two hundred requests on one connection: in order, each by its own token', async () => {
    const good = (index) => index % 3 !== 1;
    const requests = Array.from({ length: 200 }, (_, index) =>
      gw.call(`tool-${index}`, { id: index, ...(good(index) ? {} : { token: damaged(gw.token) }) }),
    );
    gw.upstream.reset();
    const { responses } = await exchange(gw.port, Buffer.concat(requests), { answers: 200, seconds: 60 });
    assert.equal(responses.length, 200);
    responses.forEach((response, index) => {
      assert.equal(response.status, good(index) ? 200 : 401, `request ${index}`);
      assert.equal(JSON.parse(response.body).id, index);
    });
    assert.deepEqual(
      gw.upstream.calls,
      Array.from({ length: 200 }, (_, index) => index)
        .filter(good)
        .map((index) => `tool-${index}`),
    );
  });

  it('a client that leaves in the middle of a body reaches nothing', async () => {
    gw.upstream.reset();
    await exchange(gw.port, gw.request([length], body.slice(0, -5)), { seconds: 0.3 });
    gw.upstream.untouched('half a body');
  });
});

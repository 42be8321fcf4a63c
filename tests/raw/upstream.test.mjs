// What an upstream may answer, and what of it a client gets to see.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { pause } from '../interop/lib/wait.mjs';
import { Harness } from './lib/harness.mjs';
import { HostileUpstream, ok, response } from './lib/hostile_upstream.mjs';
import { exchange } from './lib/raw.mjs';

const json = 'Content-Type: application/json';
const withBody = (message, ...lines) => response(ok(message), ...lines, json);
const sized = (message) => `Content-Length: ${ok(message).length}`;
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

// Each must end as a 502 or, once a head was relayed, as a body that is visibly cut off.
const broken = {
  'Content-Length and Transfer-Encoding': (socket, message) =>
    socket.write(
      response(`${chunk(ok(message))}0\r\n\r\n`, 'HTTP/1.1 200 OK', json, 'Transfer-Encoding: chunked', sized(message)),
    ),
  'two Content-Lengths': (socket, message) =>
    socket.write(withBody(message, 'HTTP/1.1 200 OK', sized(message), 'Content-Length: 5')),
  'a negative Content-Length': (socket, message) =>
    socket.end(withBody(message, 'HTTP/1.1 200 OK', 'Content-Length: -5')),
  'an unknown coding': (socket, message) =>
    socket.end(withBody(message, 'HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')),
  'a bad chunk': (socket) =>
    socket.write(response('zz\r\nabc\r\n0\r\n\r\n', 'HTTP/1.1 200 OK', json, 'Transfer-Encoding: chunked')),
  'a bad second chunk': (socket) =>
    socket.write(
      response(
        `${chunk('{"jsonrpc"')}0x5\r\nabcde\r\n0\r\n\r\n`,
        'HTTP/1.1 200 OK',
        json,
        'Transfer-Encoding: chunked',
      ),
    ),
  'a head of two megabytes': (socket, message) =>
    socket.write(withBody(message, 'HTTP/1.1 200 OK', `X-Large: ${'a'.repeat(2 << 20)}`, sized(message))),
  'a thousand informational answers': (socket, message) =>
    socket.write(
      'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000) + withBody(message, 'HTTP/1.1 200 OK', sized(message)),
    ),
  'a switch of protocols': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  'status 99': (socket, message) => socket.write(withBody(message, 'HTTP/1.1 99 Odd', sized(message))),
  'status 1000': (socket, message) => socket.write(withBody(message, 'HTTP/1.1 1000 Odd', sized(message))),
  'HTTP/9.9': (socket, message) => socket.write(withBody(message, 'HTTP/9.9 200 OK', sized(message))),
  'not HTTP': (socket) => socket.write('220 mail.example ESMTP\r\n\r\n'),
  'a folded field': (socket, message) =>
    socket.write(withBody(message, 'HTTP/1.1 200 OK', 'X-Note: a\r\n b', sized(message))),
  'a field without a name': (socket, message) =>
    socket.write(withBody(message, 'HTTP/1.1 200 OK', ': a', sized(message))),
  'NUL in a field': (socket, message) =>
    socket.write(withBody(message, 'HTTP/1.1 200 OK', 'X-Note: a\0b', sized(message))),
  'no answer': (socket) => socket.destroy(),
  'a reset': (socket) => socket.resetAndDestroy(),
  'half a head': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: applica'),
  'an early end of a sized body': (socket) =>
    socket.end(response('{"jsonrpc":', 'HTTP/1.1 200 OK', json, 'Content-Length: 1000')),
  'an early end of a chunked body': (socket) =>
    socket.end(response(chunk('{"jsonrpc":'), 'HTTP/1.1 200 OK', json, 'Transfer-Encoding: chunked')),
};
const unavailable = ['no answer', 'a reset'];
const relayed = ['a bad second chunk', 'an early end of a sized body', 'an early end of a chunked body'];

const unsolicited = (text) =>
  response(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } }));
const extra = {
  'a second answer at once': (socket, message) => socket.write(response(ok(message)) + unsolicited('poison')),
  'a second answer later': (socket, message) => {
    socket.write(response(ok(message)));
    setTimeout(() => socket.write(unsolicited('poison')), 50);
  },
  'half a second answer': (socket, message) => socket.write(`${response(ok(message))}HTTP/1.1 200 OK\r\nContent-Le`),
};

const foreign = {
  'a challenge of its own': (socket) =>
    socket.write(
      response(
        '',
        'HTTP/1.1 401 Unauthorized',
        'WWW-Authenticate: Bearer resource_metadata="https://evil.example/"',
        'Set-Cookie: evil=1',
        'Content-Length: 0',
      ),
    ),
  'a redirect': (socket) =>
    socket.write(response('', 'HTTP/1.1 302 Found', 'Location: https://evil.example/', 'Content-Length: 0')),
  'fields of its own': (socket, message) =>
    socket.write(
      withBody(
        message,
        'HTTP/1.1 200 OK',
        'Set-Cookie: evil=1',
        'Access-Control-Allow-Origin: https://evil.example',
        'Server: evil',
        'Strict-Transport-Security: evil',
        'Connection: keep-alive, X-Evil',
        'X-Evil: evil',
        sized(message),
      ),
    ),
};

describe('hostile upstream', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gw;

  before(async () => {
    upstream = await HostileUpstream.start({ ...broken, ...extra, ...foreign });
    gw = await Harness.start({ name: 'raw-upstream', upstreamUrl: upstream.url });
  });
  after(async () => {
    await gw?.stop();
    await upstream?.stop();
  });

  const call = (tool, options = {}) => exchange(gw.port, gw.call(tool, options), { answers: 1, seconds: 30 });
  const textOf = (answer) => JSON.parse(answer.body).result.content[0].text;
  const worksAfter = async (what) => {
    const { responses } = await call('good', { id: 4711 });
    assert.equal(responses[0]?.status, 200, `after ${what}`);
    assert.equal(JSON.parse(responses[0].body).id, 4711);
    assert.equal(textOf(responses[0]), 'good');
    return upstream.calls.at(-1).connection;
  };

  for (const what of Object.keys(broken)) {
    const cutOff = relayed.includes(what);
    const error = unavailable.includes(what) ? 'upstream_unavailable' : 'upstream_error';
    it(`case 101: ${what}: ${cutOff ? 'cut off' : '502'}, and that connection is not used again`, async () => {
      const { responses, closed } = await call(what);
      assert.deepEqual(
        responses.map(({ status, complete }) => [status, complete]),
        [cutOff ? [200, false] : [502, true]],
      );
      if (cutOff) assert.ok(closed, 'the connection is still open');
      else assert.equal(JSON.parse(responses[0].body).error.data.error, error);
      const calls = upstream.calls.filter((each) => each.tool === what);
      assert.equal(calls.length, 1, 'a call is never repeated by the gateway');
      assert.notEqual(await worksAfter(what), calls[0].connection);
      assert.equal(gw.gateway.pid, gw.pid);
    });
  }

  for (const what of Object.keys(extra)) {
    it(`case 102: ${what}: the next caller never gets it`, async () => {
      const { responses } = await call(what);
      assert.deepEqual(
        responses.map(({ status, complete }) => [status, complete]),
        [[200, true]],
      );
      assert.ok(!responses[0].body.includes('poison'));
      await worksAfter(what);
      await pause(120);
      await worksAfter(what);
      assert.ok(gw.gateway.alive);
    });
  }

  it('case 78: an upstream that challenges, redirects or sets cookies speaks to us, not to the client', async () => {
    for (const what of Object.keys(foreign)) {
      const {
        responses: [answer],
      } = await call(what);
      assert.equal(answer?.status, what === 'fields of its own' ? 200 : 502, `${what}: ${JSON.stringify(answer)}`);
      assert.ok(!JSON.stringify(answer.headers).includes('evil'), `${what}: ${JSON.stringify(answer.headers)}`);
      await worksAfter(what);
    }
  });
});

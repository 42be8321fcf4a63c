// Clients that are slow, silent or too many: each is ended within its bound, and none of them costs another client.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { bytes, exchange, head, parseResponses } from '../raw/lib/raw.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { pause, until, within } from './lib/wait.mjs';

const seconds = 10 * patience;

describe('deadlines', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let ended = 0;

  const part = Buffer.alloc(64 * 1024, 'x');
  const flood = (response) => {
    while (!response.destroyed && response.write(part));
  };

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, _, response) => {
        const endless = { 'endless-json': 'application/json', 'endless-events': 'text/event-stream' };
        const type = endless[message?.params?.name];
        if (!type && message?.params?.name !== 'long') return false;
        response.on('error', () => {});
        if (type) {
          response.once('close', () => (ended += 1));
          response.writeHead(200, { 'Content-Type': type });
          if (type === 'text/event-stream') response.write(': ');
          response.on('drain', () => flood(response));
          flood(response);
        } else {
          const text = 'x'.repeat(24 * 1024 * 1024);
          const payload = JSON.stringify({
            jsonrpc: '2.0',
            id: message.id,
            result: { content: [{ type: 'text', text }] },
          });
          response.writeHead(200, { 'Content-Type': 'application/json' }).end(payload);
        }
        return true;
      },
    });
    gateway = await Gateway.start({
      name: 'deadlines',
      upstream: upstream.url,
      configure: (config) => {
        const deadlines = { header_deadline: '1s', body_deadline: '1s', idle: '1500ms', write_deadline: '2s' };
        config.limits = { ...config.limits, ...deadlines };
      },
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const fields = (target = 'POST /mcp HTTP/1.1') => [
    target,
    `Host: 127.0.0.1:${gateway.port}`,
    `Authorization: Bearer ${token}`,
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
  ];
  const call = (tool, id = 1) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {} } });
    return Buffer.concat([head(...fields(), `Content-Length: ${body.length}`), bytes(body)]);
  };

  /** Other clients are answered all the time until `under` has ended. */
  async function meanwhileServed(under) {
    let over = false;
    const finished = under.finally(() => (over = true));
    let served = 0;
    while (!over) {
      assert.equal((await ping(gateway.resource, token, { seconds })).status, 200);
      served += 1;
      await Promise.race([finished, pause(50)]);
    }
    assert.ok(served > 0);
    return finished;
  }

  /** Everything is written slowly, byte by byte, as long as the other side listens. */
  function drip(text) {
    return [...Buffer.from(text, 'latin1')].flatMap((byte) => [Buffer.of(byte), () => pause(50)]);
  }

  it('heads that come byte by byte are ended with 408, and cost no other client', async () => {
    const endless = drip(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ${'a'.repeat(4000)}`);
    const slow = Array.from({ length: 40 }, () => exchange(gateway.port, endless, { seconds: seconds * 2 }));
    for (const { responses, closed } of await meanwhileServed(Promise.all(slow))) {
      assert.ok(closed, 'it is still open');
      assert.deepEqual(
        responses.map((each) => each.status),
        [408],
      );
      assert.equal(JSON.parse(responses[0].body).error, 'request_timeout');
      assert.deepEqual(responses[0].headers.connection, ['close']);
    }
  });

  it('a head that stops half way is ended with 408', async () => {
    const { responses, closed } = await exchange(gateway.port, bytes('POST /mcp HTTP/1.1\r\nHos'), { seconds });
    assert.ok(closed);
    assert.deepEqual(
      responses.map((each) => each.status),
      [408],
    );
  });

  it('a connection on which nothing comes is closed, without an answer to what nobody asked', async () => {
    const { responses, rest, closed } = await exchange(gateway.port, [], { seconds });
    assert.equal(closed, 'end');
    assert.deepEqual([responses, rest.length], [[], 0]);
  });

  it('an idle keep-alive connection is closed in good order', async () => {
    const { responses, rest, closed } = await exchange(gateway.port, [call('echo', 1), call('echo', 2)], { seconds });
    assert.equal(closed, 'end');
    assert.deepEqual(
      responses.map((each) => each.status),
      [200, 200],
    );
    assert.equal(rest.length, 0);
  });

  it('a keep-alive connection in use is not closed, however long it lasts', async () => {
    const often = Array.from({ length: 6 }, (_, id) => [call('echo', id), () => pause(500)]).flat();
    const { responses } = await exchange(gateway.port, often, { answers: 6, seconds });
    assert.deepEqual(
      responses.map((each) => each.status),
      Array(6).fill(200),
    );
  });

  const stalled = {
    'a body that stops': (target) => [head(...fields(target), 'Content-Length: 100'), bytes('{"jsonrpc"')],
    'a body that does not begin': (target) => [head(...fields(target), 'Content-Length: 100')],
    'a chunked body that stops': (target) => [
      head(...fields(target), 'Transfer-Encoding: chunked'),
      bytes('a\r\n{"js'),
    ],
    'a body that comes byte by byte': (target) => [
      head(...fields(target), 'Content-Length: 1000'),
      ...drip(' '.repeat(999)),
    ],
    'a body that was asked for and does not come': (target) => [
      head(...fields(target), 'Expect: 100-continue', 'Content-Length: 100'),
    ],
  };

  for (const [what, sent] of Object.entries(stalled)) {
    it(`${what}: 408, the connection is closed, nothing reaches the upstream`, async () => {
      upstream.reset();
      for (const path of ['/mcp', '/oauth/token']) {
        const { responses, closed } = await exchange(gateway.port, sent(`POST ${path} HTTP/1.1`), { seconds });
        assert.ok(closed, `${path}: it is still open`);
        assert.deepEqual(
          responses.map((each) => each.status),
          [408],
          path,
        );
        assert.equal(JSON.parse(responses[0].body).error, 'request_timeout', path);
        assert.deepEqual(responses[0].headers.connection, ['close'], path);
      }
      upstream.untouched(what);
    });
  }

  it('a body that stops without a good token costs no more: the refusal comes, the connection is closed', async () => {
    const [start, ...rest] = stalled['a body that stops']();
    const without = bytes(start.toString('latin1').replace(/Authorization.*\r\n/, ''));
    const { responses, closed } = await exchange(gateway.port, [without, ...rest], { seconds });
    assert.ok(closed);
    assert.deepEqual(
      responses.map((each) => each.status),
      [401],
    );
  });

  for (const tool of ['endless-json', 'endless-events']) {
    it(`${tool}: a client that does not read is dropped, and the upstream's connection ended`, async () => {
      const before = ended;
      const connections = await metric(gateway, 'postern_connections');
      const socket = net.connect(gateway.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(call(tool));
      try {
        const dropped = until('the end of the call upstream', () => ended > before, { seconds: seconds * 2 });
        await meanwhileServed(dropped);
        await until(
          'the connection to be given up',
          async () => (await metric(gateway, 'postern_connections')) <= connections,
          { seconds },
        );
      } finally {
        socket.destroy();
      }
      assert.equal(await metric(gateway, `postern_streams{resource="${gateway.resource}"}`), 0);
    });
  }

  it('a client that goes away ends the call upstream', async () => {
    const before = ended;
    const socket = net.connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(call('endless-events'));
    await once(socket, 'data');
    socket.destroy();
    await until('the end of the call upstream', () => ended > before, { seconds });
  });

  it('a client that reads slowly, longer than the write deadline, gets everything', async () => {
    const socket = net.connect(gateway.port, '127.0.0.1');
    const received = [];
    socket.write(call('long'));
    const begun = Date.now();
    const whole = new Promise((resolve, reject) => {
      socket.on('data', (chunk) => {
        received.push(chunk);
        const size = received.reduce((sum, each) => sum + each.length, 0);
        if (size >= 24 * 1024 * 1024 && parseResponses(Buffer.concat(received)).responses[0]?.complete) resolve();
        if (Date.now() - begun > 4000) return;
        socket.pause();
        setTimeout(() => socket.resume(), 25);
      });
      socket.once('close', () => reject(new Error(`closed after ${Date.now() - begun} ms`)));
    });
    await within(seconds * 3, 'the end of the answer', whole);
    socket.destroy();
  });
});

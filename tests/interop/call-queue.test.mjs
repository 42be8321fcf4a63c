// Calls that come all at once: a burst, then a short wait in order, and only then a 429.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Gateway, generous, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, initialize, ping } from './lib/mcp.mjs';
import { modern } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const parallel = (count, work) => Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** A gateway with that rate of calls (none: the default), and tokens of alice and bob. */
async function start(name, call) {
  const upstream = await RecordingUpstream.start({ answer: modern() });
  const gateway = await Gateway.start({
    name,
    upstream: upstream.url,
    users: [
      { name: 'alice', members: ['acme:admin'] },
      { name: 'bob', members: ['acme:admin'] },
    ],
    configure: (config) => {
      const { call: _, ...rest } = generous;
      config.limits = { rate: call ? { ...rest, call } : rest };
    },
  });
  const tokens = {};
  for (const user of ['alice', 'bob'])
    tokens[user] = (await (await OAuthClient.register(gateway)).grant({ user })).access_token;
  const stop = async () => {
    await gateway.stop();
    await upstream.stop();
  };
  return { upstream, gateway, tokens, stop };
}

const at = (gateway) => gateway.resource;

describe('calls of one agent at once', { timeout: 240_000 * patience }, () => {
  it('compat 17: 80 at once fit in the default burst, also with a session for each, as LangChain’s adapters have it', async () => {
    const { gateway, tokens, stop } = await start('queue-default');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 100 });
    const token = tokens.alice;
    try {
      const statuses = await parallel(80, async () => {
        const session = await initialize(at(gateway), token, { agent });
        const call = await callTool(at(gateway), token, 'echo', { message: 'x' }, { session, agent });
        const headers = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', 'Mcp-Session-Id': session };
        const stream = await send(at(gateway), { headers, agent });
        const end = await send(at(gateway), { method: 'DELETE', headers, agent });
        return [call.status, stream.status, end.status];
      });
      assert.deepEqual(
        statuses.flat().filter((status) => status === 429),
        [],
      );
      assert.ok(statuses.every(([call]) => call === 200));
    } finally {
      agent.destroy();
      await stop();
    }
  });

  it('compat 17: 80 calls in one session of an SDK are all answered where the burst is smaller', async () => {
    const { gateway, stop } = await start('queue-sdk', '50/s burst 40');
    const sdk = await SdkClient.connect('v1', at(gateway));
    try {
      const answers = await parallel(80, (index) =>
        sdk.client.callTool({ name: 'echo', arguments: { message: String(index) } }),
      );
      assert.deepEqual(
        answers.map(({ content }) => content[0].text),
        answers.map((_, index) => String(index)),
      );
    } finally {
      await sdk.close();
      await stop();
    }
  });
});

describe('calls beyond the rate', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let tokens;
  let stop;
  before(async () => {
    ({ upstream, gateway, tokens, stop } = await start('queue-short', '1/s burst 2'));
  });
  after(() => stop?.());

  const cancelled = () =>
    gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('"outcome":"cancelled"'))
      .map((line) => JSON.parse(line));

  it('compat 17: who would wait longer than a second gets 429 and Retry-After, and another user is served', async () => {
    const started = performance.now();
    const calls = parallel(40, () => callTool(at(gateway), tokens.alice, 'echo', { message: 'x' }));
    assert.equal((await ping(at(gateway), tokens.bob)).status, 200);
    const answers = await calls;
    const passed = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(passed.length + refused.length, 40);
    // On average never more than the rate, however long it took.
    const seconds = (performance.now() - started) / 1000;
    assert.ok(passed.length >= 3 && passed.length <= 2 + seconds + 1, `${passed.length} in ${seconds} s`);
    assert.ok(refused.length > 0);
    for (const { headers, message } of refused) {
      assert.ok(Number(headers['retry-after'][0]) >= 1);
      assert.equal(message.error.data.error, 'rate_limited');
      // SDKs throw errors without the header.
      assert.equal(message.error.data.retry_after, Number(headers['retry-after'][0]));
      assert.match(message.error.message, /^too many calls: try again in (a second|\d+ seconds)$/);
    }
    assert.equal(upstream.calls.length, passed.length, 'nothing that was refused went on');
  });

  it('compat 17: a client that only stops sending gets no other answer for having waited', async () => {
    const ask = () =>
      new Promise((resolve) => {
        const socket = net.connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
        let text = '';
        socket.on('data', (bytes) => (text += bytes));
        socket.on('error', () => {});
        socket.once('close', () => resolve(text));
        socket.end(
          `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nAuthorization: Bearer ${tokens.alice}\r\n` +
            'Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n',
        );
      });
    // Where the calls before have taken every place of the next second, it is tried again.
    const answers = [];
    await until('a call that waited', async () => {
      answers.push(...(await parallel(6, ask)));
      return answers.includes('');
    });
    for (const text of answers) assert.match(text, /^(HTTP\/1\.1 429 [\s\S]*)?$/);
  });

  it('compat 17: who leaves while waiting has left the queue: the call never goes on', async () => {
    let round = 0;
    const leave = () =>
      new Promise((resolve) => {
        const tool = `leaves-${++round}`;
        const params = { name: tool, arguments: {} };
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
        const socket = net.connect(gateway.port, '127.0.0.1');
        const lines = [
          'POST /mcp HTTP/1.1',
          `Host: 127.0.0.1:${gateway.port}`,
          `Authorization: Bearer ${tokens.alice}`,
          'Accept: application/json, text/event-stream',
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
        ];
        socket.on('error', () => {});
        socket.once('close', () => resolve(tool));
        socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
      });
    // Where its turn came at once, because the machine was slow, it is tried again.
    await until('a call that left its place', async () => {
      await parallel(3, () => ping(at(gateway), tokens.alice));
      const before = cancelled().length;
      const tool = await leave();
      await until('its audit line', () => cancelled().length > before);
      // Its body was not read yet: it never came to the phases behind.
      const waited = cancelled().at(-1).method === '';
      assert.ok(!waited || !upstream.calls.includes(tool));
      return waited;
    });
  });
});

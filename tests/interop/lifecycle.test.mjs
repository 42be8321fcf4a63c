// How the process ends, and what is still there when it comes back.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { exchange, head } from '../raw/lib/raw.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const seconds = 15 * patience;

/** An upstream whose tool `slow` answers when `release()` is called, and whose stream stays open. */
async function startSlowUpstream() {
  const waiting = [];
  const streams = new Set();
  const upstream = await RecordingUpstream.start({
    answer: (message, record, response) => {
      if (record.method === 'GET') {
        streams.add(response.once('close', () => streams.delete(response)));
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': here\n\n');
      } else if (message?.params?.name === 'slow') {
        waiting.push(() => {
          const result = { content: [{ type: 'text', text: 'finished' }] };
          const payload = JSON.stringify({ jsonrpc: '2.0', id: message.id, result });
          response.writeHead(200, { 'Content-Type': 'application/json' }).end(payload);
        });
      } else {
        return false;
      }
      return true;
    },
  });
  return Object.assign(upstream, { waiting, streams, release: () => waiting.splice(0).forEach((each) => each()) });
}

const refusesConnections = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && resolve(false));
    socket.once('error', (error) => resolve(error.code === 'ECONNREFUSED'));
  });

describe('the end', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await startSlowUpstream();
    gateway = await Gateway.create({ name: 'lifecycle-end', upstream: upstream.url });
    await gateway.addUser({ name: 'alice', members: ['acme:admin'] });
    await gateway.start();
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    await gateway.stop();
  });
  beforeEach(async () => {
    upstream.release();
    if (!gateway.alive) await gateway.start();
  });
  after(async () => {
    await gateway?.kill();
    await upstream?.stop();
  });

  const end = (signal) => process.kill(gateway.pid, signal);
  const exited = () => within(seconds, 'the end of the process', gateway.child.exited);

  for (const signal of ['SIGTERM', 'SIGINT']) {
    it(`${signal} without anything to do: exit code 0 at once, with the reason in the log`, async () => {
      end(signal);
      assert.deepEqual(await exited(), { code: 0, signal: null });
      for (const event of ['started', 'draining', 'stopped'])
        assert.ok(gateway.child.output.includes(`"event":"${event}"`), event);
    });
  }

  it('SIGTERM lets the calls under way finish, takes no new connection, and then exits 0', async () => {
    const agent = new http.Agent({ keepAlive: true });
    const calls = Array.from({ length: 8 }, () => callTool(gateway.resource, token, 'slow', {}, { agent }));
    await until('the calls to be under way', () => upstream.waiting.length === 8);
    const { child } = gateway;
    end('SIGTERM');
    for (const port of [gateway.port, gateway.operationsPort])
      await until('new connections to be refused', () => refusesConnections(port), { seconds });
    assert.ok(child.alive, 'it waits for the calls');
    upstream.release();
    for (const answer of await Promise.all(calls)) {
      assert.equal(answer.status, 200);
      assert.equal(answer.message.result.content[0].text, 'finished');
      assert.deepEqual(answer.headers.connection, ['close'], 'the client is told that this connection is over');
    }
    assert.deepEqual(await exited(), { code: 0, signal: null });
    agent.destroy();
  });

  it('SIGTERM closes idle connections and ends listening streams, which would else last for ever', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    assert.equal((await ping(gateway.resource, token, { agent })).status, 200);
    const stream = await new Promise((resolve, reject) => {
      const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${token}` };
      send(gateway.resource, { headers, onOpen: resolve }).catch(reject);
    });
    const over = new Promise((resolve) => stream.stream.once('close', resolve));
    await until('the stream upstream', () => upstream.streams.size === 1);
    end('SIGTERM');
    await within(seconds, 'the end of the stream', over);
    assert.deepEqual(await exited(), { code: 0, signal: null });
    await until('the end of the stream upstream', () => upstream.streams.size === 0);
    agent.destroy();
  });

  it('SIGTERM: a request whose body does not come is told to come again; one that came goes on', async () => {
    const lines = (target, ...further) =>
      head(`POST ${target} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, 'Expect: 100-continue', ...further);
    const call = [`Authorization: Bearer ${token}`, 'Accept: application/json, text/event-stream'];
    const json = 'Content-Type: application/json';
    const requests = [
      lines('/mcp', ...call, json, 'Content-Length: 100'),
      lines('/mcp', ...call, json, 'Transfer-Encoding: chunked'),
      lines('/oauth/token', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 100'),
    ];
    const running = callTool(gateway.resource, token, 'slow');
    await until('the call to be under way', () => upstream.waiting.length === 1);
    const awaited = new Set();
    const answers = requests.map((request) =>
      exchange(gateway.port, [request], {
        answers: 1,
        seconds,
        onResponse: ({ informational }) => informational.length > 0 && awaited.add(request),
      }),
    );
    // 100 Continue says that the head was read and that the body is awaited.
    await until('the bodies to be awaited', () => awaited.size === requests.length);
    end('SIGTERM');
    for (const { responses } of await Promise.all(answers)) {
      assert.equal(responses.length, 1, 'an answer, rather than a connection that is cut off');
      const [{ status, headers }] = responses;
      assert.equal(status, 503);
      assert.deepEqual(headers['retry-after'], ['2']);
      assert.deepEqual(headers.connection, ['close']);
    }
    assert.ok(gateway.alive, 'it waits for the call');
    upstream.release();
    assert.equal((await running).status, 200);
    assert.deepEqual(await exited(), { code: 0, signal: null });
  });

  it('a second SIGTERM does not wait for what is under way', async () => {
    const cut = callTool(gateway.resource, token, 'slow');
    await until('the call to be under way', () => upstream.waiting.length === 1);
    end('SIGTERM');
    await until('new connections to be refused', () => refusesConnections(gateway.port), { seconds });
    assert.ok(gateway.alive);
    end('SIGTERM');
    assert.deepEqual(await exited(), { code: 0, signal: null });
    assert.equal((await cut).status, 503, 'its client is told');
  });

  it('SIGKILL and a restart keep tokens, sessions and clients', async () => {
    const client = await OAuthClient.register(gateway);
    const grant = await client.grant();
    const dead = await client.grant();
    assert.equal((await client.revoke(dead.refresh_token)).status, 200);
    for (let round = 0; round < 3; ++round) {
      await gateway.kill();
      await gateway.start();
      assert.equal((await ping(gateway.resource, token)).status, 200);
      assert.equal((await ping(gateway.resource, grant.access_token)).status, 200);
      assert.equal((await ping(gateway.resource, dead.access_token)).status, 401, 'what was revoked stays revoked');
    }
    const refreshed = await client.refresh(grant.refresh_token);
    assert.equal(refreshed.status, 200, refreshed.text);
    assert.equal((await client.grant()).token_type, 'Bearer', 'the client signs in again');
  });
});

// How many connections there may be, and what those beyond are told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { head } from '../raw/lib/raw.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { stalledCall } from './lib/stalled.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const seconds = 10 * patience;

describe('connection limits', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;
  const open = [];

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'limits',
      upstream: upstream.url,
      configure: (config) => {
        config.limits = { ...config.limits, connections: 7, connections_per_address: 4 };
      },
    });
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    await gateway?.stop();
    await upstream?.stop();
  });

  const request = () => head('GET /nothing HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`);
  const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

  /** A connection from `address` with one request on it: `{socket, text, status}`; open when that was answered. */
  async function knock(address) {
    const socket = net.connect({ port: gateway.port, host: '127.0.0.1', localAddress: address });
    open.push(socket);
    const visit = { socket, text: '' };
    socket.on('data', (part) => (visit.text += part));
    socket.on('error', (error) => (visit.error = error));
    const closed = once(socket, 'close');
    socket.write(request());
    await within(
      seconds,
      'an answer or the end',
      Promise.race([closed, until('', () => statusOf(visit.text) === 404)]),
    );
    if (statusOf(visit.text) !== 404) await closed;
    return Object.assign(visit, { status: statusOf(visit.text) });
  }

  async function isServed(address) {
    const visit = await knock(address);
    assert.equal(visit.status, 404, `${address}: ${visit.text} ${visit.error ?? ''}`);
    return visit.socket;
  }

  async function isRefused(address) {
    const visit = await knock(address);
    assert.equal(visit.error, undefined, 'refused by an answer, not by a reset');
    assert.equal(visit.status, 503, `${address}: ${visit.text}`);
    assert.match(visit.text, /\r\nRetry-After: \d+\r\n/i);
    assert.match(visit.text, /\r\nConnection: close\r\n/i);
    const { error } = JSON.parse(visit.text.split('\r\n\r\n')[1]);
    assert.equal(error, 'temporarily_unavailable');
  }

  it('too many from one address, then too many at all, are told to come back; the others are served', async () => {
    const mine = [];
    for (let index = 0; index < 4; ++index) mine.push(await isServed('127.0.0.1'));
    for (let index = 0; index < 10; ++index) await isRefused('127.0.0.1');
    assert.ok((await metric(gateway, 'postern_connections_refused_total{why="per_address"}')) >= 10);

    const others = [];
    for (let index = 0; index < 3; ++index) others.push(await isServed('127.0.0.2'));
    // Nobody has fewer than they have.
    for (let index = 0; index < 10; ++index) await isRefused('127.0.0.2');
    assert.ok((await metric(gateway, 'postern_connections_refused_total{why="total"}')) >= 10);

    for (const path of ['/livez', '/readyz']) {
      assert.equal((await send(gateway.operations + path)).status, 200, `${path} while no place is left`);
    }
    for (const socket of [...mine, ...others]) {
      const answered = once(socket, 'data');
      socket.write(request());
      assert.equal(statusOf(String(await within(seconds, 'an answer', answered))), 404, 'who is in stays in');
    }

    others[0].destroy();
    await until('a place', async () => (await knock('127.0.0.2')).status === 404, { seconds });
  });
});

describe('the memory of request bodies', { timeout: 60_000 * patience }, () => {
  const large = 2800 * 1024;
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'bodies',
      upstream: upstream.url,
      configure: (config) => {
        config.limits = { ...config.limits, body: '4MiB', body_memory: '4MiB' };
      },
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const call = (padding) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { padding } } });
  const post = async (body) =>
    send(gateway.resource, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
      },
      body,
    });

  it('bodies that stay unfinished hold no more than it in all; small calls are served meanwhile', async () => {
    const stall = () => stalledCall(gateway, token, large).resume();
    let stalled = stall();
    try {
      const refused = await until('a refusal', async () => {
        // The calls may have had the memory first, and the one that stalls been refused.
        if (stalled.closed) stalled = stall();
        const answer = await post(call('x'.repeat(large)));
        return answer.status === 503 && answer;
      });
      assert.ok(Number(refused.headers['retry-after']) > 0);
      assert.equal(refused.json().error, 'temporarily_unavailable');
      assert.equal((await post(call('small'))).status, 200);
    } finally {
      stalled.destroy();
    }
    await until('the memory to be free again', async () => (await post(call('x'.repeat(large)))).status === 200);
  });

  it('attack 12: one user whose bodies stay unfinished leaves room for the bodies of others', async () => {
    await gateway.addUser({ name: 'mallory', members: ['acme'] });
    const client = await OAuthClient.register(gateway);
    const theirs = (await client.grant({ user: 'mallory' })).access_token;
    const stalled = Array.from({ length: 40 }, () => stalledCall(gateway, theirs, 128 * 1024).resume());
    try {
      await until('the gateway to hold as many as it may', () => stalled.some((each) => each.closed));
      for (let i = 0; i < 5; ++i) assert.equal((await post(call('x'.repeat(60 * 1024)))).status, 200);
    } finally {
      for (const each of stalled) each.destroy();
    }
  });
});

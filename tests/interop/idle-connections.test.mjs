// Connections on which nothing is sent, as many as somebody likes: the calls of others and the probes go on.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { agentAt, openIdle } from './lib/idle.mjs';
import { callTool } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

/** The gateway, started with that limit of open files; `flag`: S for the soft one alone. */
const limited = (count, flag = '') => ['sh', '-c', `ulimit -${flag}n ${count} && exec "$@"`, 'sh'];

describe('idle connections', { timeout: 120_000 * patience }, () => {
  const elsewhere = agentAt('127.0.9.1');
  let upstream;
  let gateway;
  let open = [];

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open = [];
    await gateway?.stop();
    gateway = undefined;
  });
  after(() => upstream?.stop());

  async function start(options) {
    gateway = await Gateway.start({ upstream: upstream.url, ...options });
    return (await (await OAuthClient.register(gateway)).grant()).access_token;
  }
  async function allGoesOn(token) {
    for (let calls = 0; calls < 20; ++calls) {
      const answer = await callTool(gateway.resource, token, 'echo', {}, { agent: elsewhere });
      assert.equal(answer.status, 200, answer.text);
    }
    for (const path of ['/livez', '/readyz', '/metrics'])
      assert.equal((await send(gateway.operations + path)).status, 200, path);
  }

  it('attack 10: a thousand from one address under a soft limit of 1,024 open files leave all other calls alone', async () => {
    const token = await start({ name: 'idle-soft', launcher: limited(1024, 'S') });
    open = await openIdle(gateway.port, 1200, '127.0.0.7');
    await until('those beyond its share to be refused', async () => {
      return (await metric(gateway, 'postern_connections_refused_total{why="per_address"}')) >= 200;
    });
    await allGoesOn(token);
    assert.equal(await metric(gateway, 'postern_connections_refused_total{why="descriptors"}'), 0);
    assert.doesNotMatch(gateway.logs(), /too_few_open_files/);
  });

  it(
    'attack 10: where the hard limit does not suffice, start says so and fewer connections are admitted',
    { skip: sanitized && 'a sanitizer needs more open files' },
    async () => {
      const token = await start({ name: 'idle-hard', launcher: limited(1024) });
      const said = /"event":"too_few_open_files".*?"what":"([^"]*)"/.exec(gateway.logs())?.[1];
      assert.match(said, /^the limit of open files is 1024, but limits\.connections: 10000 and/);
      const [, admitted, each] = /(\d+) connections are admitted, (\d+) of one address/.exec(said).map(Number);
      assert.ok(admitted > 0 && admitted < 1024, said);
      assert.ok(each < admitted, said);
      for (const address of ['127.0.0.7', '127.0.0.8', '127.0.0.9'])
        open.push(...(await openIdle(gateway.port, admitted, address)));
      await allGoesOn(token);
      assert.ok((await metric(gateway, 'postern_connections_gave_way_total')) > 0, 'all places were taken');
      assert.equal(await metric(gateway, 'postern_connections_refused_total{why="descriptors"}'), 0);
    },
  );

  it('attack 10: with all places taken the network that has most gives way', async () => {
    const token = await start({
      name: 'idle-places',
      configure: (config) => {
        config.limits = { ...config.limits, connections: 30, connections_per_address: 30 };
      },
    });
    // Many addresses of one network, none of which has much.
    for (let host = 1; host <= 15; ++host) open.push(...(await openIdle(gateway.port, 2, `127.0.0.${host}`)));
    const closed = Promise.race(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    await allGoesOn(token);
    await closed;
    assert.ok((await metric(gateway, 'postern_connections_gave_way_total')) > 0);
  });

  it('attack 10: the probes are answered while many connections are idle at their listener', async () => {
    const token = await start({ name: 'idle-operations' });
    open = await openIdle(gateway.operationsPort, 200, '127.0.0.7');
    await allGoesOn(token);
    const there = await metric(gateway, 'postern_connections');
    assert.ok(there < 100, `${there} connections: the listener has places of its own, and no more`);
  });
});

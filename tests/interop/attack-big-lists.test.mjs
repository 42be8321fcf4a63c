// What bodies and answers take when they are read, and what becomes of those who wait for it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { answerWith, forgetPeak, listRequest, longList, peakOf } from './lib/big-lists.mjs';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { callTool, ping, post, rpc } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { stalledCall } from './lib/stalled.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const MiB = 1024 * 1024;

/** Asks for a list and reads nothing of it but the head of the answer. */
async function ask(gateway, token, cursor) {
  const [response] = await once(listRequest(gateway.resource, token, cursor), 'response');
  response.once('error', () => {});
  return response;
}

describe('the memory of what is read', { timeout: 180_000 * patience }, () => {
  const limit = 64;
  const size = 8 * MiB; // more than a socket's buffers hold
  let upstream;
  let gateway;
  let token;
  const open = [];

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: answerWith(longList(size)) });
    gateway = await Gateway.start({
      name: 'memory',
      upstream: upstream.url,
      configure: (config) => {
        config.limits = { ...config.limits, body: '1MiB', body_memory: `${limit}MiB` };
      },
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    await ping(gateway.resource, token);
  });
  afterEach(() => {
    for (const each of open.splice(0)) each.destroy();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const cursor of ['json', 'events']) {
    it(`attack 12: lists that nobody reads on take no more than limits.body_memory in all (${cursor})`, async () => {
      await forgetPeak(gateway.pid);
      const before = await peakOf(gateway.pid);
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(gateway, token, cursor)));
      open.push(...answers);
      const taken = (await peakOf(gateway.pid)) - before;
      // Besides there are buffers of connections, and in each worker a text that is just being made longer.
      if (!sanitized) assert.ok(taken < 1.5 * limit, `${taken} MiB`);
      const refused = answers.filter(({ statusCode }) => statusCode === 503);
      for (const { headers } of refused) assert.ok(Number(headers['retry-after']) > 0);
      assert.ok(answers.some(({ statusCode }) => statusCode === 200));
      if (cursor === 'json') assert.ok(refused.length >= 40 - (limit * MiB) / size, `${refused.length} refused`);
      assert.equal((await callTool(gateway.resource, token, 'echo')).status, 200, 'small calls are served meanwhile');
    });
  }

  it('attack 12: a list is filtered as before, whole and as an event', async () => {
    await until('the memory to be free', async () => {
      const { status } = await post(gateway.resource, rpc('tools/list'), { token, seconds: 60 * patience });
      return status === 200;
    });
    for (const cursor of ['json', 'events']) {
      const { message } = await post(gateway.resource, rpc('tools/list', { cursor }), { token });
      const names = message.result.tools.map(({ name }) => name);
      assert.equal(names.length, Math.ceil(size / 1000));
      assert.ok(!names.includes('get-env'));
    }
  });

  it('attack 12: what a body of small values takes when it is parsed is counted', async () => {
    const call = (values) => rpc('tools/call', { name: 'echo', arguments: { values } });
    const costly = Array.from({ length: 90_000 }, () => []);
    const answered = await post(gateway.resource, call(costly), { token });
    assert.equal(answered.status, 200, 'one alone is read');
    const stalled = Array.from({ length: limit - 2 }, () => stalledCall(gateway, token, MiB));
    open.push(...stalled);
    const refused = await until('a refusal', async () => {
      const answer = await post(gateway.resource, call(costly), { token });
      return answer.status === 503 && answer;
    });
    assert.equal(refused.json().error, 'temporarily_unavailable');
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal((await callTool(gateway.resource, token, 'echo')).status, 200);
  });
});

describe('long texts that wait to be read', { timeout: 300_000 * patience }, () => {
  const size = 6 * MiB;
  const asked = 12;
  const seconds = 60 * patience;
  const held = [];
  let holding = false;
  let upstream;
  let gateway;

  before(async () => {
    const finish = (end) => (holding ? held.push(end) : end());
    upstream = await RecordingUpstream.start({ answer: answerWith(longList(size), finish) });
    gateway = await Gateway.start({
      name: 'long-texts',
      upstream: upstream.url,
      users: ['alice', 'bob'].map((name) => ({ name, members: ['acme:admin'] })),
      configure: (config) => {
        config.limits.body_memory = '1GiB';
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const waiting = () => metric(gateway, 'postern_pool_queue{pool="long_work"}');
  const grant = async (user) => {
    const client = await OAuthClient.register(gateway);
    return { client, token: (await client.grant({ user })).access_token };
  };
  /** Many lists that end at once: they wait for each other. */
  async function many(begin) {
    holding = true;
    const begun = Array.from({ length: asked }, begin);
    await until('the lists to be on their way', () => held.length === asked, { seconds });
    holding = false;
    for (const end of held.splice(0)) end();
    await until('lists that wait', async () => (await waiting()) >= asked / 2, { seconds, every: 2 });
    return begun;
  }
  const askForMany = (token) =>
    many(() => post(gateway.resource, rpc('tools/list'), { token, seconds }).catch(() => ({ status: 0 })));

  it('attack 12: the calls of others are answered meanwhile', async () => {
    const [alice, bob] = [await grant('alice'), await grant('bob')];
    const answers = await askForMany(alice.token);
    assert.equal((await callTool(gateway.resource, bob.token, 'echo')).status, 200);
    assert.ok((await waiting()) > 0, 'while lists wait');
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
  });

  it('attack 12: when its token is revoked, what waits is refused at once', async () => {
    const { client, token } = await grant('alice');
    const answers = await askForMany(token);
    await client.revoke(token);
    const statuses = (await within(seconds, 'answers', Promise.all(answers))).map(({ status }) => status);
    assert.ok(statuses.includes(401), String(statuses));
    // Some may have been read before the revocation was there.
    assert.ok(
      statuses.every((status) => status === 200 || status === 401),
      String(statuses),
    );
  });

  it('attack 12: when its client leaves, nothing of it waits on', async () => {
    const { token } = await grant('alice');
    for (const request of await many(() => listRequest(gateway.resource, token))) request.destroy();
    await until('nothing to wait', async () => (await waiting()) === 0, { seconds });
    assert.equal((await post(gateway.resource, rpc('tools/list'), { token, seconds })).status, 200);
  });

  it('attack 12: the process ends in good order while they wait', async () => {
    const { token } = await grant('alice');
    const answers = await askForMany(token);
    const { code } = await gateway.child.stop(seconds);
    assert.equal(code, 0);
    // Some were read before the end, some are told of it, and some find their connection closed.
    for (const { status } of await Promise.all(answers)) assert.ok([0, 200, 503].includes(status), String(status));
    await gateway.start();
  });
});

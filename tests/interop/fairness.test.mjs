// One user or one client takes no more than its share, whatever it does; the others are served meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { Gateway, generous, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('fairness', { timeout: 90_000 * patience }, () => {
  let upstream;
  let gateway;
  const tokens = {};
  const held = [];

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, _, response) => {
        const { name } = message?.params ?? {};
        if (message?.method === 'tools/list' && message.params?.cursor === 'endless') {
          response.writeHead(200, { 'Content-Type': 'application/json' });
          response.write(' '.repeat(900 * 1024));
        } else if (name === 'held') {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.write(': here\n\n');
        } else {
          return false;
        }
        held.push(response);
        return true;
      },
    });
    gateway = await Gateway.start({
      name: 'fairness',
      upstream: upstream.url,
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'bob', members: ['acme:admin'] },
      ],
      configure: (config) => {
        const rate = { ...config.limits.rate, call: '1/m burst 40' };
        config.limits = { ...config.limits, rate, body: '1MiB', body_memory: '1MiB', calls_per_user: 3 };
      },
    });
    for (const user of ['alice', 'bob']) {
      const client = await OAuthClient.register(gateway);
      tokens[user] = (await client.grant({ user })).access_token;
    }
  });
  after(async () => {
    for (const response of held) response.destroy();
    await gateway?.stop();
    await upstream?.stop();
  });

  /** A call whose answer begins and does not end: `{status, close()}`. */
  function begin(user, message) {
    return new Promise((resolve, reject) => {
      send(gateway.resource, {
        method: 'POST',
        headers: { Authorization: `Bearer ${tokens[user]}`, Accept: 'application/json, text/event-stream' },
        json: message,
        onOpen: resolve,
      }).catch(reject);
    });
  }
  const hold = (user, padding = '') =>
    begin(user, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'held', arguments: { padding } } });

  it('calls under way: beyond limits.calls_per_user the user is told to wait, another is served', async () => {
    const open = [];
    for (let index = 0; index < 3; ++index) open.push(await hold('alice'));
    assert.deepEqual(
      open.map((each) => each.status),
      [200, 200, 200],
    );
    const refused = await ping(gateway.resource, tokens.alice);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal(refused.message.error.data.error, 'rate_limited');
    assert.equal((await ping(gateway.resource, tokens.bob)).status, 200);
    for (const each of open) each.close();
    await until('a place', async () => (await ping(gateway.resource, tokens.alice)).status === 200);
  });

  it('a large body that was sent on holds no memory while its answer is awaited', async () => {
    const large = 'x'.repeat(700 * 1024);
    const open = await hold('alice', large);
    assert.equal(open.status, 200);
    assert.equal((await callTool(gateway.resource, tokens.bob, 'echo', { padding: large })).status, 200);
    open.close();
  });

  it('a list that does not end takes of the memory for bodies, and no more', async () => {
    const endless = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 'endless' } };
    begin('alice', endless).catch(() => {});
    await until('the list to be under way', () => upstream.requests.some((each) => each.message?.params?.cursor));
    const large = 'x'.repeat(700 * 1024);
    const refused = await until('a refusal', async () => {
      const answer = await callTool(gateway.resource, tokens.bob, 'echo', { padding: large });
      return answer.status === 503 && answer;
    });
    assert.equal(refused.json().error, 'temporarily_unavailable');
    assert.equal((await callTool(gateway.resource, tokens.bob, 'echo')).status, 200);
  });

  it('the rate of calls is the user’s, however many clients the user registers', async () => {
    const statuses = [];
    for (let index = 0; index < 3; ++index) {
      const client = await OAuthClient.register(gateway);
      const { access_token: token } = await client.grant({ user: 'alice' });
      for (let call = 0; call < 20; ++call) statuses.push((await ping(gateway.resource, token)).status);
    }
    assert.ok(statuses.filter((each) => each === 200).length <= 40, String(statuses));
    assert.equal(statuses.at(-1), 429);
  });
});

describe('an office behind one address', { timeout: 90_000 * patience }, () => {
  const people = 100;
  let upstream;
  let gateway;
  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'office',
      upstream: upstream.url,
      configure: (config) => {
        // Registrations and sign-ins have tighter limits on purpose; everything else is the default.
        const { register, sign_in } = generous;
        config.limits = { rate: { register, sign_in } };
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it(`${people} people who connect an app in the same minute are not told to slow down`, async () => {
    const client = await OAuthClient.register(gateway);
    const office = Array.from({ length: people }, () => new UserAgent());
    for (let first = 0; first < people; first += 10) {
      await Promise.all(office.slice(first, first + 10).map((browser) => client.authorize({ browser })));
    }
  });
});

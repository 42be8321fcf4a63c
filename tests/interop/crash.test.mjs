// kill -9 at any moment, again and again: whatever was acknowledged before is there after the restart. Random choices come
// from POSTERN_SEED (default 1).
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { randomFrom } from './lib/random.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { pause } from './lib/wait.mjs';

const rounds = Number(process.env.POSTERN_CRASH_ROUNDS ?? (sanitized ? 20 : 200));
const workers = 3;
const seed = Number(process.env.POSTERN_SEED ?? 1);

describe('kill -9', { timeout: 60_000 + rounds * 5_000 * patience }, () => {
  let upstream;
  let gateway;
  let agent;
  const random = randomFrom(seed);

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'crash', upstream: upstream.url });
  });
  after(async () => {
    agent?.destroy();
    await gateway?.kill();
    await upstream?.stop();
  });

  const connectionLost = (error) =>
    ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(error.code) || /socket hang up|aborted/.test(error.message);

  /** One worker's run until the gateway dies. `worker.family` is the grant under way; what is acknowledged goes to `families`. */
  async function work(worker, families, counts) {
    try {
      for (;;) {
        if (++worker.turns % 6 === 0) {
          worker.client = await OAuthClient.register(gateway, { agent });
          worker.clients.push(worker.client);
          counts.clients += 1;
        }
        const grant = await worker.client.authorize({ browser: worker.browser });
        const answer = await worker.client.exchange(grant);
        assert.equal(answer.status, 200, answer.text);
        const family = {
          client: worker.client,
          grant,
          access: answer.body.access_token,
          refresh: answer.body.refresh_token,
          fresh: true,
        };
        families.push(family);
        counts.grants += 1;
        for (let turns = Math.floor(worker.random() * 3); turns > 0; --turns) {
          family.uncertain = 'refresh';
          const next = await family.client.refresh(family.refresh);
          assert.equal(next.status, 200, next.text);
          Object.assign(family, {
            uncertain: undefined,
            previous: family.refresh,
            access: next.body.access_token,
            refresh: next.body.refresh_token,
          });
          counts.refreshes += 1;
        }
        if (worker.random() < 0.4) {
          family.uncertain = 'revocation';
          assert.equal((await family.client.revoke(family.refresh)).status, 200);
          Object.assign(family, { uncertain: undefined, dead: true });
          counts.revocations += 1;
        }
      }
    } catch (error) {
      if (!connectionLost(error)) throw error;
    }
  }

  async function isThere(family) {
    const { client } = family;
    if (family.uncertain === 'revocation') return;
    if (family.dead) {
      assert.equal(
        (await ping(gateway.resource, family.access, { agent })).status,
        401,
        'a revoked token came back to life',
      );
      assert.equal(
        (await client.refresh(family.refresh)).body.error,
        'invalid_grant',
        'a revoked refresh token came back to life',
      );
      return;
    }
    assert.equal(
      (await ping(gateway.resource, family.access, { agent })).status,
      200,
      'an acknowledged access token is gone',
    );
    if (!family.fresh) return;
    if (family.uncertain) {
      // The rotation may have been committed or not; its answer was lost, and asking again is allowed (within the grace).
      const again = await client.refresh(family.refresh);
      assert.equal(again.status, 200, `an acknowledged refresh token is gone: ${again.text}`);
      Object.assign(family, {
        uncertain: undefined,
        access: again.body.access_token,
        refresh: again.body.refresh_token,
      });
    } else if (family.previous) {
      const again = await client.refresh(family.previous);
      assert.deepEqual(
        [again.status, again.body.refresh_token],
        [200, family.refresh],
        'an acknowledged rotation is gone',
      );
    } else if (random() < 0.3) {
      assert.equal((await client.exchange(family.grant)).body.error, 'invalid_grant', 'a used code can be used again');
      family.dead = true;
    }
    family.fresh = false;
  }

  /** Not all at once: they would be more connections than one address may have. */
  async function areThere(families) {
    for (let at = 0; at < families.length; at += 100) await Promise.all(families.slice(at, at + 100).map(isThere));
  }

  it(`${rounds} rounds: nothing acknowledged is lost`, async (test) => {
    const team = [];
    for (let index = 0; index < workers; ++index) {
      const client = await OAuthClient.register(gateway);
      team.push({ client, clients: [client], browser: new UserAgent(), turns: index, random: randomFrom(seed + 1 + index) });
      await client.authorize({ browser: team[index].browser });
    }
    const families = [];
    const counts = { grants: 0, refreshes: 0, revocations: 0, clients: 0 };
    await gateway.kill();
    for (let round = 0; round < rounds; ++round) {
      if (round % 10 === 9) await gateway.killWhileStarting(random() * 30);
      agent = new http.Agent({ keepAlive: true });
      await gateway.start();
      upstream.reset();
      for (const worker of team) {
        for (const client of worker.clients) client.agent = agent;
        worker.browser.agent = agent;
        const page = await worker.browser.request(worker.client.request().url);
        assert.equal(page.status, 200, 'an acknowledged client, or its session, is gone');
      }
      await areThere(families.filter((family) => family.fresh));
      const running = team.map((worker) => work(worker, families, counts));
      await pause((20 + random() * 120) * patience);
      await gateway.kill();
      await Promise.all(running);
      agent.destroy();
    }
    agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    await gateway.start();
    for (const worker of team) for (const client of worker.clients) client.agent = agent;
    await areThere(families);
    test.diagnostic(`acknowledged and found again: ${JSON.stringify(counts)}`);
    for (const [what, count] of Object.entries(counts))
      assert.ok(count > 0 || rounds < 100, `no ${what} in ${rounds} rounds`);
    await gateway.stop();
  });
});

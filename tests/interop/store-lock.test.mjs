// What a lock on the store, held by another program, does to those who do not write.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { events } from './lib/stdio.mjs';
import { lockStore, readiness, registerStranger, unknownToken } from './lib/store.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('a lock that another program holds', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let tokens;
  let lock;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'store-lock', upstream: upstream.url });
    client = await OAuthClient.register(gateway);
    // None of them is looked up before the test needs it.
    tokens = [];
    for (let count = 0; count < 3; ++count) tokens.push((await client.grant()).access_token);
  });
  after(async () => {
    await gateway?.kill();
    await upstream?.stop();
  });

  const waitingWrites = () => metric(gateway, 'postern_pool_queue{pool="store_write"}');

  /** Everything that is answered without a write. */
  async function assertReadsGoOn(token) {
    assert.equal((await ping(gateway.resource, token)).status, 200);
    assert.equal((await ping(gateway.resource, unknownToken())).status, 401);
    for (const document of [
      'oauth-protected-resource/mcp',
      'oauth-protected-resource',
      'oauth-authorization-server',
      'openid-configuration',
    ])
      assert.equal((await send(`${gateway.origin}/.well-known/${document}`)).status, 200, document);
    assert.equal((await send(`${gateway.origin}/login`)).status, 200);
    const guess = await client.token({ grant_type: 'authorization_code', code: 'none', client_id: client.id });
    assert.equal(guess.status, 400);
    assert.equal((await send(`${gateway.operations}/livez`)).status, 200);
  }

  it('attack 2: look-ups, metadata and pages that only read do not wait for writes that do', async () => {
    lock = lockStore(gateway);
    let ended = 0;
    const registrations = Array.from({ length: 24 }, () =>
      registerStranger(gateway).finally(() => {
        ended += 1;
      }),
    );
    await until('writes that wait for a thread', async () => (await waitingWrites()) > 0);
    await assertReadsGoOn(tokens[0]);
    assert.equal(ended, 0, 'none of this waited until a registration was given up');
    for (const answer of await Promise.all(registrations)) {
      assert.equal(answer.status, 503, answer.text);
      assert.ok(Number(header(answer, 'retry-after')) > 0);
    }
  });

  it('attack 2: while the lock is held it is said, and what would write is refused before it waits for a thread', async () => {
    const { status, error, description } = await readiness(gateway);
    assert.deepEqual([status, error], [503, 'store_unavailable']);
    assert.match(description, /postern\.db is locked by another program/);
    assert.equal(await metric(gateway, 'postern_store_unavailable'), 1);
    const refused = await registerStranger(gateway);
    assert.equal(refused.status, 503);
    assert.ok(!refused.text.includes('postern.db'), 'strangers are not told where the store is');
    assert.equal(await waitingWrites(), 0);
    // The mark for the next refresh is lost; the answer is what it is.
    assert.equal((await callTool(gateway.resource, tokens[1], 'get-sum', {})).status, 403);
    await assertReadsGoOn(tokens[1]);
  });

  it('attack 2: once the lock is free everything works again, without a restart', async () => {
    lock.release();
    await until('readiness', async () => (await readiness(gateway)).status === 200);
    assert.equal((await registerStranger(gateway)).status, 201);
    assert.equal(await metric(gateway, 'postern_store_unavailable'), 0);
    assert.ok(events(gateway, 'store_unavailable').some(({ what }) => /is locked by another program/.test(what)));
    assert.equal((await gateway.logged('"store_available"')).length, 1);
    assert.equal((await ping(gateway.resource, tokens[2])).status, 200);
    await gateway.stop();
  });
});

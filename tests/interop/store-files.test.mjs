// What a full disk, and whoever deletes or replaces the files of the store, do to a gateway that runs.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { afterEach, before, beforeEach, after, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { events } from './lib/stdio.mjs';
import { databaseOf, liftLimit, limitFiles, readiness, registerStranger, unknownToken } from './lib/store.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('the files of the store', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let tokens;

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  after(() => upstream?.stop());
  beforeEach(async () => {
    gateway = await Gateway.start({ name: 'store-files', upstream: upstream.url, launcher: limitFiles(1_500_000) });
    client = await OAuthClient.register(gateway);
    // None of them is looked up before the test needs it.
    tokens = [];
    for (let count = 0; count < 2; ++count) tokens.push((await client.grant()).access_token);
  });
  afterEach(() => gateway?.kill());

  /** Nothing can be written, that is said, and what reads goes on. */
  async function assertSeen(why) {
    const { status, error, description } = await until('/readyz to say it', async () => {
      const ready = await readiness(gateway);
      return ready.status === 503 && why.test(ready.description) && ready;
    });
    assert.deepEqual([status, error], [503, 'store_unavailable']);
    assert.match(description, why);
    assert.equal(await metric(gateway, 'postern_store_unavailable'), 1);
    await until('the log to say it', () => events(gateway, 'store_unavailable').some(({ what }) => why.test(what)));
    assert.equal((await registerStranger(gateway)).status, 503);
    assert.equal((await ping(gateway.resource, tokens[0])).status, 200);
    assert.equal((await ping(gateway.resource, unknownToken())).status, 401);
    assert.equal((await send(`${gateway.origin}/.well-known/oauth-authorization-server`)).status, 200);
    assert.equal((await send(`${gateway.operations}/livez`)).status, 200);
  }

  /** Without a restart; and what was stored before and after is there when another process opens the store. */
  async function assertRecovered() {
    await until('readiness', async () => (await readiness(gateway)).status === 200);
    assert.equal(await metric(gateway, 'postern_store_unavailable'), 0);
    await gateway.logged('"store_available"');
    const later = await OAuthClient.register(gateway);
    const token = (await later.grant()).access_token;
    await gateway.stop();
    await gateway.start();
    for (const each of [token, ...tokens]) assert.equal((await ping(gateway.resource, each)).status, 200);
    assert.equal((await client.grant()).token_type.toLowerCase(), 'bearer');
    await gateway.stop();
  }

  it('attack 8: a disk that takes no more is seen, said, and recovered from', async () => {
    const answers = [];
    while (answers.at(-1)?.status !== 503 && answers.length < 4_000)
      answers.push(...(await Promise.all(Array.from({ length: 20 }, () => registerStranger(gateway)))));
    assert.equal(answers.at(-1).status, 503);
    await assertSeen(/there is no room beside .*postern\.db for \d+ bytes more: File too large/);
    assert.equal((await liftLimit(gateway)).code, 0);
    await assertRecovered();
  });

  it('attack 8: files that are deleted are written again with all that was stored', async () => {
    const database = databaseOf(gateway);
    const key = readFileSync(`${database}.key`);
    for (const end of ['', '-wal', '-shm', '.key']) rmSync(database + end);
    await until('both files', () => existsSync(database) && existsSync(`${database}.key`));
    await until('the log to say it', () => {
      const said = events(gateway, 'store_unavailable').map(({ what }) => what);
      return ['postern.db was deleted', 'postern.db.key was deleted'].every((each) =>
        said.some((what) => what.includes(each)),
      );
    });
    assert.deepEqual(readFileSync(`${database}.key`), key);
    for (const file of [database, `${database}.key`]) assert.equal(statSync(file).mode & 0o777, 0o600);
    await assertRecovered();
  });

  it('attack 8: another file in the place of the database is said, and neither read nor written', async () => {
    const database = databaseOf(gateway);
    linkSync(database, `${database}.kept`);
    copyFileSync(database, `${database}.other`);
    renameSync(`${database}.other`, database);
    await assertSeen(/is another file than the one that the gateway opened/);
    renameSync(`${database}.kept`, database);
    await assertRecovered();
  });
});

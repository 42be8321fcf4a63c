// What other processes change while the gateway cannot read it. A replica of a newer version may note changes of a kind
// that this one does not know: then nothing is taken for good because it was good before.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { databaseOf } from './lib/store.mjs';
import { begin, event, note, openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

// A verified token is kept for a minute: what is refused within this was not refused because of its age.
const seconds = 10 * patience;

describe('changes that cannot be read', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let signing;

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (asked, { method }, response) => {
        if (method !== 'GET') return false;
        begin(response).write(event(note('open')));
        return true;
      },
    });
    const policy = { ...everythingPolicy, rules: [] };
    gateway = await Gateway.start({ name: 'change-feed', upstream: upstream.url, policy });
    signing = await Gateway.start({
      name: 'change-feed-signed',
      upstream: upstream.url,
      policy,
      configure: (config) => {
        config.authorization_servers.main.access_token = { format: 'jwt' };
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await signing?.stop();
    await upstream?.stop();
  });

  const inStore = (of, sql) => {
    const database = new DatabaseSync(databaseOf(of));
    database.exec(sql);
    database.close();
  };
  /** From now on the list of changes ends, for this gateway, before a change of an unheard-of kind. */
  async function hideChanges(of) {
    inStore(of, `INSERT INTO changes (kind, subject, at) VALUES (200, 'x', ${Date.now()})`);
    await of.logged('change_feed_failed');
  }
  const statusOf = async (of, token) => (await ping(of.resource, token)).status;
  const isRefused = (of, token) =>
    until('the token to be refused', async () => (await statusOf(of, token)) === 401, { seconds });
  const revokeByCommand = (token) => gateway.command(['token', 'revoke'], { input: `${token}\n` });

  it('what another process revokes meanwhile is refused although it was cached, and other tokens are not', async () => {
    const client = await OAuthClient.register(gateway);
    const revoked = (await client.grant()).access_token;
    const other = (await client.grant()).access_token;
    assert.deepEqual([await statusOf(gateway, revoked), await statusOf(gateway, other)], [200, 200]);
    await hideChanges(gateway);
    // Cached anew, after the gateway has found out that it cannot read.
    assert.deepEqual([await statusOf(gateway, revoked), await statusOf(gateway, other)], [200, 200]);
    await revokeByCommand(revoked);
    await isRefused(gateway, revoked);
    assert.equal(await statusOf(gateway, other), 200);
    assert.equal(gateway.logs().split('change_feed_failed').length - 1, 1, 'it is said once');
  });

  it('once they are gone unread every stream ends, and what is changed from then on is seen', async () => {
    const token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    const stream = await openStream(gateway.resource, { token });
    assert.equal(stream.status, 200);
    await stream.sees('open');
    inStore(gateway, 'DELETE FROM changes');
    assert.equal(await within(seconds, 'the end of the stream', stream.ended), 'cut');
    await gateway.logged('changes_lost');
    assert.equal(await statusOf(gateway, token), 200, 'nothing is wrong with it');
    await revokeByCommand(token);
    await isRefused(gateway, token);
    assert.equal(gateway.logs().split('changes_lost').length - 1, 1, 'it goes on with what follows');
  });

  it('a key that another process replaces meanwhile verifies nothing any more, and signs nothing', async () => {
    const client = await OAuthClient.register(signing);
    const tokens = await client.grant();
    assert.equal(await statusOf(signing, tokens.access_token), 200);
    await hideChanges(signing);
    assert.equal(await statusOf(signing, tokens.access_token), 200);
    await signing.command(['keys', 'rotate', '--now']);
    await isRefused(signing, tokens.access_token);
    const { body } = await client.refresh(tokens.refresh_token);
    assert.equal(await statusOf(signing, body.access_token), 200);
  });
});

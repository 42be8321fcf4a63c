// Signing keys that are rotated while calls run, and dropped in an emergency.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDead, works } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { parse, verified } from './lib/jose.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('signing keys', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'key-rotation',
      upstream: upstream.url,
      configure: (config) => {
        config.authorization_servers.main.access_token = { format: 'jwt' };
      },
    });
    client = await OAuthClient.register(gateway);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const published = async () => (await send(client.server.jwks_uri)).json();
  const listed = async () => JSON.parse(await gateway.command(['keys', 'list', '--json']));
  const rotate = async (...words) => JSON.parse(await gateway.command(['keys', 'rotate', '--json', ...words]))[0];

  it('a new key is published before it signs', async () => {
    const [old] = (await published()).keys;
    const made = await rotate('--pending', '1h');
    assert.equal(made.state, 'pending');
    await until('the new key to be published', async () =>
      (await published()).keys.some((key) => key.kid === made.kid),
    );
    assert.deepEqual(
      (await listed()).map(({ kid, state }) => [kid, state]),
      [
        [old.kid, 'active'],
        [made.kid, 'pending'],
      ],
    );
    assert.equal(parse((await client.grant()).access_token).header.kid, old.kid);
    await assert.rejects(rotate(), /pending already/);
    await gateway.command(['keys', 'rotate', '--now']);
    await until('one key to be left', async () => (await published()).keys.length === 1);
  });

  it('rotations under load fail no request, and tokens of the retiring keys stay good', async () => {
    let { access_token: access, refresh_token: refresh } = await client.grant();
    const seen = new Map([[parse(access).header.kid, access]]);
    const failures = [];
    let calls = 0;
    let running = true;
    const caller = async () => {
      while (running) {
        const answer = await ping(gateway.resource, access);
        ++calls;
        if (answer.status !== 200) failures.push(`call: ${answer.status} ${answer.text}`);
      }
    };
    const refresher = async () => {
      while (running) {
        const answer = await client.refresh(refresh);
        ++calls;
        if (answer.status !== 200) {
          failures.push(`refresh: ${answer.status} ${answer.text}`);
          return;
        }
        ({ access_token: access, refresh_token: refresh } = answer.body);
        const { kid } = parse(access).header;
        if (!seen.has(kid)) seen.set(kid, access);
        if (!verified(access, await published())) failures.push(`signed by ${kid}, which is not published`);
      }
    };
    const load = [caller(), caller(), caller(), refresher()];
    try {
      for (let round = 0; round < 4; ++round) {
        const { kid } = await rotate('--pending', '1s');
        await until('the new key to sign', () => seen.has(kid) || failures.length > 0, { seconds: 30 * patience });
      }
    } finally {
      running = false;
      await Promise.all(load);
    }
    assert.deepEqual(failures, []);
    assert.equal(seen.size, 5, 'each key signed');
    assert.ok(calls > 20, `${calls} calls`);
    for (const [kid, token] of seen) {
      await works(gateway.resource, token, `the token of ${kid}`);
      assert.ok(verified(token, await published()), `the key ${kid} is still published`);
    }
    assert.deepEqual(
      (await listed()).map(({ state }) => state),
      ['retiring', 'retiring', 'retiring', 'retiring', 'active'],
    );
  });

  it('in an emergency every token ends at once, and clients refresh', async () => {
    const { access_token: access, refresh_token: refresh } = await client.grant();
    await works(gateway.resource, access);
    const made = await rotate('--now');
    assert.equal(made.state, 'active');
    await until('the token to be dead', async () => (await ping(gateway.resource, access)).status === 401);
    await isDead(gateway.resource, access);
    assert.deepEqual((await published()).keys.map((key) => key.kid), [made.kid]);
    const answer = await client.refresh(refresh);
    assert.equal(answer.status, 200, answer.text);
    await works(gateway.resource, answer.body.access_token);
  });

  it('keys survive a restart and a kill', async () => {
    const { access_token: access } = await client.grant();
    const before = await published();
    await gateway.kill();
    await gateway.start();
    assert.deepEqual(await published(), before);
    await works(gateway.resource, access);
  });
});

// An access token that is revoked alone (RFC 7009 section 2.1): what was opened with it ends, and nobody else notices.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { exchange, head } from '../raw/lib/raw.mjs';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { begin, call, event, moment, note, openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';


describe('revoking an access token', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let answer;
  const streams = [];

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (...asked) => {
        if (!answer) return false;
        answer(...asked);
        return true;
      },
    });
    gateway = await Gateway.start({
      name: 'revoke-access',
      upstream: upstream.url,
      policy: { ...everythingPolicy, rules: [] },
      users: ['alice', 'bob'].map((name) => ({ name, members: ['acme:admin'] })),
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
    answer = undefined;
  });

  const open = async (token, message) => {
    const stream = await openStream(gateway.resource, { token, message });
    streams.push(stream);
    assert.equal(stream.status, 200);
    await stream.sees('open');
    return stream;
  };
  const listenAndCall = async (token) => [await open(token), await open(token, call())];
  const ends = (stream) => within(10 * patience, 'the end of the stream', stream.ended);
  /** A client of that user with two access tokens of one grant. */
  const twoTokens = async (user) => {
    const client = await OAuthClient.register(gateway);
    const first = await client.grant({ user });
    const second = (await client.refresh(first.refresh_token)).body;
    return { client, first: first.access_token, second: second.access_token, refresh: second.refresh_token };
  };
  /** Streams and calls begin, and end in good order when `finish` fires. */
  const answerUntil = (finish, responses = []) => {
    answer = (asked, request, response) => {
      responses.push(response);
      begin(response).write(event(note('open')));
      finish.then(() => {
        response.write(event(note('still here')));
        response.end(event({ jsonrpc: '2.0', id: asked?.id ?? 1, result: { content: [] } }));
      });
    };
  };
  const misses = () => metric(gateway, 'postern_token_cache_total{result="miss"}');
  const lookUps = async () => (await misses()) + (await metric(gateway, 'postern_token_cache_total{result="hit"}'));

  /** The status of a call whose body is held back until `meanwhile` is over. */
  const callSlowly = async (token, meanwhile) => {
    const body = Buffer.from(JSON.stringify(call()));
    const begun = head(
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: Bearer ${token}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
      'Expect: 100-continue',
      `Content-Length: ${body.length}`,
    );
    const begins = moment();
    const between = async () => {
      await begins;
      await meanwhile();
    };
    // 100 Continue says that the token was looked at and that the body is awaited.
    const onResponse = ({ informational }) => informational.length > 0 && begins.fire();
    const { responses } = await exchange(gateway.port, [begun, between, body], { answers: 1, seconds: 25, onResponse });
    return responses[0]?.status;
  };

  it('attack 6: its stream and its call end, another token of the grant and other users go on', async () => {
    const finish = moment();
    const behind = [];
    answerUntil(finish, behind);
    const alice = await twoTokens('alice');
    const bob = await twoTokens('bob');
    const own = await listenAndCall(alice.first);
    const others = [...(await listenAndCall(alice.second)), ...(await listenAndCall(bob.first))];
    assert.equal((await alice.client.revoke(alice.first)).status, 200);
    for (const stream of own) assert.equal(await ends(stream), 'cut');
    await until('the end of both behind the gateway', () => behind.slice(0, 2).every((each) => each.destroyed));
    assert.ok(behind.slice(2).every((each) => !each.destroyed));
    finish.fire();
    for (const stream of others) {
      assert.equal(await ends(stream), 'end');
      assert.match(stream.text, /still here/);
    }
    answer = undefined;
    assert.equal((await ping(gateway.resource, alice.first)).status, 401);
    assert.equal((await ping(gateway.resource, alice.second)).status, 200);
  });

  it('attack 6: a call that has no answer yet is told to sign in again', async () => {
    const reached = moment();
    answer = () => reached.fire();
    const { client, first } = await twoTokens('alice');
    const pending = openStream(gateway.resource, { token: first, message: call() });
    await reached;
    assert.equal((await client.revoke(first)).status, 200);
    const stream = await within(10 * patience, 'the end of the call', pending);
    assert.equal(stream.status, 401);
    assert.match(String(stream.headers['www-authenticate']), /error="invalid_token"/);
  });

  it('attack 6: a command that revokes its grant ends what the grant opened, and nothing of other users', async () => {
    const finish = moment();
    answerUntil(finish);
    const alice = await twoTokens('alice');
    const bob = await twoTokens('bob');
    const own = [...(await listenAndCall(alice.first)), ...(await listenAndCall(alice.second))];
    const others = await listenAndCall(bob.first);
    await gateway.command(['token', 'revoke'], { input: `${alice.first}\n` });
    for (const stream of own) assert.equal(await ends(stream), 'cut');
    finish.fire();
    for (const stream of others) assert.equal(await ends(stream), 'end');
    assert.equal((await ping(gateway.resource, alice.second)).status, 401);
  });

  it('attack 6: a user who revokes 200 of their own tokens causes no look-up of other tokens', async () => {
    const stranger = await twoTokens('bob');
    const tokens = [];
    for (let refresh = stranger.refresh; tokens.length < 200; ) {
      const { body } = await stranger.client.refresh(refresh);
      refresh = body.refresh_token;
      tokens.push(body.access_token);
    }
    const { first: token } = await twoTokens('alice');
    assert.equal((await ping(gateway.resource, token)).status, 200);
    const before = await misses();
    for (const revoked of tokens) {
      assert.equal((await stranger.client.revoke(revoked)).status, 200);
      assert.equal((await ping(gateway.resource, token)).status, 200);
    }
    const looked = (await misses()) - before;
    // On a machine so slow that this takes minutes an entry grows too old meanwhile: one look-up a minute.
    assert.ok(looked < 10, `${looked} of 200 calls asked the store`);
  });

  it('attack 6: the token of a call that comes in slowly is not looked up again when a stranger revokes tokens', async () => {
    const stranger = await twoTokens('bob');
    const { first: token } = await twoTokens('alice');
    assert.equal((await ping(gateway.resource, token)).status, 200);
    const before = await lookUps();
    const status = await callSlowly(token, async () => {
      for (const each of [stranger.first, stranger.second])
        assert.equal((await stranger.client.revoke(each)).status, 200);
    });
    assert.equal(status, 200);
    assert.equal((await lookUps()) - before, 1);
  });

  it('attack 6: a call whose own token is revoked while its body still comes is not made', async () => {
    const { client, first: token } = await twoTokens('alice');
    assert.equal((await ping(gateway.resource, token)).status, 200);
    upstream.reset();
    const status = await callSlowly(token, async () => assert.equal((await client.revoke(token)).status, 200));
    assert.equal(status, 401);
    upstream.untouched('a call whose token was revoked');
  });
});

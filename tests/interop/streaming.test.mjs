// Event streams through the gateway: each event leaves as it arrives, and each end is the one that happened.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { exchange, head } from '../raw/lib/raw.mjs';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { ping, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { begin, call, event, moment, note, openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const result = (message, text) => ({
  jsonrpc: '2.0',
  id: message?.id ?? 1,
  result: { content: [{ type: 'text', text }] },
});

describe('streaming', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let token;
  let answer;
  const streams = [];

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (...exchange) => {
        if (!answer) return false;
        answer(...exchange);
        return true;
      },
    });
    gateway = await Gateway.start({
      name: 'streaming',
      upstream: upstream.url,
      policy: { ...everythingPolicy, rules: [] },
      configure: (config) => Object.assign(config.limits, { stream_keepalive: '100ms' }),
    });
    client = await OAuthClient.register(gateway);
    token = (await client.grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
    answer = undefined;
  });

  const open = async (options = {}) => {
    const stream = await openStream(gateway.resource, { token, ...options });
    streams.push(stream);
    return stream;
  };
  const ends = (stream) => within(20 * patience, 'the end of the stream', stream.ended);
  const lives = async () => {
    answer = undefined;
    assert.equal((await ping(gateway.resource, token)).status, 200);
  };

  // A list answer is filtered event by event; the others pass as they are.
  for (const [what, message] of [
    ['a call', call],
    ['a list', () => rpc('tools/list')],
    ['a GET stream', () => undefined],
  ]) {
    it(`${what}: an event leaves before the server behind has sent the next`, async () => {
      const seen = [moment(), moment()];
      answer = async (asked, request, response) => {
        begin(response).write(event(note('first')));
        await seen[0];
        response.write(event(note('second')));
        await seen[1];
        response.end(event({ jsonrpc: '2.0', id: asked?.id ?? 1, result: { tools: [] } }));
      };
      const stream = await open({ message: message() });
      assert.deepEqual([stream.status, stream.headers['content-type']], [200, 'text/event-stream']);
      assert.equal(stream.headers['x-accel-buffering'], 'no', 'no proxy in front may hold events back');
      assert.equal(stream.headers['cache-control'], 'no-store');
      await stream.sees('first');
      assert.ok(!stream.text.includes('second'));
      seen[0].fire();
      await stream.sees('second');
      seen[1].fire();
      assert.equal(await ends(stream), 'end');
      await lives();
    });
  }

  it('a quiet stream gets comments, and never inside a line', async () => {
    const quiet = moment();
    answer = async (asked, request, response) => {
      begin(response).write('data: {"jsonrpc":');
      await quiet;
      response.end('"2.0"}\n\n');
    };
    const half = await open({ message: call() });
    await half.sees('data: {"jsonrpc":');
    answer = (asked, request, response) => begin(response).flushHeaders();
    const silent = await open();
    await until('three comments', () => silent.text.match(/^:.*\n/gm)?.length >= 3, { seconds: 15 });
    assert.match(silent.text, /^(:[^\n]*\n\n?)+$/);
    quiet.fire();
    assert.equal(await ends(half), 'end');
    assert.equal(half.text, 'data: {"jsonrpc":"2.0"}\n\n');
  });

  for (const [what, message, opening] of [
    ['a call that is not answered yet', call],
    ['a call that is answered event by event', call, event(note('x'))],
    ['a GET stream', () => undefined, event(note('x'))],
  ]) {
    it(`${what} ends behind when its client goes away`, async () => {
      const arrived = moment();
      const gone = moment();
      answer = async (asked, request, response) => {
        if (opening) begin(response).write(opening);
        arrived.fire();
        await once(response, 'close');
        gone.fire(response.writableFinished);
      };
      const client = new AbortController();
      const opened = openStream(gateway.resource, { token, message: message(), signal: client.signal });
      opened.catch(() => {});
      await within(15 * patience, 'the call behind', arrived);
      if (opening) await (await opened).sees('x');
      client.abort();
      assert.equal(await within(15 * patience, 'the end behind', gone), false, 'it was cut, not finished');
      await lives();
    });
  }

  it('the id of the last event a client has seen is passed on', async () => {
    answer = (asked, request, response) => begin(response).end(event(note('resumed'), 'stream-1/8'));
    const stream = await open({ headers: { 'Last-Event-ID': 'stream-1/7' } });
    assert.equal(await ends(stream), 'end');
    assert.equal(upstream.requests.at(-1).headers['last-event-id'], 'stream-1/7');
    assert.match(stream.text, /^id: stream-1\/8$/m);
  });

  // A client must not take half an answer for a whole one.
  const opening = (type, more = '') => `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}\r\n`;
  const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  const chunkedEvents = opening('text/event-stream', 'Transfer-Encoding: chunked\r\n');
  for (const [what, message, bytes] of [
    ['a GET stream, between two events', () => undefined, chunkedEvents + chunk(event(note('x')))],
    ['a GET stream, inside an event', () => undefined, chunkedEvents + chunk(`${event(note('x'))}data: {"json`)],
    ['an answer in events', call, chunkedEvents + chunk(event(note('x')))],
    ['an answer in events, inside a chunk', call, `${chunkedEvents}fff\r\n${event(note('x'))}`],
    [
      'an answer in JSON of a given length',
      call,
      `${opening('application/json', 'Content-Length: 99\r\n')}{"jsonrpc":"x"`,
    ],
    [
      'an answer in JSON by chunks',
      call,
      opening('application/json', 'Transfer-Encoding: chunked\r\n') + chunk('{"jsonrpc":"x"'),
    ],
  ]) {
    it(`${what}: when the server behind dies, the client sees a cut`, async () => {
      const died = moment();
      answer = async (asked, request, response) => {
        const { socket } = response;
        socket.write(bytes);
        await died;
        socket.destroy();
      };
      const stream = await open({ message: message() });
      await stream.sees('x');
      died.fire();
      assert.equal(await ends(stream), 'cut');
      await lives();
    });
  }

  it('a list whose server dies before its end is refused, not shown in part', async () => {
    answer = (asked, request, response) => {
      const body = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo"}';
      response.socket.end(`${opening('application/json', 'Content-Length: 999\r\n')}${body}`);
    };
    const stream = await open({ message: rpc('tools/list') });
    assert.equal(stream.status, 502);
    await ends(stream);
    assert.doesNotMatch(stream.text, /"echo"/);
  });

  it('revoking a grant ends its streams, and no other', async () => {
    const answered = moment();
    answer = (asked, request, response) => {
      begin(response).write(event(note('open')));
      answered.then(() => response.end(event(result(asked, 'done'))));
    };
    const others = await open();
    const revoke = {
      'by its client': (own, tokens) => own.revoke(tokens.refresh_token),
      'by the operator': (own, tokens) => gateway.command(['token', 'revoke', tokens.access_token]),
      'with its client': (own) => gateway.command(['client', 'remove', own.id]),
    };
    for (const [how, end] of Object.entries(revoke)) {
      const own = await OAuthClient.register(gateway);
      const tokens = await own.grant();
      const listening = await open({ token: tokens.access_token });
      const calling = await open({ token: tokens.access_token, message: call() });
      for (const stream of [listening, calling]) await stream.sees('open');
      await end(own, tokens);
      for (const stream of [listening, calling]) assert.equal(await ends(stream), 'cut', how);
    }
    answered.fire();
    assert.equal(await ends(others), 'end', 'another grant of the same user');
  });

  it('a call whose grant is revoked before its answer begins is told to sign in again', async () => {
    const reached = moment();
    answer = () => reached.fire();
    const own = await OAuthClient.register(gateway);
    const tokens = await own.grant();
    const pending = open({ token: tokens.access_token, message: call() });
    await reached;
    await own.revoke(tokens.refresh_token);
    const stream = await pending;
    assert.equal(stream.status, 401);
    assert.match(String(stream.headers['www-authenticate']), /error="invalid_token"/);
  });

  it('a call whose grant is revoked while its body still comes is not made', async () => {
    for (const [how, change] of Object.entries({
      'by the operator': (tokens) => gateway.command(['token', 'revoke', tokens.access_token]),
      'by its client': (tokens, own) => own.revoke(tokens.refresh_token),
      'as his membership ends': () => gateway.command(['member', 'remove', 'mia', 'acme']),
    })) {
      if (how === 'by the operator') await gateway.addUser({ name: 'mia', members: ['acme:viewer'] });
      const own = await OAuthClient.register(gateway);
      const tokens = await own.grant({ user: 'mia' });
      await ping(gateway.resource, tokens.access_token);
      const body = Buffer.from(JSON.stringify(call()));
      upstream.reset();
      const begun = head(
        'POST /mcp HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${tokens.access_token}`,
        'Accept: application/json, text/event-stream',
        'Content-Type: application/json',
        'Expect: 100-continue',
        `Content-Length: ${body.length}`,
      );
      const begins = moment();
      const ended = async () => {
        await begins;
        await change(tokens, own);
        await until(
          'the end of the token',
          async () => (await ping(gateway.resource, tokens.access_token)).status === 401,
        );
        upstream.reset();
      };
      // 100 Continue says that the token was looked at and that the body is awaited.
      const onResponse = ({ informational }) => informational.length > 0 && begins.fire();
      const { responses } = await exchange(gateway.port, [begun, ended, body], { answers: 1, seconds: 25, onResponse });
      assert.deepEqual(
        responses.map((each) => each.status),
        [401],
        how,
      );
      upstream.untouched(how);
    }
  });

  it('disabling a user ends the streams that are open', async () => {
    answer = (asked, request, response) => begin(response).write(event(note('open')));
    await gateway.addUser({ name: 'bob', members: ['acme:viewer'] });
    const stream = await open({ token: (await client.grant({ user: 'bob' })).access_token });
    await gateway.command(['user', 'disable', 'bob']);
    assert.equal(await ends(stream), 'cut');
  });

  it('a stream that listens ends with its token; a call under way is let finish', async () => {
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource, '--scope', 'mcp.connect'];
    const short = (await gateway.command(['token', 'mint', ...words, '--lifetime', '3s'])).trimEnd();
    const over = moment();
    answer = async (asked, request, response) => {
      begin(response).write(event(note('open')));
      if (!asked) return;
      await over;
      response.end(event(result(asked, 'finished')));
    };
    const calling = await open({ token: short, message: call() });
    const listening = await open({ token: short });
    await ends(listening);
    assert.equal((await ping(gateway.resource, short)).status, 401, 'the token has expired');
    over.fire();
    assert.equal(await ends(calling), 'end');
    assert.match(calling.text, /finished/);
  });
});

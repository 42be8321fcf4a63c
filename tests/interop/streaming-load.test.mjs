// Many streams, large events, and bytes cut at every place: what arrives is what was sent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { ping, rpc } from './lib/mcp.mjs';
import { begin, call, event, moment, note, openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const asked = { 'a call': call, 'a list': () => rpc('tools/list'), 'a GET stream': () => undefined };

describe('streams in bulk', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
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
      name: 'streaming-load',
      upstream: upstream.url,
      policy: { ...everythingPolicy, rules: [{ tools: ['hidden'], deny: true }] },
    });
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource, '--scope', 'mcp.connect'];
    token = (await gateway.command(['token', 'mint', ...words])).trimEnd();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
    answer = undefined;
  });

  const open = async (message, headers) => {
    const stream = await openStream(gateway.resource, { token, message, headers });
    streams.push(stream);
    return stream;
  };
  const ends = (stream) => within(60 * patience, 'the end of the stream', stream.ended);

  it('two hundred streams at the same time: each gets its own events, and calls are answered meanwhile', async () => {
    const count = 200;
    const behind = new Map();
    answer = (message, request, response) => {
      if (request.method === 'POST') {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }));
        return;
      }
      begin(response).flushHeaders();
      behind.set(request.headers['last-event-id'], response);
    };
    const all = await Promise.all(
      Array.from({ length: count }, (_, index) => open(undefined, { 'Last-Event-ID': `n${index}` })),
    );
    await until('two hundred streams behind', () => behind.size === count, { seconds: 60 * patience });
    assert.equal((await ping(gateway.resource, token)).status, 200);
    for (const round of [1, 2, 3])
      for (const [id, response] of behind) response.write(event(note(`${id} round ${round}`)));
    for (const [id, response] of behind) response.end(event(note(`${id} end`)));
    for (const [index, stream] of all.entries()) {
      assert.equal(await ends(stream), 'end');
      const texts = [...stream.text.matchAll(/^data: (.*)$/gm)].map((each) => JSON.parse(each[1]).params.data);
      assert.deepEqual(texts, [1, 2, 3].map((round) => `n${index} round ${round}`).concat(`n${index} end`));
    }
  });

  it('two hundred clients that go away at once leave nothing open behind', async () => {
    let openBehind = 0;
    answer = (message, request, response) => {
      ++openBehind;
      response.once('close', () => --openBehind);
      begin(response).flushHeaders();
    };
    const all = await Promise.all(Array.from({ length: 200 }, () => open()));
    assert.equal(openBehind, 200);
    for (const stream of all) stream.close();
    await until('all exchanges behind to end', () => openBehind === 0, { seconds: 60 * patience });
    answer = undefined;
    assert.equal((await ping(gateway.resource, token)).status, 200);
  });

  const large = event(note(`${'größer ✓ \u{1f600} '.repeat(100_000)}end`));
  for (const [what, message] of Object.entries(asked)) {
    it(`events of more than 1 MB pass whole: ${what}`, async () => {
      assert.ok(Buffer.byteLength(large) > 1_000_000);
      answer = (_, request, response) => begin(response).end(large + large + event(note('small')));
      const stream = await open(message());
      assert.equal(await ends(stream), 'end');
      assert.ok(stream.bytes.equals(Buffer.from(large + large + event(note('small')))));
    });
  }

  it('a large list is filtered whole', async () => {
    const tools = Array.from({ length: 5000 }, (_, index) => ({
      name: index % 2 === 0 ? `tool${index}` : 'hidden',
      description: 'ü'.repeat(100),
      inputSchema: {},
    }));
    for (const type of ['application/json', 'text/event-stream']) {
      answer = (message, request, response) => {
        const list = { jsonrpc: '2.0', id: message.id, result: { tools } };
        response.writeHead(200, { 'Content-Type': type });
        response.end(type === 'application/json' ? JSON.stringify(list) : event(list));
      };
      const stream = await open(rpc('tools/list'));
      assert.equal(await ends(stream), 'end');
      const shown = JSON.parse(stream.text.replace(/^data: /, '')).result.tools;
      assert.deepEqual(
        shown,
        tools.filter((each) => each.name !== 'hidden'),
        type,
      );
    }
  });

  it('a client that reads slowly holds the server behind back, and gets everything', async () => {
    let written = 0;
    let waited = false;
    const events = 600; // more than the buffers of all sockets on the way may grow to
    const more = moment();
    const text = event(note('x'.repeat(100_000)));
    answer = async (message, request, response) => {
      begin(response);
      for (let index = 0; index < events; ++index) {
        const taken = response.write(text);
        written += text.length;
        if (taken) continue;
        const drained = once(response, 'drain');
        // The gateway takes no more than it can pass on: the reader is let go once that shows.
        const full = new Promise((resolve) => setTimeout(resolve, 500, 'full'));
        if ((await Promise.race([drained, full])) === 'full') {
          waited = true;
          more.fire();
        }
        await drained;
      }
      more.fire();
      response.end();
    };
    const stream = await open(call());
    stream.response.pause();
    await within(60 * patience, 'the gateway to hold back', more);
    assert.ok(waited && written < events * text.length, 'sixty megabytes were taken from the server behind');
    stream.response.resume();
    assert.equal(await ends(stream), 'end');
    assert.equal(stream.bytes.length, events * text.length);
  });

  // Every byte a chunk of its own: characters, line ends and events are cut everywhere.
  const forms = {
    LF: `: comment ✓\nid: 1\nevent: message\ndata: ${JSON.stringify(note('größer ✓ \u{1f600}'))}\n\nretry: 10\n\n`,
    CRLF: `id: ü\r\ndata: ${JSON.stringify(note('größer ✓ \u{1f600}'))}\r\n\r\n: bye\r\n\r\n`,
    CR: `data:${JSON.stringify(note('größer ✓'))}\r\rdata:\r\r`,
    mixed: `\u{feff}data: {"jsonrpc":"2.0",\r\ndata: "method":"x/ü"}\n\r\ndata: ${JSON.stringify(note('✓'))}\n\n`,
  };
  // Where a list may come, data is put on one line.
  const filtered = { ...forms, mixed: `data: {"jsonrpc":"2.0", "method":"x/ü"}\n\ndata: ${JSON.stringify(note('✓'))}\n\n` };
  for (const [what, message] of Object.entries(asked)) {
    it(`bytes one by one, with line ends of every kind: ${what}`, async () => {
      for (const [form, text] of Object.entries(forms)) {
        answer = async (_, request, response) => {
          begin(response);
          response.socket.setNoDelay(true);
          for (const byte of Buffer.from(text)) {
            response.write(Buffer.of(byte));
            await new Promise((resolve) => setImmediate(resolve));
          }
          response.end();
        };
        const stream = await open(message());
        assert.equal(await ends(stream), 'end', form);
        assert.equal(stream.text, (what === 'a call' ? forms : filtered)[form], form);
      }
    });
  }
});

// REST for many at once: what the server behind is asked for them, and what the gateway holds for who reads slowly.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { head } from '../raw/lib/raw.mjs';
import { patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callRest, documentOf, mint, startRest } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const policy = { policy: 'open', scopes: { use: 'Use' }, default_scopes: ['use'], connect: ['use'], otherwise: 'allow' };

describe('REST for many at once', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let names;
  let held; // answers to tools/list, while a test holds them back
  let call;

  const json = (response, message, result) =>
    response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, request, response) => {
        if (message?.method === 'tools/call' || message?.id === 'q') return call?.(message, response) ?? false;
        if (message?.method !== 'tools/list') return false;
        const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }));
        const reply = () => json(response, message, { tools });
        if (held) held.push(reply);
        else reply();
        return true;
      },
    });
  });
  beforeEach(async () => {
    names = ['echo'];
    gateway = await startRest({
      name: 'rest-load',
      upstream: upstream.url,
      policy,
      configure: (config) => {
        config.resources[0].public_openapi = true;
        config.limits.body_memory = '16MiB';
      },
    });
    token = await mint(gateway, 'use');
    upstream.reset();
  });
  afterEach(async () => {
    release();
    call = undefined;
    await gateway?.stop();
  });
  after(() => upstream?.stop());

  const lists = () => upstream.requests.filter(({ message }) => message?.method === 'tools/list').length;
  function release() {
    const waiting = held ?? [];
    held = undefined;
    for (const reply of waiting) reply();
  }
  /** What was sent before has been read by now. */
  const settled = async () => {
    for (let i = 0; i < 20; ++i) await send(`${gateway.origin}/.well-known/ai-plugin.json`);
  };

  it('documents that are asked for at once cost one list', async () => {
    held = [];
    const asked = Array.from({ length: 20 }, () => documentOf(gateway));
    await until('the list', () => held.length > 0);
    await settled();
    release();
    for (const { status, text } of await Promise.all(asked)) assert.equal(status, 200, text);
    assert.equal(lists(), 1);
  });

  it('when who asked for the list leaves, the next one asks', async () => {
    held = [];
    const abort = new AbortController();
    const first = fetch(`${gateway.origin}/.well-known/openapi.json`, { signal: abort.signal }).catch(() => {});
    await until('the first list', () => held.length === 1);
    const second = documentOf(gateway);
    await settled();
    abort.abort();
    await first;
    await until('another list', () => held.length === 2);
    release();
    assert.equal((await second).status, 200);
  });

  it('a list that is refused is refused to all who wait for it', async () => {
    held = [];
    const asked = Array.from({ length: 8 }, () => documentOf(gateway));
    await until('the list', () => held.length > 0);
    await settled();
    for (const socket of upstream.sockets) socket.destroy();
    for (const { status, text } of await Promise.all(asked)) assert.equal(status, 502, text);
    assert.equal(lists(), 1);
  });

  it('names that nobody has do not each cost a list, and a tool that is new is found', async () => {
    assert.equal((await callRest(gateway, token, 'echo', {})).status, 200);
    const begun = Date.now();
    for (let i = 0; i < 40; ++i) {
      const unknown = await callRest(gateway, token, `made-up-${i}`, {});
      assert.deepEqual([unknown.status, unknown.json().error], [404, 'unknown_tool']);
    }
    const most = 2 + (Date.now() - begun) / 5000;
    assert.ok(lists() <= most, `${lists()} lists`);
    names = ['echo', 'new'];
    await until('the new tool', async () => (await callRest(gateway, token, 'new', {})).status === 200, {
      seconds: 20,
      every: 200,
    });
  });

  it('an answer is counted in limits.body_memory until its reader has it', async () => {
    const text = 'x'.repeat(10 * 1024 * 1024);
    call = (message, response) => {
      json(response, message, { content: [{ type: 'text', text }] });
      return true;
    };
    const ask = () => callRest(gateway, token, 'echo', {});
    const slow = net.connect({ port: gateway.port, host: '127.0.0.1' });
    slow.on('error', () => {});
    slow.write(
      head(
        'POST /tools/echo HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${token}`,
        'Content-Length: 0',
      ),
    );
    try {
      const [beginning] = await once(slow, 'data');
      slow.pause();
      assert.match(beginning.toString('latin1'), /^HTTP\/1.1 200 /);
      const refused = await ask();
      assert.equal(refused.status, 503, refused.text.slice(0, 200));
      assert.equal(refused.json().error, 'temporarily_unavailable');
      assert.ok(Number(refused.headers['retry-after']) > 0);
      const small = await documentOf(gateway, token);
      assert.equal(small.status, 200, 'small answers are given meanwhile');
    } finally {
      slow.destroy();
    }
    await until('the memory to be free again', async () => (await ask()).status === 200);
  });

  it('a server that does not take the answers to its questions delays no call', async () => {
    let answered = false;
    const given = [];
    call = (message, response) => {
      if (message.id === 'q') {
        given.push({ code: message.error?.code, cut: new Promise((resolve) => response.on('close', () => resolve(!answered))) });
        return true;
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list', 'ping'])
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 'q', method, params: {} })}\n\n`);
      const result = { content: [{ type: 'text', text: 'done' }] };
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
      return true;
    };
    assert.deepEqual((await callRest(gateway, token, 'echo', {})).json(), { text: 'done' });
    answered = true;
    await until('the answers', () => given.length === 4);
    assert.deepEqual(given.map(({ code }) => code).sort(), [-32601, -32601, -32601, undefined]);
    for (const { cut } of given) assert.equal(await cut, false, 'the call has not waited for it');
  });

  it('numbers pass as they were written', async () => {
    const structured = '{"id": 12345678901234567890123, "price":9007199254740993.0, "rate":1.50}';
    call = (message, response) => {
      const result = `{"content":[],"structuredContent":${structured}}`;
      response
        .writeHead(200, { 'Content-Type': 'text/event-stream' })
        .end(`data: {"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}\n\n`);
      return true;
    };
    assert.equal((await callRest(gateway, token, 'echo', {})).text, structured);
  });
});

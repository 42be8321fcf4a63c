// Bodies that one reader takes for a harmless message and another for a call of `danger`, which the policy denies.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { bytes, exchange, head } from '../raw/lib/raw.mjs';
import { Bodies, call, danger, ping } from './lib/bodies.mjs';
import { patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';

describe('hostile bodies', { timeout: 240_000 * patience }, () => {
  let bodies;

  before(async () => {
    bodies = await Bodies.start('hostile-bodies');
  });
  after(() => bodies?.stop());

  it('case 122: batches, whatever stands before them', () =>
    bodies.refuses(
      [
        `[${danger}]`,
        `[[${danger}]]`,
        `[${ping},${danger}]`,
        ` \t\r\n[${danger}]`,
        '[]',
        `[${ping}]`,
        `[[],${danger}]`,
      ],
      { code: -32600 },
    ));

  it('case 122: a byte order mark before a batch', () =>
    bodies.refuses([`\ufeff[${danger}]`], { code: -32600 }));

  it('case 123: members that stand twice', () =>
    bodies.refuses([
      call('"method":"ping","method":"tools/call","params":{"name":"danger"}'),
      call('"method":"tools/call","method":"ping","params":{"name":"danger"}'),
      call('"method":"tools/call","params":{"name":"good","name":"danger"}'),
      call('"method":"tools/call","params":{"name":"danger","name":"good"}'),
      call('"method":"tools/call","params":{"name":"good"},"params":{"name":"danger"}'),
      call('"method":"tools/call","params":{"name":"good","na\\u006de":"danger"}'),
      call('"id":2,"method":"ping"'),
      call('"method":"tools/call","params":{"name":"good","arguments":{"a":1,"a":2}}'),
    ]));

  it('case 124: members that only a lax reader takes for those that decide', () =>
    bodies.refuses([
      call('"Method":"tools/call","method":"ping","params":{"name":"danger"}'),
      call('"METHOD":"tools/call","params":{"name":"danger"}'),
      call('"method":"tools/call","param\u017f":{"name":"danger"},"params":{"name":"good"}'),
      call('"method":"tools/call","params":{"Name":"danger","name":"good"}'),
      call('"method":"tools/call","params":{"name":"good","NAME":"danger"}'),
      call('"method":"tools/call","Params":{"name":"danger"}'),
      call('"method":"tools/call","params":{"name":"good","argument\u017f":{}}'),
      call('"method":"resources/read","params":{"uri":"a:b","URI":"file:///etc"}'),
    ]));

  it('case 125: escapes are read before anything is decided', async () => {
    await bodies.denies([
      call('"meth\\u006fd":"tools/call","params":{"name":"danger"}'),
      call('"method":"tools\\/call","params":{"name":"danger"}'),
      call('"method":"tools/call","params":{"name":"\\u0064anger"}'),
      call('"method":"\\u0074ools/call","p\\u0061rams":{"n\\u0061me":"d\\u0061nger"}'),
    ]);
    await bodies.passes(call('"method":"tools/call","params":{"name":"\\u0067ood"}'));
  });

  it('case 126: text that is no UTF-8, half a character, NUL, a byte order mark', async () => {
    const inName = (raw) =>
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'),
        Buffer.from(raw, 'latin1'),
        Buffer.from('danger"}}'),
      ]);
    await bodies.refuses(
      [
        ...['\\ud800', '\\udc00\\ud800', '\\ud800\\u0041', '\\u0000'].map(inName),
        ...['\xff', '\xc3', '\xc0\xaf', '\xe0\x80\xaf', '\xf8\x88\x80\x80\x80', '\xed\xa0\x80', '\xf4\x90\x80\x80'].map(
          inName,
        ),
        ...['\0', '\x1f', '\n'].map(inName),
        Buffer.from(danger, 'utf16le'),
        Buffer.from(`\ufeff${danger}`, 'utf16le'),
        Buffer.from(`\ufeff${danger}`),
        Buffer.concat([Buffer.from(danger), Buffer.from([0])]),
      ],
      { code: -32700 },
    );
  });

  it('case 127: what is nested without end, numbers without measure, bodies over the limit', async () => {
    const nested = (open, close, depth) =>
      call(
        `"method":"tools/call","params":{"name":"good","arguments":{"a":${open.repeat(depth)}0${close.repeat(depth)}}}`,
      );
    await bodies.refuses([
      nested('[', ']', 100_000),
      nested('{"a":', '}', 100_000),
      '['.repeat(1_000_000),
      '{"a":'.repeat(100_000),
    ]);
    const number = (text) => call(`"method":"tools/call","params":{"name":"good","arguments":{"a":${text}}}`);
    await bodies.refuses([
      number('1e309'),
      number('-1e999'),
      number('9'.repeat(1_000_000)),
      number(`0.${'1'.repeat(1_000_000)}`),
    ]);
    await bodies.passes(number('1e308'));
    await bodies.refuses([
      call(`"method":"tools/call","params":{"name":"good","arguments":{"a":[${'0,'.repeat(200_000)}0]}}`),
    ]);
    const head = { 'Content-Length': String(100 * 1024 * 1024), Expect: '100-continue', Connection: 'close' };
    const huge = await send(bodies.gateway.resource, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${bodies.token}`, ...head },
      body: '',
    });
    assert.equal(huge.status, 413, 'a body of 100 MB is refused by its length');
    bodies.upstream.untouched('a huge body');
    await bodies.passes(ping);
  });

  it('case 128: bytes one by one get the same verdict as the whole', async () => {
    const lines = [
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${bodies.gateway.port}`,
      `Authorization: Bearer ${bodies.token}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
    ];
    for (const [body, status, isDenied] of [
      [danger, 200, 'denied'],
      [ping, 200],
      [`[${danger}]`, 400],
      [`${ping} x`, 400],
    ]) {
      const chunks = [...body].map((each) => `1\r\n${each}\r\n`).join('');
      const whole = Buffer.concat([head(...lines, 'Transfer-Encoding: chunked'), bytes(`${chunks}0\r\n\r\n`)]);
      const plain = Buffer.concat([head(...lines, `Content-Length: ${body.length}`), bytes(body)]);
      for (const what of [
        whole,
        plain,
        [...whole].map((each) => Buffer.from([each])),
        [...plain].map((each) => Buffer.from([each])),
      ]) {
        bodies.upstream.reset();
        const { responses } = await exchange(bodies.gateway.port, what, { answers: 1 });
        assert.equal(responses[0]?.status, status, body);
        if (isDenied) assert.match(responses[0].body.toString(), /access_denied/);
        if (status !== 200 || isDenied) bodies.upstream.untouched(body);
        else assert.equal(bodies.upstream.requests[0].body, body);
      }
    }
  });

  it('case 129: bodies that are packed', async () => {
    const bomb = Buffer.alloc(4 * 1024 * 1024, ' ');
    const good = call('"method":"tools/call","params":{"name":"good","arguments":{}}');
    for (const encoding of [
      'gzip',
      'br',
      'deflate',
      'x-gzip',
      'gzip, gzip',
      'GZIP',
      'zstd',
      'identity, gzip',
      'compress',
    ]) {
      const packed = [danger, good, bomb].map((body) => zlib.gzipSync(body));
      await bodies.refuses([...packed, danger, good], { status: 415, headers: { 'Content-Encoding': encoding } });
    }
    for (const [encoding, body] of Object.entries({
      gzip: zlib.gzipSync(good),
      deflate: zlib.deflateSync(good),
      br: zlib.brotliCompressSync(good),
      GZIP: good,
    })) {
      bodies.upstream.reset();
      const answer = await bodies.send(body, { 'Content-Encoding': encoding });
      assert.equal(answer.status, 415, `${encoding}: ${answer.text}`);
      const { error } = answer.json();
      assert.equal(error.data?.error ?? error, 'unsupported_media_type', answer.text);
      bodies.upstream.untouched(encoding);
    }
    await bodies.refuses([zlib.gzipSync(danger), zlib.brotliCompressSync(danger), zlib.deflateSync(danger)], {
      code: -32700,
    });
    await bodies.passes(good, { 'Content-Encoding': 'identity' });
  });
});

// Request lines and header fields that must not pass.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { Harness } from './lib/harness.mjs';
import { bytes, exchange } from './lib/raw.mjs';

describe('request head', { timeout: 180_000 * patience }, () => {
  let gw;
  let body;
  let length;

  before(async () => {
    gw = await Harness.start({ name: 'raw-head' });
    body = gw.message('hostile');
    length = `Content-Length: ${body.length}`;
  });
  after(() => gw?.stop());
  afterEach(() => gw.lives());

  const at = (target, method = 'POST') => gw.request([length], body, { line: `${method} ${target} HTTP/1.1` });

  it('case 84: folded lines and field names that are no token', async () => {
    await gw.refuses('folded with a blank', gw.request(['X-Note: a\r\n b', length], body));
    await gw.refuses('folded with a tab', gw.request(['X-Note: a\r\n\tb', length], body));
    await gw.refuses(
      'blank before the first field',
      bytes(gw.request([length], body).toString('latin1').replace('\r\nHost', '\r\n Host')),
    );
    for (const name of [
      '',
      ' ',
      'X Note',
      'X-Note ',
      'X(Note',
      'X\x80Note',
      'X/Note',
      'X"Note',
      'X[Note',
      'X,Note',
      'X;Note',
      'X@Note',
      'X{Note',
    ]) {
      await gw.refuses(`name ${JSON.stringify(name)}`, gw.request([`${name}: a`, length], body));
    }
    await gw.refuses('no colon', gw.request(['X-Note', length], body));
    await gw.refuses('an underscore in what frames the body', gw.request(['Content_Length: 3', length], body));
    for (const name of ['Origin', 'Mcp-Name', 'Content-Type', 'Last-Event-ID', 'Connection'])
      await gw.refuses(`a byte beyond ASCII in ${name}`, gw.request([`${name}: \xe9`, length], body));
  });

  it('compat 5: a name with an underscore or text beyond ASCII costs the field, not the request', async () => {
    for (const line of ['X_Tenant: evil', 'X-Note: \xe9vil', 'X-Note: S\xc3\xa3o evil', 'X_Note: \xff evil']) {
      gw.upstream.reset();
      const { responses } = await exchange(gw.port, [gw.request([line, length], body), gw.call('good')], { answers: 2 });
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200, 200],
        `${line}: ${JSON.stringify(responses)}`,
      );
      for (const { rawHeaders } of gw.upstream.requests) assert.doesNotMatch(rawHeaders.join(), /vil|_/, line);
    }
  });

  it('case 85: paths that another reader would take for another resource', async () => {
    const refused = [
      '//t1/mcp',
      '/t1//mcp',
      '/./t1/mcp',
      '/t1/./mcp',
      '/t2/../t1/mcp',
      '/t1/../t2/mcp',
      '/t1/..;/t2/mcp',
      '/t1/..%2ft2/mcp',
      '/t1/..%2Ft2/mcp',
      '/t1/%2e%2e/t2/mcp',
      '/t1/.%2e/t2/mcp',
      '/t1%5c..%5ct2/mcp',
      '/t1%2fmcp',
      '/t1/mcp%2f',
      '/t1/mcp/..',
      '/t1/mcp/.',
      '/t1;x/mcp',
      '/t1/mcp;x',
    ];
    for (const target of refused) await gw.answers(target, at(target), 400);
    for (const target of ['/T1/mcp', '/t1/MCP']) await gw.answers(target, at(target), 404);
  });

  it('case 69: a token of one resource at the other', async () => {
    for (const method of ['POST', 'GET', 'DELETE']) await gw.answers(method, at('/t2/mcp', method), 401);
    for (const target of ['/t2/mcp/', `http://${gw.host}/t2/mcp`]) await gw.answers(target, at(target), 401);
  });

  it('case 86: bytes and escapes that do not belong into a target', async () => {
    for (const target of [
      '/t1/mcp%00',
      '/t1/mcp%zz',
      '/t1/mcp%2',
      '/t1/mcp%',
      '/t1/\xc3\xa9',
      '/t1/m cp',
      '/t1/m\tcp',
      '/t1\\mcp',
      '/t1/mcp#x',
      '/t1/mcp?a#b',
      '/t1/mcp?a=%0',
      '/t1/mcp?a= b',
      '/t1/mcp?\xff',
      '/t1/"mcp"',
      '/t1/<mcp>',
      '/t1/\x7f',
    ]) {
      await gw.refuses(JSON.stringify(target), at(target));
    }
  });

  it('case 87: other forms of a target', async () => {
    const targets = [
      ['GET', 'admin', 400],
      ['GET', '*', 400],
      ['OPTIONS', '*', 400],
      ['CONNECT', 'a:80', 405],
      ['CONNECT', `${gw.host}`, 405],
      ['GET', 'http://evil.example/x', 400],
      ['POST', 'ftp://127.0.0.1/t1/mcp', 400],
      ['GET', '?x', 400],
      ['GET', 'http://', 400],
    ];
    for (const [method, target, status] of targets)
      await gw.refuses(`${method} ${target}`, at(target, method), status);
  });

  it('case 88: long targets', async () => {
    await gw.refuses('8193 bytes', at(`/t1/mcp?${'a'.repeat(8193 - 8)}`), 414);
    await gw.refuses('16 KiB', at(`/t1/mcp?${'a'.repeat(16 * 1024)}`), 414);
    await gw.refuses('a megabyte', at(`/${'a'.repeat(1 << 20)}`), 414, { mayReset: true });
  });

  it('case 89: Host: one, and one that names a host', async () => {
    const without = { without: ['Host'] };
    await gw.refuses('none', gw.request([length], body, without));
    await gw.refuses('none in HTTP/1.0', gw.request([length], body, { ...without, line: 'POST /t1/mcp HTTP/1.0' }));
    await gw.refuses('two', gw.request([`Host: ${gw.host}`, length], body));
    await gw.refuses('two, different', gw.request(['Host: evil.example', length], body));
    for (const host of [
      'a, b',
      `${gw.host}, evil.example`,
      'a@b',
      `evil@${gw.host}`,
      'a/..',
      '',
      ' ',
      '127.0.0.1:99999',
      '127.0.0.1:x',
      '127.0.0.1:',
      'a b',
      'a\tb',
      '[::1',
      '::1',
      '[v1.x]',
      'a%62',
      'a#b',
      'a?b',
      'a\\b',
      '127.0.0.1:+80',
      'ä',
    ]) {
      await gw.refuses(JSON.stringify(host), gw.request([`Host: ${host}`, length], body, without));
    }
    for (const host of [
      'evil.example',
      `localhost:${gw.port}`,
      '127.0.0.1',
      `127.0.0.1:${gw.port + 1}`,
      `127.0.0.1.evil.example:${gw.port}`,
    ]) {
      await gw.answers(host, gw.request([`Host: ${host}`, length], body, without), 421);
    }
  });

  it('case 90: an absolute target that disagrees with Host', async () => {
    await gw.refuses('another host', at('http://evil.example/t1/mcp'));
    await gw.refuses('another port', at(`http://127.0.0.1:${gw.port + 1}/t1/mcp`));
    await gw.refuses('with a user', at(`http://a@${gw.host}/t1/mcp`));
    const { responses } = await exchange(gw.port, at(`http://${gw.host}/t1/mcp`), { answers: 1 });
    assert.equal(responses[0]?.status, 200, `the same host: ${JSON.stringify(responses)}`);
  });

  it('case 92: methods', async () => {
    for (const method of ['post', 'Post', 'G{T', 'P OST', '', 'POST\x00'])
      await gw.refuses(JSON.stringify(method), at('/t1/mcp', method));
    await gw.refuses('5000 letters', at('/t1/mcp', 'A'.repeat(5000)), 501);
    for (const method of ['TRACE', 'TRACK', 'PUT', 'PATCH', 'PROPFIND', 'DEBUG'])
      await gw.answers(method, at('/t1/mcp', method), 405);
  });

  it('case 94: too many and too large fields, at no cost in memory', async () => {
    const many = (count) => Array.from({ length: count }, (_, index) => `X-N${index}: ${index}`);
    const baseline = gw.resident();
    await gw.refuses('101 fields', gw.request([...many(101), length], body), 431);
    await gw.refuses('5000 fields', gw.request([...many(5000), length], body), 431, { mayReset: true });
    await gw.refuses('a field of 64 KiB', gw.request([`X-Large: ${'a'.repeat(64 * 1024)}`, length], body), 431, {
      mayReset: true,
    });
    await gw.refuses('a name of 64 KiB', gw.request([`${'a'.repeat(64 * 1024)}: x`, length], body), 431, {
      mayReset: true,
    });
    const piece = bytes(`X-Fill: ${'a'.repeat(1 << 16)}\r\n`);
    const start = bytes(gw.request([], '').toString('latin1').replace(/\r\n$/, ''));
    await gw.refuses('20 MiB of fields', [start, ...Array.from({ length: 320 }, () => piece)], 431, {
      mayReset: true,
      seconds: 30,
    });
    assert.ok(gw.resident() - baseline < 32, `resident memory grew from ${baseline} to ${gw.resident()} MiB`);
  });

  it('case 95: an upgrade to HTTP/2 is not taken up, nor handed on', async () => {
    const sent = gw.request(
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA', length],
      body,
    );
    gw.upstream.reset();
    const { responses, informational } = await exchange(gw.port, sent, { answers: 1 });
    assert.equal(responses[0]?.status, 200, JSON.stringify(responses));
    assert.deepEqual(informational, []);
    assert.equal(gw.upstream.requests.length, 1);
    for (const request of gw.upstream.requests) {
      assert.equal(request.headers.upgrade, undefined);
      assert.equal(request.headers['http2-settings'], undefined);
    }
  });
});

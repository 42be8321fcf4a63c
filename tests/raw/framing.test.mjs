// Requests whose length two readers could take for two different things.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { Harness } from './lib/harness.mjs';
import { bytes, chunked, exchange } from './lib/raw.mjs';

describe('request framing', { timeout: 180_000 * patience }, () => {
  let gw;
  let body;
  let length;

  before(async () => {
    gw = await Harness.start({ name: 'raw-framing' });
    body = gw.message('hostile');
    length = `Content-Length: ${body.length}`;
  });
  after(() => gw?.stop());
  afterEach(() => gw.lives());

  const te = (value) => `Transfer-Encoding: ${value}`;

  it('case 80: Content-Length and Transfer-Encoding together', async () => {
    await gw.refuses('length first', gw.request([length, te('chunked')], chunked(body).toString('latin1')));
    await gw.refuses('encoding first', gw.request([te('chunked'), length], chunked(body).toString('latin1')));
    await gw.refuses('length 0', gw.request(['Content-Length: 0', te('chunked')], chunked(body).toString('latin1')));
    await gw.refuses('unknown coding', gw.request([te('xchunked'), length], body));
  });

  it('case 81: transfer codings other than chunked', async () => {
    const values = [
      'identity',
      'xchunked',
      'chunked, identity',
      'gzip, chunked',
      'chunked, chunked',
      'chunked;q=1',
      ',chunked',
      'chunked,',
      '',
      '\xa0chunked',
      '\xffchunked',
      '\tidentity',
      '"chunked"',
      'chunk',
      'gzip',
      'chunked\x0b',
    ];
    for (const value of values)
      await gw.refuses(JSON.stringify(value), gw.request([te(value)], chunked(body).toString('latin1')));
  });

  it('case 82: Transfer-Encoding twice, in HTTP/1.0, folded, misspelt', async () => {
    const after = chunked(body).toString('latin1');
    await gw.refuses('twice', gw.request([te('chunked'), te('chunked')], after));
    await gw.refuses('identity, then chunked', gw.request([te('identity'), te('chunked')], after));
    await gw.refuses('HTTP/1.0', gw.request([te('chunked')], after, { line: 'POST /t1/mcp HTTP/1.0' }));
    await gw.refuses('folded', gw.request(['Transfer-Encoding:\r\n chunked'], after));
    await gw.refuses('folded value', gw.request(['Transfer-Encoding: chunked\r\n , identity'], after));
    await gw.refuses('underscore', gw.request(['Transfer_Encoding: chunked'], after));
    await gw.refuses('blank before the colon', gw.request(['Transfer-Encoding : chunked'], after));
    await gw.refuses('tab before the colon', gw.request(['Transfer-Encoding\t: chunked'], after));
  });

  it('case 83: Content-Length that is not one plain number', async () => {
    await gw.refuses('twice the same', gw.request([length, length], body));
    await gw.refuses('twice, different', gw.request([length, 'Content-Length: 1'], body));
    const size = body.length;
    for (const value of [
      `${size}, ${size}`,
      `+${size}`,
      `-${size}`,
      `0x${size.toString(16)}`,
      '1_0',
      '',
      ' ',
      `${size} ${size}`,
      `${size};`,
      `${size}.0`,
      `"${size}"`,
      '1e1',
      '\xb2',
    ]) {
      await gw.refuses(JSON.stringify(value), gw.request([`Content-Length: ${value}`], body));
    }
    for (const value of ['18446744073709551617', '18446744073709551615', '9'.repeat(400)]) {
      await gw.refuses(value.slice(0, 30), gw.request([`Content-Length: ${value}`], body));
    }
  });

  it('case 91: versions other than HTTP/1.0 and HTTP/1.1', async () => {
    for (const version of ['HTTP/1.2', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9'])
      await gw.refuses(version, gw.request([length], body, { line: `POST /t1/mcp ${version}` }), 505);
    for (const version of [
      'http/1.1',
      'HTTP/1.10',
      'HTTP/01.1',
      'HTTP/1.',
      'HTTP/1,1',
      'HTTPS/1.1',
      'HTTP /1.1',
      'HTTP/1.1 ',
      ' HTTP/1.1',
      'ICY/1.1',
    ]) {
      await gw.refuses(version, gw.request([length], body, { line: `POST /t1/mcp ${version}` }));
    }
    await gw.refuses('HTTP/0.9', bytes('GET /t1/mcp\r\n'));
    await gw.refuses('no target', gw.request([length], body, { line: 'POST HTTP/1.1' }));
  });

  it('case 93: line ends and control bytes', async () => {
    const plain = gw.request([length], body).toString('latin1');
    await gw.refuses('bare LF everywhere', bytes(plain.replaceAll('\r\n', '\n')));
    await gw.refuses('bare LF after the request line', bytes(plain.replace('\r\n', '\n')));
    await gw.refuses('bare LF at the end of the head', bytes(plain.replace('\r\n\r\n', '\r\n\n')));
    await gw.refuses('CR CR LF', bytes(plain.replace('\r\n', '\r\r\n')));
    for (const [what, byte] of Object.entries({
      CR: '\r',
      NUL: '\0',
      SOH: '\x01',
      DEL: '\x7f',
      ESC: '\x1b',
      VT: '\x0b',
      LF: '\n',
    })) {
      await gw.refuses(`${what} in a value`, gw.request([`X-Note: a${byte}b`, length], body));
      await gw.refuses(`${what} in a name`, gw.request([`X-No${byte}te: a`, length], body));
    }
    await gw.refuses('a leading empty line', bytes(`\r\n${plain}`));
  });

  it('case 96: the preface of HTTP/2, a TLS handshake, noise', async () => {
    await gw.refuses('preface', bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    await gw.refuses(
      'TLS',
      Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]), Buffer.alloc(505, 7)]),
    );
    await gw.refuses('noise', Buffer.concat([Buffer.alloc(300, 0xfe), bytes('\r\n\r\n')]));
  });

  it('case 97: chunk sizes', async () => {
    const size = body.length.toString(16);
    for (const value of [
      `0x${size}`,
      ` ${size}`,
      `${size} `,
      `-${size}`,
      `+${size}`,
      `${'0'.repeat(17)}${size}`,
      '1'.repeat(17),
      'f'.repeat(16),
      '0'.repeat(200),
      '',
      'g',
      `${size}\t`,
      `${size},`,
      `"${size}"`,
    ]) {
      await gw.refuses(
        JSON.stringify(value.slice(0, 30)),
        gw.request([te('chunked')], chunked(body, { size: value }).toString('latin1')),
      );
    }
    await gw.refuses('bare LF', gw.request([te('chunked')], `${size}\n${body}\r\n0\r\n\r\n`));
    await gw.refuses('bare CR', gw.request([te('chunked')], `${size}\r${body}\r\n0\r\n\r\n`));
    await gw.refuses('no line end behind the data', gw.request([te('chunked')], `${size}\r\n${body}0\r\n\r\n`));
    await gw.refuses('data longer than said', gw.request([te('chunked')], `${size}\r\n${body}x\r\n0\r\n\r\n`));
    await gw.refuses('bare LF behind the data', gw.request([te('chunked')], `${size}\r\n${body}\n0\r\n\r\n`));
  });

  it('case 98: chunk extensions', async () => {
    const size = body.length.toString(16);
    await gw.refuses('bare LF', gw.request([te('chunked')], `${size};a\nb\r\n${body}\r\n0\r\n\r\n`));
    await gw.refuses('bare LF in quotes', gw.request([te('chunked')], `${size};a="\n"\r\n${body}\r\n0\r\n\r\n`));
    await gw.refuses('CRLF in quotes', gw.request([te('chunked')], `${size};a="\r\n"\r\n${body}\r\n0\r\n\r\n`));
    await gw.refuses(
      'a megabyte',
      gw.request([te('chunked')], `${size};a=${'b'.repeat(1 << 20)}\r\n${body}\r\n0\r\n\r\n`),
      400,
      { mayReset: true },
    );
    const piece = bytes(`1;${'e'.repeat(100)}\r\n \r\n`);
    const many = Array.from({ length: 100 }, () => Buffer.concat(Array.from({ length: 1000 }, () => piece)));
    await gw.refuses('a hundred thousand', [gw.request([te('chunked')]), ...many], 400, {
      mayReset: true,
      seconds: 20,
    });
  });

  it('the same shapes without the fault are served', async () => {
    for (const sent of [
      gw.request([te('chunked')], chunked(body).toString('latin1')),
      gw.request(
        [te('Chunked')],
        chunked(body, { size: `${body.length.toString(16).toUpperCase()};ext=1` }).toString('latin1'),
      ),
      gw.request([length], body, { line: 'POST /t1/mcp HTTP/1.0' }),
      gw.request(['content-length: ' + body.length], body),
    ]) {
      const { responses } = await exchange(gw.port, sent, { answers: 1 });
      assert.equal(responses[0]?.status, 200, JSON.stringify(responses));
    }
  });
});

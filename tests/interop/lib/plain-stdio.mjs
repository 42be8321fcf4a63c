// A stdio server that knows nothing but text: it reads no number and writes the bytes that a test gives it.
import { createInterface } from 'node:readline';

const write = (text) => process.stdout.write(`${text}\n`);
const idIn = (line) => /"id":("[^"]*"|-?\d+)/.exec(line)?.[1];
const answer = (id, result) => write(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
const said = (text) => `{"content":[{"type":"text","text":${JSON.stringify(text)}}]}`;

const capabilities = '{"tools":{},"logging":{}}';
const results = {
  initialize: (line) => {
    const version = /"protocolVersion":"([^"]*)"/.exec(line)[1];
    return `{"protocolVersion":"${version}","capabilities":${capabilities},"serverInfo":{"name":"plain","version":"1"}}`;
  },
  'tools/list': () => '{"tools":[{"name":"say","inputSchema":{"type":"object","maximum":123456789012345678901}}]}',
};

/** By the tool that is called, the line and its id. */
const tools = {
  /** What the server read. */
  read: (line, id) => answer(id, said(line)),
  /** Writes bytes, given as base64, with `@ID@` replaced by the id of this call. */
  say: (line, id) => {
    const bytes = Buffer.from(/"bytes":"([^"]*)"/.exec(line)[1], 'base64');
    process.stdout.write(Buffer.from(bytes.toString('latin1').replaceAll('@ID@', id), 'latin1'));
  },
  /** An answer of 17 MiB. */
  fill: (line, id) => answer(id, JSON.stringify('x'.repeat(17 * 1024 * 1024))),
  /** Never answers. */
  hold: () => process.stderr.write('holding\n'),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const id = idIn(line);
  const method = /"method":"([^"]*)"/.exec(line)?.[1];
  process.stderr.write(`read ${line}\n`);
  if (method === 'tools/call') tools[/"name":"([^"]*)"/.exec(line)[1]](line, id);
  else if (id && method) answer(id, results[method]?.(line) ?? '{}');
});

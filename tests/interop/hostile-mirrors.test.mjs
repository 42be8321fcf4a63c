// Headers that mirror the body and lie about it, versions that contradict each other, and lists that show too much.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { meta, mirrored } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { pause } from './lib/wait.mjs';

const policy = {
  policy: 'mirrors',
  scopes: { connect: 'Connect' },
  default_scopes: ['connect'],
  connect: ['connect'],
  rules: [{ tools: ['danger'], deny: true }],
  otherwise: 'allow',
};
const tools = ['good', 'danger', 'ding'];
const modern = '2026-07-28';
const base64 = (text) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

describe('hostile mirrors', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let answer;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: async (...all) => (answer ? answer(...all) : false) });
    gateway = await Gateway.start({ name: 'hostile-mirrors', upstream: upstream.url, policy });
    token = (await (await OAuthClient.register(gateway)).grant({ scope: 'connect' })).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    answer = undefined;
    upstream.reset();
  });

  const ask = (message, headers) => post(gateway.resource, message, { token, headers });
  const lies = async (message, headers, code = -32020) => {
    const what = `${message.method} ${JSON.stringify(headers)}`;
    const refused = await ask(message, headers);
    assert.deepEqual([refused.status, refused.message?.error?.code], [400, code], `${what}: ${refused.text}`);
    upstream.untouched(what);
    return refused;
  };
  const passes = async (message, headers) => {
    upstream.reset();
    assert.equal((await ask(message, headers)).status, 200, `${message.method} ${JSON.stringify(headers)}`);
    assert.equal(upstream.requests.length, 1);
    upstream.reset();
  };
  const call = (name, more = {}) => rpc('tools/call', { name, arguments: {}, ...more });

  it('case 130: Mcp-Method and Mcp-Name that say something else than the body, or that too', async () => {
    for (const headers of [
      ...[
        { 'Mcp-Method': 'ping' },
        { 'Mcp-Method': 'tools/list' },
        { 'Mcp-Method': '' },
        { 'Mcp-Method': 'TOOLS/CALL' },
      ],
      ...[{ 'Mcp-Name': 'good' }, { 'Mcp-Name': '' }, { 'Mcp-Name': base64('good') }, { 'Mcp-Name': 'danger,good' }],
      { 'Mcp-Method': 'ping', 'mcp-method': 'tools/call' },
      { 'Mcp-Name': 'danger', 'mcp-name': 'good' },
      { 'Mcp-Method': base64('tools/call') },
    ])
      await lies(call('danger'), headers);
    // In the modern era the headers may not be missing.
    const whole = call('good', { _meta: meta() });
    const good = mirrored(whole);
    for (const name of Object.keys(good))
      await lies(whole, Object.fromEntries(Object.entries(good).filter(([each]) => each !== name)));
    await lies(whole, { ...good, 'Mcp-Name': 'danger' });
    await passes(whole, good);
    const honest = call('danger', { _meta: meta() });
    denied(await ask(honest, mirrored(honest)), 'the truth about what is denied');
    denied(await ask(call('danger'), {}), 'no header takes the place of the body');
    upstream.untouched('what is denied');
  });

  it('case 131: a version in the header and another in the body, and versions nobody knows', async () => {
    const whole = call('good', { _meta: meta() });
    for (const version of ['2025-06-18', '2025-11-25', '2024-11-05', '2099-01-01', '', `${modern}, 2025-06-18`])
      await lies(whole, { ...mirrored(whole), 'MCP-Protocol-Version': version });
    await lies(rpc('initialize', { protocolVersion: '2025-06-18' }), { 'MCP-Protocol-Version': modern });
    const unknown = await lies(call('good'), { 'MCP-Protocol-Version': '2099-01-01' }, -32022);
    assert.ok(unknown.message.error.data.supported.includes('2025-11-25'));
    assert.ok(unknown.message.error.data.supported.includes(modern));
    const name = 'io.modelcontextprotocol/protocolVersion';
    const future = call('good', { _meta: meta({ [name]: '2099-01-01' }) });
    const headers = { ...mirrored(future), 'MCP-Protocol-Version': '2099-01-01' };
    const refused = await lies(future, headers, -32022);
    assert.deepEqual(refused.message.error.data.supported, [modern]);
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
      await passes(call('good'), { 'MCP-Protocol-Version': version });
  });

  it('case 132: encoded names: another spelling of the mark, bad base64, the mark itself', async () => {
    const encoded = Buffer.from('good').toString('base64');
    for (const name of [
      ...[
        `=?BASE64?${encoded}?=`,
        `=?Base64?${encoded}?=`,
        `=?base64?${encoded}`,
        `base64?${encoded}?=`,
        '=?base64?=',
        '=?base64??=',
      ],
      ...['=?base64?!!!!?=', '=?base64?Z29vZ?=', '=?base64?Z29vZA=?=', '=?base64?Z29vZB==?=', '=?base64? Z29vZA==?='],
      ...[
        `=?base64?${Buffer.from([0xff, 0xfe]).toString('base64')}?=`,
        `=?utf-8?B?${encoded}?=`,
        base64(' good'),
        base64('Good'),
      ],
      ...[base64('good\0'), base64('danger'), base64(base64('good'))],
    ])
      await lies(call('good'), { 'Mcp-Name': name });
    await passes(call('good'), { 'Mcp-Name': base64('good') });
    // A name that looks like an encoded one is sent encoded.
    const odd = base64('danger');
    await lies(call(odd), { 'Mcp-Name': odd });
    await passes(call(odd), { 'Mcp-Name': base64(odd) });
    await passes(call('größer'), { 'Mcp-Name': base64('größer') });
  });

  it('case 138: a tool that is denied is in no list, however the list arrives, and cannot be called', async () => {
    const list = (message) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id: message.id,
        result: { tools: tools.map((name) => ({ name, inputSchema: { type: 'object' } })) },
      });
    const names = async () => (await ask(rpc('tools/list'), {})).message.result.tools.map((tool) => tool.name);
    answer = (message, request, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(list(message));
    assert.deepEqual(await names(), ['good', 'ding'], 'as JSON');
    for (const [what, cut] of Object.entries({
      'byte by byte': 1,
      'in threes': 3,
      'in the middle': 60,
    })) {
      for (const end of ['\n', '\r\n', '\r']) {
        answer = async (message, request, response) => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.socket.setNoDelay(true);
          const event = Buffer.from(`event: message${end}data: ${list(message)}${end}${end}`);
          for (let at = 0; at < event.length; at += cut) {
            response.write(event.subarray(at, at + cut));
            if (at % 16 === 0) await pause(0);
          }
          response.end();
          return true;
        };
        assert.deepEqual(await names(), ['good', 'ding'], `${what}, ${JSON.stringify(end)}`);
      }
    }
    answer = undefined;
    upstream.reset();
    denied(await callTool(gateway.resource, token, 'danger'));
    upstream.untouched('a denied tool');
  });
});

// What clients write, and stdio servers and those of the transport of 2024, passes as it was written: digits, and what a
// strict parser would refuse.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { initialize } from './lib/mcp.mjs';
import { python, pythonProgram, root } from './lib/process.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { events, open, startStdio } from './lib/stdio.mjs';
import { until } from './lib/wait.mjs';

const plain = [process.execPath, path.join(root, 'tests/interop/lib/plain-stdio.mjs')];
// Numbers that another writer would write otherwise, or could not hold.
const numbers = '{"z":123456789012345678901,"a":1.10,"m":[-0,1E+2,18446744073709551616]}';

/** A user's own session with a gateway, spoken to in bytes. */
async function openSession(gateway) {
  const sdk = await SdkClient.connect('v1', gateway.resource);
  const token = sdk.provider.tokens().access_token;
  await sdk.close();
  const session = await initialize(gateway.resource, token);
  const headers = {
    Accept: 'application/json, text/event-stream',
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'Mcp-Session-Id': session,
  };
  return {
    token,
    session,
    raw: (body) => send(gateway.resource, { headers, body }),
    say: (text, id = '"A"') => {
      const bytes = Buffer.from(text, 'latin1').toString('base64');
      const params = `{"name":"say","arguments":{"bytes":"${bytes}"}}`;
      return send(gateway.resource, {
        headers,
        body: `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`,
      });
    },
  };
}

/** What the answer carries, whether it came as JSON or as an event. */
const textOf = (answer) =>
  /^text\/event-stream/.test(answer.headers['content-type'][0])
    ? answer.text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => line.slice(6))
        .at(-1)
    : answer.text;

for (const shared of [false, true]) {
  describe(`the text of messages, ${shared ? 'one process for all' : 'a process each'}`, { timeout: 180_000 * patience }, () => {
    let gateway;
    let client;

    before(async () => {
      const settings = shared ? { process: 'shared' } : {};
      gateway = await startStdio({ name: `stdio-text-${shared}`, command: plain, settings });
      client = await openSession(gateway);
    });
    after(() => gateway?.stop());

    it('compat 4: a call and its answer keep their digits', async () => {
      const params = `{"arguments":${numbers},"name":"read"}`;
      const read = await client.raw(`{"params":${params},\n"id":"A" ,"method":"tools/call","jsonrpc":"2.0"}`);
      const line = JSON.parse(textOf(read)).result.content[0].text;
      assert.ok(line.includes(`"params":${params}`), line);
      const answered = await client.say(`{"result":{"structuredContent":${numbers}},"id":@ID@,"jsonrpc":"2.0"}\n`);
      assert.equal(textOf(answered), `{"result":{"structuredContent":${numbers}},"id":"A","jsonrpc":"2.0"}`);
      const failed = await client.say(`{"jsonrpc":"2.0","id":@ID@,"error":{"code":1,"message":"m","data":${numbers}}}\n`);
      assert.equal(textOf(failed), `{"jsonrpc":"2.0","id":"A","error":{"code":1,"message":"m","data":${numbers}}}`);
      const list = await client.raw('{"jsonrpc":"2.0","id":5,"method":"tools/list"}');
      assert.ok(textOf(list).includes('"maximum":123456789012345678901'), list.text);
    });

    it('compat 3: what decides nothing may be damaged, and is delivered', async () => {
      for (const [written, delivered] of [
        ['{"half":"\\ud83d!"}', '{"half":"\\ufffd!"}'],
        ['{"byte":"\xff!"}', '{"byte":"\ufffd!"}'],
        ['{"a":1,"a":2}', '{"a":1,"a":2}'],
        ['{"n":1e999}', '{"n":1e999}'],
      ]) {
        const answer = await client.say(`{"jsonrpc":"2.0","id":@ID@,"result":${written}}\n`);
        assert.equal(textOf(answer), `{"jsonrpc":"2.0","id":"A","result":${delivered}}`);
      }
      for (const before of [' ', '\t', '\xef\xbb\xbf'])
        assert.equal(
          textOf(await client.say(`${before}{"jsonrpc":"2.0","id":@ID@,"result":{}}\n`)),
          '{"jsonrpc":"2.0","id":"A","result":{}}',
        );
    });

    it('compat 3: an answer that cannot be read is an error at once, and the log has nothing of it', async () => {
      for (const [line, why] of [
        ['{"jsonrpc":"2.0","id":@ID@,"result":{"x":NaN,"y":"hush"}}', /not valid JSON at byte \d+/],
        ['{"jsonrpc":"2.0","id":@ID@,"result":{"y":"hush', /not valid JSON at byte \d+/],
        ['{"jsonrpc":"2.0","id":@ID@,"result":"hush","result":2}', /the member result is repeated/],
        ['{"jsonrpc":"2.0","id":@ID@,"result":"hush","Error":{}}', /the member error is repeated, or its name differs/],
        ['{"jsonrpc":"2.0","id":@ID@,"id":@ID@,"result":"hush"}', /the member id is repeated/],
      ]) {
        const answer = await client.say(`${line}\n`);
        assert.equal(answer.status, 200, answer.text);
        const { id, error } = JSON.parse(textOf(answer));
        assert.equal(id, 'A');
        assert.equal(error.code, -32003);
        assert.equal(error.data.error, 'upstream_error');
        assert.match(error.message, why);
      }
      // Nothing else dies, and what is no message at all is reported by its length.
      const answer = await client.say('hush, this is no JSON\n{"jsonrpc":"2.0","id":@ID@,"result":{}}\n');
      assert.equal(textOf(answer), '{"jsonrpc":"2.0","id":"A","result":{}}');
      await until('the warning', () => events(gateway, 'upstream_output_ignored').length > 0);
      const [ignored] = events(gateway, 'upstream_output_ignored');
      assert.equal(ignored.bytes, 21);
      assert.equal(ignored.line, undefined);
      assert.ok(events(gateway, 'upstream_message_refused').length >= 5);
      assert.ok(!gateway.logs().includes('hush'));
    });

    it('compat 3: an answer that is too long is an error for its call, and the process goes on', async () => {
      const started = events(gateway, 'upstream_started').length;
      const call = '{"jsonrpc":"2.0","id":"A","method":"tools/call","params":{"name":"fill","arguments":{}}}';
      const { error } = JSON.parse(textOf(await client.raw(call)));
      assert.deepEqual([error.code, error.data.error], [-32003, 'upstream_error']);
      assert.match(error.message, /longer than 16 MiB/);
      assert.equal(
        textOf(await client.say('{"jsonrpc":"2.0","id":@ID@,"result":{}}\n')),
        '{"jsonrpc":"2.0","id":"A","result":{}}',
      );
      assert.equal(events(gateway, 'upstream_started').length, started);
    });

    it('compat 3: a message with two ids reaches nobody, and both calls get their own answers', async () => {
      const holding = () =>
        events(gateway, 'upstream_stderr')
          .map(({ line }) => /^read .*"id":(\d+),.*"name":"hold"/.exec(line)?.[1])
          .filter(Boolean);
      const before = holding().length;
      const held = [1, 2].map((n) => client.raw(`{"jsonrpc":"2.0","id":"h${n}","method":"tools/call","params":{"name":"hold"}}`));
      await until('both calls', () => holding().length === before + 2);
      const ids = holding().slice(before);
      const answer = await client.say(
        [
          `{"jsonrpc":"2.0","id":${ids[0]},"ID":${ids[1]},"result":"wrong"}`,
          ...ids.map((id) => `{"jsonrpc":"2.0","id":${id},"result":"right"}`),
          '{"jsonrpc":"2.0","id":@ID@,"result":{}}\n',
        ].join('\n'),
      );
      assert.equal(answer.status, 200);
      const answers = (await Promise.all(held)).map((each) => JSON.parse(textOf(each)));
      assert.deepEqual(answers.map(({ id, result }) => [id, result]).sort(), [['h1', 'right'], ['h2', 'right']]);
    });
  });
}

describe('numbers of a server made with FastMCP, over stdio', { timeout: 180_000 * patience }, () => {
  let gateway;

  before(async () => {
    gateway = await startStdio({ name: 'stdio-fastmcp', command: [python, pythonProgram('server'), 'stdio'] });
  });
  after(() => gateway?.stop());

  it('compat 4: an integer beyond 64 bits arrives digit for digit, both ways', async () => {
    const client = await openSession(gateway);
    const call = '{"name":"successor","arguments":{"number":123456789012345678901}}';
    const answer = await client.raw(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${call}}`);
    const { result } = JSON.parse(textOf(answer));
    assert.equal(result.content[0].text, '123456789012345678902', 'the argument');
    assert.match(textOf(answer), /"structuredContent":\{"result":123456789012345678902\}/, 'the result');
  });
});

/** A server of the transport of 2024 that answers every request with `numbers`: `{url, bodies, stop()}`. */
async function startPlainOldServer() {
  const bodies = [];
  let stream;
  const server = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      stream.write('event: endpoint\ndata: /message\n\n');
      return;
    }
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    bodies.push(body);
    response.writeHead(202).end();
    const id = /"id":(\d+)/.exec(body)?.[1];
    const version = '"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"n","version":"1"}';
    if (id) stream.write(`event: message\ndata: {"jsonrpc":"2.0","id":${id},\ndata: "result":{${version},"n":${numbers}}}\n\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/sse`,
    bodies,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the text of messages, with a server of the transport of 2024', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startPlainOldServer();
    gateway = await Gateway.start({
      name: 'sse-text',
      policy: open,
      configure: (config) => {
        config.upstreams.everything = { urls: [upstream.url], transport: 'sse' };
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('compat 4: a call and its answer keep their digits', async () => {
    const client = await openSession(gateway);
    const params = `{"arguments":${numbers},"name":"read"}`;
    const answer = await client.raw(`{"params":${params},"id":"A","method":"tools/call","jsonrpc":"2.0"}`);
    assert.match(upstream.bodies.at(-1), /^\{"params":.*,"id":\d+,"method":"tools\/call","jsonrpc":"2.0"\}$/);
    assert.ok(upstream.bodies.at(-1).includes(`"params":${params}`), upstream.bodies.at(-1));
    assert.ok(textOf(answer).includes(`"n":${numbers}`), answer.text);
    assert.equal(JSON.parse(textOf(answer)).id, 'A');
  });
});

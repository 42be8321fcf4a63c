// What is JSON and no message, or not called JSON; and messages of many that are not confused.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Bodies, call, danger, ping } from './lib/bodies.mjs';
import { denied } from './lib/expect.mjs';
import { patience, sanitized } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';

describe('hostile messages', { timeout: 240_000 * patience }, () => {
  let bodies;

  before(async () => {
    bodies = await Bodies.start('hostile-messages');
  });
  after(() => bodies?.stop());

  it('case 133: only JSON in UTF-8, named as such', async () => {
    for (const type of [
      ...['text/plain', 'text/json', 'application/json-rpc', 'application/jsonp', 'application/x-json', 'json', '*/*'],
      ...['application/json;charset=utf-16', 'application/json; charset="utf-7"', 'application/json, text/plain', ''],
      ...[
        'text/plain;application/json',
        'application/json+x',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
      ],
    ])
      await bodies.refuses([danger, ping], { status: 415, headers: { 'Content-Type': type } });
    const without = { Accept: '*/*', Authorization: `Bearer ${bodies.token}` };
    for (const body of [danger, ping])
      assert.equal(
        (await send(bodies.gateway.resource, { body, method: 'POST', headers: without })).status,
        415,
        'none',
      );
    bodies.upstream.untouched('no type');
    for (const type of ['APPLICATION/JSON', 'application/json;charset=utf-8', 'application/json; charset="UTF-8"'])
      await bodies.passes(ping, { 'Content-Type': type });
  });

  it('case 134: anything beside the one document', () =>
    bodies.refuses(
      [
        ...[
          `${ping}${danger}`,
          `${ping}\n${danger}`,
          `${ping}x`,
          `${ping},`,
          `${ping}/**/`,
          `// x\n${ping}`,
          `/**/${danger}`,
        ],
        ...[
          danger.replaceAll('"', "'"),
          call('"method":"ping","params":{"a":NaN}'),
          call('"method":"ping","params":{"a":Infinity}'),
        ],
        ...[
          call('"method":"ping","params":{"a":01}'),
          call('"method":"ping","params":{"a":+1}'),
          call('"method":"ping",'),
        ],
        ...[
          '{jsonrpc:"2.0",id:1,method:"ping"}',
          `"${ping}`,
          '',
          ' ',
          'null x',
          call('"method":"ping","params":{"a":.5}'),
        ],
      ],
      { code: -32700 },
    ));

  it('case 137: ids and envelopes that are none', async () => {
    const id = (text) => `{"jsonrpc":"2.0","id":${text},"method":"ping"}`;
    await bodies.refuses(['null', '1.5', '{}', '[]', 'true', '1e400'].map(id), { code: -32600 });
    await bodies.refuses([id('""x')], { code: -32700 });
    await bodies.refuses([id(`"${'x'.repeat(1024 * 1024)}"`)], { code: -32600 });
    await bodies.refuses(
      [
        ...[
          '{"id":1,"method":"ping"}',
          '{"jsonrpc":"1.0","id":1,"method":"ping"}',
          '{"jsonrpc":2.0,"id":1,"method":"ping"}',
        ],
        ...['{"jsonrpc":"2.0","id":1}', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}'],
        ...[
          '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
          '{"jsonrpc":"2.0","result":{}}',
          '"x"',
          '7',
          'true',
        ],
        ...[
          call('"method":7'),
          call('"method":"ping","params":[]'),
          call('"method":"ping","params":"x"'),
          '{}',
          call('"method":"ping","extra":1'),
        ],
        ...[call('"method":"tools/call","params":{"name":7}'), call('"method":"tools/call","params":{"name":""}')],
      ],
      { code: -32600 },
    );
    // An answer to a request of the server is a message of its own kind: it follows `connect`, as it is.
    const answer = '{"jsonrpc":"2.0","id":"server-1","result":{}}';
    assert.equal((await bodies.send(answer)).status, 200, 'what the server behind says to it');
    assert.equal(bodies.upstream.requests[0].body, answer);
  });

  const rounds = sanitized ? 100 : 1000;
  it(`case 136: two clients with the same ids, ${rounds} rounds at the same time: each gets its own`, async () => {
    const other = await bodies.newToken();
    const run = async (who, credentials) => {
      const own = new http.Agent({ keepAlive: true, maxSockets: 4 });
      for (let round = 0; round < rounds; ++round) {
        const message = { ...rpc('tools/call', { name: 'echo', arguments: { who, round } }), id: 1 };
        const answer = await post(bodies.gateway.resource, message, { token: credentials, agent: own });
        assert.deepEqual(JSON.parse(answer.message.result.content[0].text), { who, round });
        assert.equal(answer.message.id, 1);
      }
      own.destroy();
    };
    await Promise.all([run('one', bodies.token), run('two', other), run('one again', bodies.token)]);
    denied(await callTool(bodies.gateway.resource, bodies.token, 'danger'));
  });
});

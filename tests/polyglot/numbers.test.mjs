// A FastMCP server over stdio, with integers that a double cannot hold.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { initialize } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { startStdio } from '../interop/lib/stdio.mjs';
import { currentPython } from './lib/paths.mjs';
import { run } from './lib/walk.mjs';

const digits = ['9007199254740993', '-9223372036854775809', '123456789012345678901', '1000000000000000000000000000001'];

describe('FastMCP over stdio', { timeout: 180_000 * patience }, () => {
  let gateway;

  before(async () => {
    gateway = await startStdio({ name: 'numbers', command: currentPython('counting_server') });
  });
  after(() => gateway?.stop());

  it('integers keep their digits on the way to the server and back', async () => {
    const client = await OAuthClient.register(gateway);
    const { access_token: token } = await client.grant();
    const session = await initialize(gateway.resource, token);
    /** The text of the answer. The arguments are JSON as text: a number of JavaScript would lose digits here. */
    const call = async (name, args) => {
      const { status, text } = await send(gateway.resource, {
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`,
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
          Authorization: `Bearer ${token}`,
          'Mcp-Session-Id': session,
        },
      });
      assert.equal(status, 200, text);
      return text;
    };
    for (const number of digits) {
      const next = String(BigInt(number) + 1n);
      const text = await call('successor', `{"number":${number}}`);
      assert.match(text, new RegExp(`"text":"${next}"`), 'what the server computed');
      assert.match(text, new RegExp(`"structuredContent":\\{"result":${next}\\}`), 'the number in its answer');
    }
    const list = Array.from({ length: 40 }, (_, exponent) => 7n ** BigInt(exponent)).join(', ?');
    assert.match(await call('powers', '{"base":7,"count":40}'), new RegExp(`"result":\\[${list}\\]`));
  });

  it('a client in Python hands over integers of any size', async () => {
    const argumentsFor = (number) => ({ number: JSON.rawJSON(number) });
    const steps = digits.map((number) => ({ label: number, tool: 'successor', arguments: argumentsFor(number) }));
    const { calls } = await run(currentPython('mcp2'), gateway, { steps });
    for (const number of digits)
      assert.deepEqual([calls[number].failed, calls[number].text], [false, String(BigInt(number) + 1n)]);
  });
});

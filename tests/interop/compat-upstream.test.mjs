// What servers behind answer that is no hostility, and what their operators are told when settings do not suit them.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { doctor, faults } from './lib/postern.mjs';
import { callRest, mint, shopPolicy, startRest } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const everything = { ...shopPolicy, rules: [], otherwise: 'allow' };

describe('answers that are said not to be compressed', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startRest({ name: 'compat-coding', upstream: upstream.url, policy: everything });
    token = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** As the upstream answers by itself, with these values of Content-Encoding. */
  const coded = (values) => (message, request, response) => {
    response.setHeader('Content-Encoding', values);
    return false;
  };

  it('compat 14: Content-Encoding that is empty or `identity` makes an answer like any other', async () => {
    for (const values of ['', 'identity', 'Identity', 'identity, identity', ',', ['', 'IDENTITY']]) {
      upstream.answer = coded(values);
      for (const message of [rpc('ping'), rpc('tools/list')]) {
        const answer = await post(gateway.resource, message, { token });
        assert.equal(answer.status, 200, `${values}: ${answer.text}`);
        assert.equal(answer.headers['content-encoding'], undefined, 'it is not passed on');
      }
      const rest = await callRest(gateway, token, 'good', { a: 1 });
      assert.equal(rest.status, 200, `${values}: ${rest.text}`);
    }
    for (const values of ['gzip', 'identity, gzip', ['identity', 'br']]) {
      upstream.answer = coded(values);
      assert.equal((await ping(gateway.resource, token)).status, 502, String(values));
    }
    upstream.answer = undefined;
  });

  it('compat 14: requests may say so, too', async () => {
    for (const value of ['', 'identity', 'Identity'])
      assert.equal((await ping(gateway.resource, token, { headers: { 'Content-Encoding': value } })).status, 200, value);
    const gzip = { 'Content-Encoding': 'gzip' };
    assert.equal((await ping(gateway.resource, token, { headers: gzip })).status, 415);
  });
});

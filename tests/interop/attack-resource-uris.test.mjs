// Resource URIs in another spelling, against rules that deny one host, at a server that takes every spelling.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { post, rpc } from './lib/mcp.mjs';
import { hostUris } from './lib/resource-uris.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const policy = {
  policy: 'hosts',
  scopes: { connect: 'Connect' },
  default_scopes: ['connect'],
  connect: ['connect'],
  rules: [
    { resources: ['db://prod:5432/reports/*'] },
    { resources: ['file:///secret/**', 'db://prod/**'], deny: true },
  ],
  otherwise: 'allow',
};

describe('spellings of resource URIs', { timeout: 60_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: listing });
    gateway = await Gateway.start({ name: 'attack-uris', upstream: upstream.url, policy });
    const words = ['--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource, '--scope', 'connect'];
    token = (await gateway.command(['token', 'mint', ...words])).trimEnd();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  /** A server that lists every spelling, and names none of it otherwise. */
  function listing(message, request, response) {
    if (message?.method !== 'resources/list') return false;
    const resources = [...hostUris, 'db://test/t'].map((uri) => ({ uri, name: 'a table' }));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { resources } }));
    return true;
  }

  const ask = (method, params) => post(gateway.resource, rpc(method, params), { token });

  it('attack 4: what a rule denies is denied in every spelling of its host', async () => {
    for (const uri of hostUris) {
      for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe']) {
        const answer = await ask(method, { uri });
        denied(answer, `${method} ${uri}`);
        assert.match(answer.message.error.message, /write/, uri);
      }
      const ref = { type: 'ref/resource', uri };
      denied(await ask('completion/complete', { ref, argument: { name: 'a', value: '' } }), uri);
      upstream.untouched(uri);
    }
  });

  it('attack 4: lists do not show it either', async () => {
    const { message } = await ask('resources/list');
    assert.deepEqual(
      message.result.resources.map((each) => each.uri),
      ['db://test/t'],
    );
  });

  it('attack 4: rules may name a port, and other hosts are what they were', async () => {
    const others = ['db://prod:5432/reports/1', 'db://test/t', 'db://TEST/t', 'file:///open/b', 'greeting://World'];
    for (const uri of others) {
      const answer = await ask('resources/read', { uri });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(upstream.requests.at(-1).message.params.uri, uri, 'as it was written');
    }
  });
});

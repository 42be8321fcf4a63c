// What two official SDKs say to each other over the streams of Streamable HTTP, with the gateway between them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { SdkClient, textOf } from './lib/sdk.mjs';
import { answering, ask, capable, open } from './lib/stdio.mjs';
import { startStreamingServer } from './lib/streaming-server.mjs';
import { until } from './lib/wait.mjs';

describe('streams between SDKs', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startStreamingServer();
    gateway = await Gateway.start({ name: 'streams-sdk', upstream: upstream.url, policy: open });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const connect = (options) => SdkClient.connect('v1', gateway.resource, { options: capable, ...options });
  const resumed = () => upstream.requests.filter(({ method, last }) => method === 'GET' && last).length;

  it('the server asks its client for a sample, an answer and its roots', async () => {
    const sdk = await connect();
    const asked = answering(sdk.client);
    assert.equal(JSON.parse(await ask(sdk, 'sample')).content.text, 'a word');
    assert.deepEqual(JSON.parse(await ask(sdk, 'elicit')).content, { colour: 'blue' });
    assert.equal(await ask(sdk, 'roots'), 'file:///work');
    assert.deepEqual(asked, ['Say a word', 'Which colour?']);
    await sdk.close();
  });

  it('a stream that the server closes to be asked again is asked again, and brings the answer', async () => {
    const sdk = await connect();
    const before = resumed();
    assert.equal(await ask(sdk, 'poll', { milliseconds: 300 }), 'polled');
    assert.ok(resumed() > before, 'its Last-Event-ID reached the server');
    await sdk.close();
  });

  it('a client whose connection broke resumes with the last event it has seen', async () => {
    let broken = 0;
    // The first stream of a call breaks after its first bytes, as on a train.
    const fetchThatBreaks = async (url, init) => {
      const response = await fetch(url, init);
      if (broken > 0 || !String(init?.body).includes('"count"') || !response.body) return response;
      broken += 1;
      const reader = response.body.getReader();
      const { value } = await reader.read();
      let sent = false;
      const body = new ReadableStream({
        pull(controller) {
          if (sent) return reader.cancel().then(() => controller.error(new Error('the connection broke')));
          sent = true;
          return controller.enqueue(value);
        },
      });
      return new Response(body, { status: response.status, headers: response.headers });
    };
    const sdk = await connect({ fetch: fetchThatBreaks });
    const seen = [];
    const counting = { name: 'count', arguments: { to: 6, every: 100 } };
    const onprogress = ({ progress }) => seen.push(progress);
    const result = await sdk.client.callTool(counting, undefined, { onprogress });
    assert.equal(textOf(result), 'counted');
    assert.equal(broken, 1);
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6], 'nothing is lost and nothing comes twice');
    await sdk.close();
  });

  it('what the server says by itself comes on the stream that listens', async () => {
    const sdk = await connect();
    const notes = [];
    sdk.client.fallbackNotificationHandler = async ({ params }) => notes.push(params?.data);
    await ask(sdk, 'later', { text: 'by itself' });
    await until('the note', () => notes.includes('by itself'));
    await sdk.close();
  });

  it('a call that its client cancels is cancelled behind', async () => {
    const sdk = await connect();
    const cancelling = new AbortController();
    const held = sdk.client.callTool({ name: 'holdAndTell' }, undefined, { signal: cancelling.signal });
    await until('the call to arrive', async () => (await ask(sdk, 'held')) === '{"held":1,"cancelled":0}');
    cancelling.abort();
    await assert.rejects(held);
    await until('the cancellation to arrive', async () => (await ask(sdk, 'held')) === '{"held":1,"cancelled":1}');
    await sdk.close();
  });
});

// Lists and event streams as careless servers send them: what is damaged, or means nothing, costs only itself.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { callTool, initialize, post, rpc } from './lib/mcp.mjs';
import { callRest, documentOf, mint, startRest, validated } from './lib/rest.mjs';
import { SdkClient, textOf } from './lib/sdk.mjs';
import { openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { doctor } from './lib/postern.mjs';
import { until } from './lib/wait.mjs';

const policy = {
  policy: 'open',
  scopes: { use: 'Use' },
  default_scopes: ['use'],
  connect: ['use'],
  rules: [{ tools: ['hidden*'], deny: true }],
  otherwise: 'allow',
};

const json = (response, text) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
const events = (response, text) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text);
const replacement = '\u{fffd}';

// Bytes, since not all of it is UTF-8. Good entries stand first, in the middle and last.
const schema = '"inputSchema":{"type":"object"}';
const damaged = Buffer.from(
  [
    `{"name":"first",${schema}}`,
    'null',
    `{"title":"no name",${schema}}`,
    `{"name":"half \\ud83d",${schema}}`,
    `{"name":"byte \xff",${schema}}`,
    `{"name":"first","name":"hidden",${schema}}`,
    `{"name":"first","Name":"hidden",${schema}}`,
    `{"name":"hidden.b",${schema}}`,
    `{"name":"middle","description":"smile \\ud83d S\xe3o",${schema}}`,
    `{"name":"twice","inputSchema":{"type":"object","type":"object"}}`,
    `{"name":"huge",${schema},"_meta":{"most":1e999}}`,
    `{"name":"last",${schema}}`,
  ].join(','),
  'latin1',
);
const around = (message, entries) =>
  Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"tools":[`),
    entries,
    Buffer.from(']}}'),
  ]);
const sound = ['first', 'middle', 'twice', 'huge', 'last'];

describe('damaged lists', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let answer;
  const tokens = {};

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, request, response) => {
        if (message?.method !== 'tools/list') return false;
        answer(message, response);
        return true;
      },
    });
    gateway = await startRest({
      name: 'compat-lists',
      upstream: upstream.url,
      policy,
      configure: (config, { origin }) => {
        const other = { serve: `${origin}/default`, policy: 'default', root: false, rest: false };
        config.resources.push({ ...config.resources[0], ...other });
      },
    });
    tokens.open = await mint(gateway, 'use');
    tokens.default = await mint(gateway, 'mcp:use', { resource: `${gateway.origin}/default` });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    answer = (message, response) => json(response, around(message, damaged));
  });

  const list = (which = 'open') =>
    post(which === 'open' ? gateway.resource : `${gateway.origin}/default`, rpc('tools/list'), { token: tokens[which] });

  const shown = { open: sound, default: ['first', 'hidden.b', ...sound.slice(1)] };
  for (const [which, names] of Object.entries(shown)) {
    for (const form of ['JSON', 'an event'])
      it(`compat 2: a damaged entry costs only itself, as ${form}, under the policy ${which}`, async () => {
        if (form !== 'JSON')
          answer = (message, response) =>
            events(response, Buffer.concat([Buffer.from('data: '), around(message, damaged), Buffer.from('\n\n')]));
        const { status, message, text } = await list(which);
        assert.equal(status, 200, text);
        assert.deepEqual(message.result.tools.map(({ name }) => name), names);
        const { description } = message.result.tools.find(({ name }) => name === 'middle');
        assert.equal(description, `smile ${replacement} S${replacement}o`, 'repaired');
        assert.ok(text.includes('"type":"object","type":"object"') && text.includes('1e999'), 'passed as it came');
      });
  }

  it('compat 2: the log names what was left out', async () => {
    await list();
    const [line] = await gateway.logged('list_entries_left_out');
    const { level, upstream: behind, what, entries } = JSON.parse(line);
    assert.deepEqual([level, behind, entries], ['warning', 'everything', 6]);
    for (const part of [
      'tools[1] is not an object',
      'tools[2] has no name',
      `tools[3] 'half ${replacement}' has a name with damaged characters`,
      "tools[5] 'first' has its name more than once",
    ])
      assert.ok(what.includes(part), what);
  });

  it('says no charset: a list that was filtered as UTF-8 is another one in UTF-7', async () => {
    const text = (id) => `{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"x+ACI-,+ACI-name+ACI-:+ACI-hidden"}]}}`;
    for (const [type, body] of [
      ['application/json', text],
      ['text/event-stream', (id) => `data: ${text(id)}\n\n`],
    ]) {
      answer = (message, response) =>
        response.writeHead(200, { 'Content-Type': `${type}; charset=utf-7` }).end(body(message.id));
      const { status, headers } = await list();
      assert.deepEqual([status, headers['content-type']], [200, [type]]);
    }
  });

  it('compat 2: null is an empty list', async () => {
    answer = (message, response) => json(response, `{"jsonrpc":"2.0","id":${message.id},"result":{"tools":null}}`);
    for (const which of ['open', 'default']) assert.deepEqual((await list(which)).message.result, { tools: [] });
  });

  it('compat 2: damage hides no tool', async () => {
    for (const result of [
      '{"tools":[],"Tools":[{"name":"hidden"}]}',
      '{"tools":[],"tools":[{"name":"hidden"}]}',
      '{"tools":null,"too\\u006cs":[{"name":"hidden"}]}',
      '{"tools":[],"tools\\u0000":[{"name":"hidden"}]}',
    ]) {
      const text = (id) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
      answer = (message, response) => json(response, text(message.id));
      const refused = await list();
      assert.equal(refused.status, 502, result);
      assert.doesNotMatch(refused.text, /hidden/);
      answer = (message, response) => events(response, `data: ${text(message.id)}\n\n`);
      const told = await list();
      assert.equal(told.message.error.data.error, 'upstream_error', told.text);
      assert.doesNotMatch(told.text, /hidden/);
    }
  });

  for (const version of ['v1', 'v2'])
    it(`compat 2: the SDK ${version} lists the others`, async () => {
      const sdk = await SdkClient.connect(version, gateway.resource);
      assert.deepEqual(await sdk.tools(), sound);
      await sdk.close();
    });

  it('compat 2: REST serves the tools that a document can hold', async () => {
    const { paths } = await validated((await documentOf(gateway, tokens.open)).json());
    assert.deepEqual(Object.keys(paths), ['first', 'middle', 'last'].map((name) => `/tools/${name}`));
    for (const name of ['first', 'middle', 'last'])
      assert.equal((await callRest(gateway, tokens.open, name, {})).status, 200, name);
    assert.equal((await callRest(gateway, tokens.open, 'huge', {})).status, 404);
  });

  it('compat 2: doctor counts the tools that are listed', async () => {
    const report = await doctor(gateway.resource, '--token', tokens.open);
    const step = report.steps.find((each) => each.step === 'tools');
    assert.deepEqual([step.state, step.seen], ['ok', '5 tools'], JSON.stringify(step));
  });
});

const note = (data) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });
const noise = [
  ': a comment',
  'event: ping\ndata: ping',
  'event: ping\ndata: {"at":1}',
  'event: heartbeat',
  'data: ping',
  'x-server: hidden\ndata:',
  'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":NaN}}',
  'data: {"jsonrpc":"2.0","method":"notifications/message","params":',
]
  .map((each) => `${each}\n\n`)
  .join('');

describe('event streams with keep-alives', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let listening;
  let answer;

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, request, response) => {
        if (answer?.(message, response)) return true;
        if (request.method === 'GET') {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.write(`${noise}data: ${note('first')}\n\n`);
          listening.push(response);
          return true;
        }
        if (message?.method !== 'tools/list') return false;
        const tools = ['echo', 'hidden'].map((name) => ({ name, inputSchema: { type: 'object' } }));
        const text = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { tools } });
        events(response, `${noise}data: ${note('meanwhile')}\n\n${noise}data: ${text}\n\n${noise}`);
        return true;
      },
    });
    gateway = await Gateway.start({ name: 'compat-events', upstream: upstream.url, policy });
    token = await mint(gateway, 'use');
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    listening = [];
    answer = undefined;
    upstream.reset();
  });

  for (const version of ['v1', 'v2'])
    it(`compat 1: the SDK ${version} lists tools and hears its notifications`, async () => {
      const heard = [];
      const prepare = (client) => {
        client.fallbackNotificationHandler = async ({ params }) => heard.push(params.data);
      };
      const sdk = await SdkClient.connect(version, gateway.resource, { prepare });
      assert.deepEqual(await sdk.tools(), ['echo']);
      await until('the note beside the list', () => heard.includes('meanwhile'));
      await until('the note on the stream', () => heard.includes('first'));
      listening.at(-1).write(`${noise}data: ${note('second')}\n\n`);
      await until('a later note', () => heard.includes('second'));
      assert.equal(upstream.requests.filter(({ method }) => method === 'GET').length, 1, 'it was never cut');
      assert.equal(textOf(await sdk.call('echo', { a: 1 })), '{"a":1}');
      await sdk.close();
    });

  it('compat 1: events pass as they are where no list is filtered', async () => {
    const text = `${noise}data: {"jsonrpc":"2.0","id":ID,"result":{"content":[]}}\n\n`;
    answer = (message, response) => {
      if (message?.method !== 'tools/call') return false;
      events(response, text.replace('ID', message.id));
      return true;
    };
    const stream = await openStream(gateway.resource, { token, message: rpc('tools/call', { name: 'echo' }) });
    assert.equal(await stream.ended, 'end');
    assert.ok(stream.text.startsWith(noise), stream.text);
  });

  it('compat 1: an answer that cannot be read is an error at once, and the stream goes on', async () => {
    let open;
    answer = (message, response) => {
      if (message?.method !== 'tools/list') return false;
      open = response;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`${noise}data: {"jsonrpc":"2.0","id":${message.id},"result":{"tools":[{"name":"hidden",NaN}]}}\n\n`);
      return true;
    };
    const message = rpc('tools/list');
    const stream = await openStream(gateway.resource, { token, message });
    await stream.sees('upstream_error');
    const told = JSON.parse(/^data: (.*upstream_error.*)$/m.exec(stream.text)[1]);
    assert.equal(told.id, message.id);
    assert.match(told.error.message, /cannot be read/);
    open.end(`data: ${note('later')}\n\n`);
    assert.equal(await stream.ended, 'end');
    assert.match(stream.text, /later/);
    assert.doesNotMatch(stream.text, /hidden/);
    await gateway.logged('list_event_left_out');
    assert.ok(!gateway.logs().includes('NaN'), 'without what was in it');
  });

  it('compat 1: a stream that ends without an answer, of which one may be lost, ends with an error', async () => {
    answer = (message, response) => {
      if (message?.method !== 'tools/list') return false;
      events(response, 'data: Internal Server Error\n\n');
      return true;
    };
    const message = rpc('tools/list');
    const told = await post(gateway.resource, message, { token });
    assert.deepEqual([told.message.id, told.message.error.data.error], [message.id, 'upstream_error']);
  });

  it('compat 1: an event that is too large costs only itself', async () => {
    const filling = 'x'.repeat(1024 * 1024);
    answer = (message, response) => {
      if (message?.method !== 'tools/list') return false;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"');
      for (let i = 0; i < 17; ++i) response.write(filling);
      const result = { tools: [{ name: 'echo', inputSchema: {} }] };
      response.end(`"}}\n\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
      return true;
    };
    const { message, text } = await post(gateway.resource, rpc('tools/list'), { token });
    assert.deepEqual(message?.result?.tools.map(({ name }) => name), ['echo'], text.slice(0, 500));
  });

  it('compat 1: REST finds the answer among them', async () => {
    const rest = await startRest({ name: 'compat-rest', upstream: upstream.url, policy });
    try {
      const own = await mint(rest, 'use');
      answer = (message, response) => {
        if (message?.method !== 'tools/call') return false;
        const result = { content: [{ type: 'text', text: 'done' }] };
        events(response, `${noise}data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
        return true;
      };
      const called = await callRest(rest, own, 'echo', {});
      assert.equal(called.status, 200, called.text);
      assert.deepEqual(called.json(), { text: 'done' });
    } finally {
      await rest.stop();
    }
  });
});

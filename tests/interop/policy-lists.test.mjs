// Lists show what the caller could ever use, however the server behind sends them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, everythingPolicy, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { post, rpc } from './lib/mcp.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { RecordingUpstream, startEverything } from './lib/upstream.mjs';

const policy = {
  policy: 'lists',
  scopes: { connect: 'Connect', read: 'Read', write: 'Write' },
  default_scopes: ['connect'],
  connect: ['connect'],
  roles: { viewer: ['read'], editor: ['read', 'write'] },
  rules: [
    { tools: ['read.*'], scopes: ['read'] },
    { tools: ['write.*'], scopes: ['write'] },
    { tools: ['edit'], roles: ['editor'] },
    { tools: ['admin.*'], deny: true },
    { resources: ['demo://text/*'], scopes: ['read'] },
    { prompts: ['greet'] },
  ],
  otherwise: 'deny',
};

const list = {
  'tools/list': { tools: ['read.a', 'admin.b', 'write.c', 'edit', 'other'].map((name) => ({ name, inputSchema: {} })) },
  'resources/list': {
    resources: [
      { uri: 'demo://text/1', name: 'one' },
      { uri: 'demo://secret/1', name: 'admin.x' },
    ],
  },
  'resources/templates/list': {
    resourceTemplates: [
      { uriTemplate: 'demo://text/{id}', name: 'text' },
      { uriTemplate: 'demo://secret/{id}', name: 'secret' },
    ],
  },
  'prompts/list': { prompts: [{ name: 'greet' }, { name: 'secret', description: 'greet' }] },
};
const namesIn = (result) => Object.values(result)[0].map((each) => each.uri ?? each.uriTemplate ?? each.name);
const everyTool = namesIn(list['tools/list']);

// What the server behind sends for a message, in each of the forms a client must read.
const reply = (message) => JSON.stringify({ jsonrpc: '2.0', id: message.id, result: list[message.method] });
const asJson = (message, request, response) =>
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(reply(message));

/** An event stream in pieces of `size` bytes, so that events, lines and characters are cut anywhere. */
async function stream(response, text, size = 7) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"message":"größer ✓"}}';
const events = {
  'with LF': (data) => `id: 1\ndata:\n\nevent: message\ndata: ${progress}\n\nevent: message\nid: 2\ndata: ${data}\n\n`,
  'with CRLF': (data) => `: hello\r\n\r\ndata: ${progress}\r\n\r\nid: 2\r\ndata: ${data}\r\n\r\n`,
  'with CR': (data) => `data:${progress}\r\rdata:${data}\r\r`,
  'with data on several lines': (data) =>
    `data: ${data.replaceAll('],', '],\ndata: ').replaceAll('},', '},\ndata:')}\n\n`,
  'with a BOM': (data) => `\u{feff}data: ${data}\n\n`,
};

describe('lists', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let answer;
  const tokens = {};

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: async (...exchange) => {
        if (!answer) return false;
        await answer(...exchange);
        return true;
      },
    });
    gateway = await Gateway.start({
      name: 'lists',
      upstream: upstream.url,
      policy,
      users: ['viewer', 'editor'].map((role) => ({ name: role, members: [`acme:${role}`] })),
      configure: (config, { origin, folder }) => {
        for (const [name, change] of Object.entries({ never: { hide: 'never' }, shadow: { shadow: true } })) {
          config.policies.push(path.join(folder, `${name}.yaml`));
          writeFileSync(config.policies.at(-1), JSON.stringify({ ...policy, policy: name, ...change }));
          config.resources.push({ ...config.resources[0], serve: `${origin}/${name}`, policy: name, root: false });
        }
      },
    });
    const mint = async (user, resource = gateway.resource) => {
      const words = ['--user', user, '--tenant', 'acme', '--resource', resource, '--scope', 'connect'];
      return (await gateway.command(['token', 'mint', ...words])).trimEnd();
    };
    for (const user of ['viewer', 'editor']) tokens[user] = await mint(user);
    for (const name of ['never', 'shadow']) tokens[name] = await mint('viewer', `${gateway.origin}/${name}`);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    answer = asJson;
    upstream.reset();
  });

  const ask = (who, method, url = gateway.resource) => post(url, rpc(method), { token: tokens[who] });
  const shown = async (...what) => {
    const { message, text } = await ask(...what);
    assert.ok(message?.result, text);
    return namesIn(message.result);
  };

  // Nobody holds more than `connect` here: what a further consent could bring is shown.
  const visible = {
    viewer: {
      'tools/list': ['read.a'],
      'resources/list': ['demo://text/1'],
      'resources/templates/list': ['demo://text/{id}'],
      'prompts/list': ['greet'],
    },
    editor: { 'tools/list': ['read.a', 'write.c', 'edit'] },
  };

  for (const [who, lists] of Object.entries(visible)) {
    for (const [method, names] of Object.entries(lists)) {
      it(`${method} as JSON, for ${who}`, async () => assert.deepEqual(await shown(who, method), names));
      for (const [form, make] of Object.entries(events)) {
        it(`${method} as an event stream ${form}, for ${who}`, async () => {
          answer = (message, request, response) => stream(response, make(reply(message)));
          const { text, message } = await ask(who, method);
          assert.deepEqual(namesIn(message.result), names);
          if (make('').includes('größer')) assert.ok(text.includes(progress), 'other events pass as they are');
        });
      }
    }
  }

  it('a field of an event whose name differs by case is none, and does not pass', async () => {
    for (const field of ['Data', 'DATA', 'dAta'])
      for (const end of ['\n', '\r\n', '\r']) {
        const data = (message) => reply({ ...message, method: 'tools/list' });
        const hidden = (message) => data(message).replaceAll('read.a', 'admin.c');
        answer = (message, request, response) =>
          stream(response, `${field}: ${hidden(message)}${end}data: ${data(message)}${end}${end}`);
        const { text, message } = await ask('viewer', 'tools/list');
        assert.ok(message?.result, text);
        assert.deepEqual(namesIn(message.result), ['read.a'], field);
        assert.doesNotMatch(text, /admin/, field);
        assert.deepEqual(text.match(/^data/gim), ['data'], text);
      }
  });

  it('on a GET stream that is resumed, whatever list it brings', async () => {
    const all = Object.keys(list).map((method, id) => `id: ${id}\ndata: ${reply({ id, method })}\n\n`);
    answer = (message, request, response) => stream(response, `data: ${progress}\n\n${all.join('')}`, 50);
    const resumed = await send(gateway.resource, {
      headers: { Accept: 'text/event-stream', Authorization: `Bearer ${tokens.viewer}`, 'Last-Event-ID': '7' },
    });
    assert.equal(resumed.status, 200, resumed.text);
    assert.equal(upstream.requests[0].headers['last-event-id'], '7');
    const data = [...resumed.text.matchAll(/^data: (.*)$/gm)].map((each) => JSON.parse(each[1]));
    assert.equal(resumed.text.match(/^id: /gm).length, 4, 'event ids are kept');
    assert.deepEqual(
      data.slice(1).map((each) => namesIn(each.result)),
      Object.values(visible.viewer),
    );
  });

  it('what is kept of a list is kept byte for byte', async () => {
    const entry = '{ "name" : "read.a","n":1.50, "big": 12345678901234567890, "é\\u00e9":[ ] }';
    answer = (message, request, response) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(
          `{"jsonrpc":"2.0","id":${message.id}, "result":{"tools":[${entry},{"name":"admin.b"}], "nextCursor":"x"}}`,
        );
    const { text } = await ask('viewer', 'tools/list');
    assert.match(text, /^\{"jsonrpc":"2.0","id":\d+, "result":\{"tools":\[(.*)\], "nextCursor":"x"\}\}$/);
    assert.ok(text.includes(`[${entry}]`), text);
  });

  it('a list that cannot be read for sure does not pass', async () => {
    const unreadable = [
      '{"tools":[{"name":"admin.b"}]',
      '{"result":{"tools":{"0":{"name":"admin.b"}}}}',
      '{"result":{"Tools":[{"name":"admin.b"}]}}',
      '{"result":{"tools":[{"name":"admin.b"}]},"result":{"tools":[]}}',
      '[{"result":{"tools":[{"name":"admin.b"}]}}]',
      'admin.b',
    ];
    for (const body of unreadable) {
      answer = (message, request, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
      const refused = await ask('viewer', 'tools/list');
      assert.equal(refused.status, 502, body);
      assert.equal(refused.message.error.data.error, 'upstream_error');
      assert.doesNotMatch(refused.text, /admin/);

      answer = (message, request, response) => stream(response, `data: ${progress}\n\ndata: ${body}\n\n`, 500);
      const text = await ask('viewer', 'tools/list').then(
        (each) => each.text,
        (error) => error.message,
      );
      assert.doesNotMatch(text, /admin/, body);
    }
    // One that could be read as it is would be filtered, and its reader would find something else in it.
    answer = (message, request, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(reply(message));
    assert.equal((await ask('viewer', 'tools/list')).status, 502, 'a compressed answer');
    assert.equal(upstream.requests.at(-1).headers['accept-encoding'], 'identity');
  });

  it('an entry that cannot be read for sure does not pass, and costs no other one', async () => {
    const unreadable = [
      '{"name":"read.a","name":"admin.b"}',
      '{"name":"read.a","Name":"admin.b"}',
      '{"title":"admin.b"}',
      '"admin.b"',
      '[{"name":"admin.b"}]',
      '{"name":"read.a\\u0000admin.b"}',
    ];
    const other = '{"name":"read.z","inputSchema":{}}';
    for (const entry of unreadable) {
      const body = (id) => `{"jsonrpc":"2.0","id":${id},"result":{"tools":[${entry},${other}]}}`;
      answer = (message, request, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(body(message.id));
      const asWhole = await ask('viewer', 'tools/list');
      answer = (message, request, response) => stream(response, `data: ${body(message.id)}\n\n`, 500);
      const asEvent = await ask('viewer', 'tools/list');
      for (const { text, message } of [asWhole, asEvent]) {
        assert.deepEqual(namesIn(message.result), ['read.z'], entry);
        assert.doesNotMatch(text, /admin/, entry);
      }
    }
  });

  it('an error instead of a list passes as it is', async () => {
    const error = { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'no tools today' } };
    answer = (message, request, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(error));
    assert.deepEqual((await ask('viewer', 'tools/list')).message, error);
  });

  it('hide: never shows all, and denies all the same', async () => {
    const url = `${gateway.origin}/never`;
    assert.deepEqual(await shown('never', 'tools/list', url), everyTool);
    upstream.reset();
    denied(await post(url, rpc('tools/call', { name: 'admin.b' }), { token: tokens.never }));
    upstream.untouched('a denied tool');
  });

  it('shadow: true shows all and lets all pass', async () => {
    const url = `${gateway.origin}/shadow`;
    assert.deepEqual(await shown('shadow', 'tools/list', url), everyTool);
    answer = undefined;
    upstream.reset();
    assert.equal((await post(url, rpc('tools/call', { name: 'admin.b' }), { token: tokens.shadow })).status, 200);
    assert.deepEqual(upstream.calls, ['admin.b']);
  });
});

describe('lists of the reference server', { timeout: 120_000 * patience }, () => {
  it('tools, resources, templates and prompts are those of the policy, and nothing else can be had', async () => {
    const upstream = await startEverything();
    const rules = [
      { tools: ['echo', 'get-tiny-*'] },
      { resources: ['demo://resource/static/**', 'demo://resource/dynamic/text/*'] },
      { prompts: ['simple-prompt'] },
    ];
    const gateway = await Gateway.start({
      name: 'lists-everything',
      upstream: upstream.url,
      policy: { ...everythingPolicy, rules, otherwise: 'deny' },
    });
    const sdk = await SdkClient.connect('v1', gateway.resource);
    try {
      assert.deepEqual((await sdk.tools()).sort(), ['echo', 'get-tiny-image']);
      const { resources } = await sdk.client.listResources();
      assert.ok(resources.length > 0 && resources.every((each) => each.uri.startsWith('demo://resource/static/')));
      const { resourceTemplates } = await sdk.client.listResourceTemplates();
      assert.deepEqual(
        resourceTemplates.map((each) => each.uriTemplate),
        ['demo://resource/dynamic/text/{resourceId}'],
      );
      assert.deepEqual(
        (await sdk.client.listPrompts()).prompts.map((each) => each.name),
        ['simple-prompt'],
      );
      const read = async (uri) => (await sdk.client.readResource({ uri })).contents.length;
      assert.equal(await read('demo://resource/dynamic/text/1'), 1);
      assert.equal(await read(resources[0].uri), 1);
      assert.equal((await sdk.client.getPrompt({ name: 'simple-prompt' })).messages.length, 1);
      for (const [what, attempt] of Object.entries({
        resource: () => read('demo://resource/dynamic/blob/1'),
        prompt: () => sdk.client.getPrompt({ name: 'args-prompt', arguments: { city: 'x' } }),
      })) {
        await assert.rejects(attempt, /no rule/, what);
      }
      const sum = await sdk.client.callTool({ name: 'get-sum', arguments: { a: 1, b: 2 } });
      assert.equal(sum.isError, true);
      assert.match(sum.content[0].text, /no rule/);
    } finally {
      await sdk.close();
      await gateway.stop();
      await upstream.stop();
    }
  });
});

// What callers and servers behind may try through REST: nothing passes that would not pass as MCP.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { bytes, exchange, head } from '../raw/lib/raw.mjs';
import { patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callRest, documentOf, mint, startRest, validated } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const policy = {
  policy: 'narrow',
  scopes: { use: 'Use' },
  default_scopes: ['use'],
  connect: ['use'],
  rules: [
    { tools: ['admin.*', 'links.delete', 'a/secret'], deny: true },
    { tools: ['links.create'], arguments: { properties: { url: { pattern: '^https://' } }, required: ['url'] } },
    { tools: ['echo', 'links.*', 'a/*', 'Größe'] },
  ],
  otherwise: 'deny',
};
const named = ['echo', 'links.create', 'links.get', 'links.delete', 'admin.x', 'a/b', 'a/secret', 'Größe', '..'];
const listed = () => ({ tools: [...named, 'echo'].map((name) => ({ name, inputSchema: { type: 'object' } })) });

describe('hostile calls of REST', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;
  let answer;

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, request, response) => {
        if (answer && message?.method === 'tools/call') return answer(message, response);
        if (message?.method !== 'tools/list') return false;
        response
          .writeHead(200, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: listed() }));
        return true;
      },
    });
    gateway = await startRest({
      name: 'rest-hostile',
      upstream: upstream.url,
      policy,
      configure: (config) => {
        config.limits.body = '64KiB';
        config.upstreams.everything.headers = { 'X-User': '{user.name}' };
      },
    });
    token = await mint(gateway, 'use');
    assert.equal((await callRest(gateway, token, 'echo', {})).status, 200);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    answer = undefined;
    upstream.reset();
  });

  const refusedBy = async (status, error, name, args, options) => {
    const { text, ...refused } = await callRest(gateway, token, name, args, options);
    assert.equal(refused.status, status, `${name}: ${text}`);
    assert.equal(header({ headers: refused.headers }, 'content-type'), 'application/problem+json');
    const problem = JSON.parse(text);
    assert.deepEqual([problem.status, problem.error], [status, error], text);
    assert.ok(problem.detail && problem.request_id, text);
    upstream.untouched(name);
  };

  it('a denied tool is denied however it is spelt', async () => {
    for (const name of ['admin.x', 'links.delete', '%61dmin.x', 'links%2Edelete', 'a/secret', '%61/s%65cret'])
      await refusedBy(403, 'access_denied', name, {});
    for (const name of ['Admin.x', 'ECHO', 'echo%20', '%20echo', 'unheard-of'])
      await refusedBy(403, 'access_denied', name, {});
    assert.equal((await callRest(gateway, token, 'links.create%00', {})).status, 400);
    upstream.untouched('a NUL');
  });

  it('paths with two readings are refused', async () => {
    const named = ['a%2Fsecret', 'a%5csecret', 'x/../admin.x', '%2e%2e/admin.x', 'links.get;x', '/echo', 'a//secret'];
    for (const path of [...named, '..']) {
      const { status, body } = await raw(path);
      assert.deepEqual([status, JSON.parse(body).error], [400, 'invalid_request'], path);
      upstream.untouched(path);
    }
    for (const path of ['', 'echo/']) {
      const { status, body } = await raw(path);
      assert.deepEqual([status, JSON.parse(body).error], [404, 'not_found'], path);
      upstream.untouched(path);
    }
  });
  /** The path as it is: a URL would be put right first. */
  async function raw(path) {
    const lines = [
      `POST /tools/${path} HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      'Content-Length: 2',
      'Connection: close',
    ];
    const { responses } = await exchange(gateway.port, [head(...lines), bytes('{}')], { answers: 1 });
    return responses[0];
  }

  it('what the policy demands of arguments is demanded here', async () => {
    assert.equal((await callRest(gateway, token, 'links.create', { url: 'https://a.test' })).status, 200);
    upstream.reset();
    for (const args of [{ url: 'http://a.test' }, {}, { url: ['https://a.test'] }, { URL: 'x', url: 'https://a.test' }])
      await refusedBy(403, 'access_denied', 'links.create', args);
    const doubled = { body: '{"url":"https://a.test","url":"file:///etc"}', headers: { 'Content-Type': 'application/json' } };
    await refusedBy(400, 'parse_error', 'links.create', undefined, doubled);
  });

  it('the arguments cannot become another message', async () => {
    for (const body of [
      '{}},"method":"tools/list"',
      '{"a":1}{"b":2}',
      '[{}]',
      '7',
      'null',
      '"x"',
      '{"a":1,}',
      "{'a':1}",
      '\u{feff}{}',
      '{"a":"\u0000"}',
      '['.repeat(1000),
    ])
      await refusedBy(400, body === '[{}]' || /^[7n"]/.test(body) ? 'invalid_request' : 'parse_error', 'echo', undefined, {
        body,
        headers: { 'Content-Type': 'application/json' },
      });
    const args = { name: 'admin.x', arguments: { a: 1 }, _meta: { x: 1 }, method: 'tools/list' };
    assert.deepEqual((await callRest(gateway, token, 'echo', args)).json(), args);
    assert.deepEqual(upstream.calls, ['echo']);
  });

  it('the arguments reach the server behind byte for byte', async () => {
    const body = '{ "n":1.50, "big": 12345678901234567890123, "é":"\\u00e9" }';
    await callRest(gateway, token, 'echo', undefined, { body, headers: { 'Content-Type': 'application/json' } });
    assert.ok(upstream.requests.at(-1).body.includes(`"arguments":${body}}`), upstream.requests.at(-1).body);
  });

  it('other media types, methods and sizes are refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'x'])
      await refusedBy(415, 'unsupported_media_type', 'echo', undefined, { body: '{}', headers: { 'Content-Type': type } });
    const coded = { headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } };
    for (const body of ['{}', zlib.gzipSync('{}')])
      await refusedBy(415, 'unsupported_media_type', 'echo', undefined, { ...coded, body });
    await refusedBy(413, 'body_too_large', 'echo', { a: 'x'.repeat(70_000) });
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
      await refusedBy(405, 'method_not_allowed', 'echo', undefined, { method });
    const posted = await documentOf(gateway, token, { method: 'POST' });
    assert.deepEqual([posted.status, header(posted, 'allow')], [405, 'GET, HEAD, OPTIONS']);
  });

  it('headers of the client that mean something to a server of MCP do not pass', async () => {
    await callRest(gateway, token, 'echo', {}, {
      headers: {
        'Mcp-Session-Id': 'mine',
        'Mcp-Method': 'tools/list',
        'Mcp-Param-Region': 'x',
        'Last-Event-ID': '7',
        Cookie: 'a=b',
        'X-User': 'mallory',
      },
    });
    const { headers } = upstream.requests.at(-1);
    for (const name of ['mcp-session-id', 'mcp-method', 'mcp-param-region', 'last-event-id', 'cookie', 'authorization'])
      assert.equal(headers[name], undefined, name);
    assert.equal(headers['x-user'], 'alice');
    assert.equal(headers['mcp-protocol-version'], '2025-06-18');
  });

  it('two Authorization headers, and those of other kinds, are refused as on the resource', async () => {
    const url = `${gateway.origin}/tools/echo`;
    const twice = ['Authorization', `Bearer ${token}`, 'Authorization', 'Bearer x'];
    const statusOf = async (headers) => (await send(url, { json: {}, headers })).status;
    assert.equal(await statusOf(twice), 400);
    assert.equal(await statusOf({ Authorization: 'Basic eDp5' }), 401);
    assert.equal(await statusOf({ Authorization: 'Bearer mcpv1_nothing' }), 401);
    upstream.untouched('no token');
  });

  it('pages of other origins may not call, those of ours may', async () => {
    const url = `${gateway.origin}/tools/echo`;
    await refusedBy(403, 'origin_not_allowed', 'echo', {}, { headers: { Origin: 'https://evil.test' } });
    const preflight = (Origin) =>
      send(url, { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': 'POST' } });
    assert.equal((await preflight('https://evil.test')).status, 403);
    const ours = await preflight(gateway.origin);
    assert.equal(ours.status, 204);
    assert.equal(header(ours, 'access-control-allow-methods'), 'POST, OPTIONS');
    const called = await callRest(gateway, token, 'echo', {}, { headers: { Origin: gateway.origin } });
    assert.equal(header(called, 'access-control-allow-origin'), gateway.origin);
  });

  it('the document shows each tool once, and none that is denied or that no path can name', async () => {
    const { paths } = await validated((await documentOf(gateway, token)).json());
    assert.deepEqual(Object.keys(paths), [
      '/tools/echo',
      '/tools/links.create',
      '/tools/links.get',
      '/tools/a/b',
      '/tools/Gr%C3%B6%C3%9Fe',
    ]);
    for (const path of Object.keys(paths).filter((each) => !each.endsWith('create')))
      assert.equal((await callRest(gateway, token, path.slice('/tools/'.length), {})).status, 200, path);
  });

  const asJson = (status, text, headers = {}) => (message, response) => {
    response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(text.replace('ID', JSON.stringify(message.id)));
    return true;
  };
  const asEvents = (text) => (message, response) => {
    response
      .writeHead(200, { 'Content-Type': 'text/event-stream' })
      .end(text.replaceAll('ID', JSON.stringify(message.id)));
    return true;
  };
  const faulty = {
    'no JSON': asJson(200, 'no'),
    'a message that is none': asJson(200, '{"result":{},"error":{}}'),
    'a list of messages': asJson(200, '[{"jsonrpc":"2.0","id":ID,"result":{}}]'),
    'a result that is none': asJson(200, '{"jsonrpc":"2.0","id":ID,"result":[]}'),
    'an event that is no JSON': asEvents('data: no\n\n'),
    'a stream that ends before the answer': asEvents('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'),
    'the answer to another question': asEvents('data: {"jsonrpc":"2.0","id":"other","result":{"content":[]}}\n\n'),
    'a redirect': (message, response) => response.writeHead(302, { Location: 'http://evil.test/' }).end(),
    'a refusal': (message, response) => response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end(),
    'a page': (message, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
    'an answer that calls itself compressed': asJson(200, '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}', {
      'Content-Encoding': 'gzip',
    }),
    'the end of the connection': (message, response) => response.socket.destroy(),
  };
  for (const [what, make] of Object.entries(faulty)) {
    it(`${what} instead of an answer is a 502`, async () => {
      answer = (...exchange) => {
        make(...exchange);
        return true;
      };
      const refused = await callRest(gateway, token, 'echo', {});
      assert.equal(refused.status, 502, refused.text);
      assert.equal(header(refused, 'content-type'), 'application/problem+json');
      assert.equal(header(refused, 'www-authenticate'), undefined);
      assert.doesNotMatch(refused.text, /evil/);
    });
  }

  it('an error of the server behind is inside the problem', async () => {
    answer = asJson(200, '{"jsonrpc":"2.0","id":ID,"error":{"code":-32603,"message":"out of milk","data":{"x":1}}}');
    const refused = await callRest(gateway, token, 'echo', {});
    assert.equal(refused.status, 502);
    assert.deepEqual(refused.json().mcp, { code: -32603, message: 'out of milk', data: { x: 1 } });
  });

  it('what a server asks meanwhile is declined, and its answer still awaited', async () => {
    answer = (message, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('id: 1\ndata:\n\ndata: {"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}\n\n');
      const poll = setInterval(() => {
        const declined = upstream.requests.find((each) => each.message?.id === 'q');
        if (!declined) return;
        clearInterval(poll);
        const content = [{ type: 'text', text: String(declined.message.error?.code) }];
        response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content } })}\n\n`);
      }, 5);
      return true;
    };
    assert.deepEqual((await callRest(gateway, token, 'echo', {})).json(), { text: '-32601' });
  });

  it('a caller who goes cancels the call', async () => {
    let asked;
    const reached = new Promise((resolve) => (asked = resolve));
    answer = (message) => {
      asked(message.id);
      return true;
    };
    const abort = new AbortController();
    const call = fetch(`${gateway.origin}/tools/echo`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: '{}',
      signal: abort.signal,
    }).catch(() => {});
    const id = await reached;
    abort.abort();
    await call;
    const deadline = Date.now() + 10_000 * patience;
    const told = () => upstream.requests.find((each) => each.message?.method === 'notifications/cancelled');
    while (!told() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(told()?.message.params.requestId, id);
  });
});

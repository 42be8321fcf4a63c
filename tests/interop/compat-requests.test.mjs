// What honest clients and proxies send that a strict reading would refuse although that protects nobody.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { bytes, exchange, head } from '../raw/lib/raw.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { ping, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { mint, shopPolicy, startRest } from './lib/rest.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('headers that proxies add', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'compat-headers',
      upstream: upstream.url,
      configure: (config) => {
        config.upstreams.everything.headers = { 'X-Tenant': '{tenant.handle}', 'X-User': '{user.name}' };
      },
    });
    token = (await (await OAuthClient.register(gateway)).grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  /** One ping with these lines, one byte for each character: `{answer, request}`, what reached the server behind. */
  async function call(lines, { trailers } = {}) {
    upstream.reset();
    const body = JSON.stringify(rpc('ping'));
    const framing = trailers ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
    const sent = head(
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: Bearer ${token}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
      ...lines,
      framing,
    );
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n${(trailers ?? []).join('\r\n')}\r\n\r\n`;
    const { responses } = await exchange(gateway.port, [sent, bytes(trailers ? chunks : body)], { answers: 1 });
    assert.equal(responses.length, 1, lines.join());
    return { answer: responses[0], request: upstream.requests[0] };
  }

  const city = { 'as UTF-8': 'S\xc3\xa3o Paulo', 'as Latin-1': 'S\xe3o Paulo', 'as neither': '\xff\x80' };

  it('compat 5: a header that decides nothing may hold any text: it is left out, the request goes on', async () => {
    for (const [what, value] of Object.entries(city)) {
      for (const name of ['cf-ipcity', 'X-Vercel-IP-City', 'User-Agent', 'tracestate']) {
        const { answer, request } = await call([`${name}: ${value}`, 'traceparent: kept']);
        assert.equal(answer.status, 200, `${name} ${what}: ${answer.body}`);
        assert.equal(request.headers[name.toLowerCase()], undefined, `${name} ${what}`);
        assert.equal(request.headers.traceparent, 'kept', 'those beside it pass');
        assert.doesNotMatch(JSON.stringify(request.rawHeaders), /Paulo|\u00ff/, what);
      }
      const metadata = await exchange(
        gateway.port,
        head('GET /.well-known/oauth-protected-resource/mcp HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, `cf-ipcity: ${value}`),
        { answers: 1 },
      );
      assert.equal(metadata.responses[0]?.status, 200, what);
    }
  });

  it('compat 5: one that decides something is refused, and the refusal names it', async () => {
    for (const name of ['Origin', 'Content-Type', 'Mcp-Session-Id', 'Mcp-Name', 'X-Forwarded-For', 'X-Tenant', 'Last-Event-ID']) {
      const { answer } = await call([`${name}: S\xc3\xa3o`]);
      assert.equal(answer.status, 400, name);
      const { error, error_description: why } = JSON.parse(answer.body);
      assert.equal(error, 'invalid_request', name);
      assert.match(why, /above 0x7F/, name);
      assert.ok(why.includes(`(header: ${name})`), why);
      upstream.untouched(name);
    }
    await until('the log to name it as well', () => /bad_request.*\(header: Last-Event-ID\)/.test(gateway.logs()));
  });

  it('compat 5: cookies of other programs of the host may hold any bytes', async () => {
    for (const [what, value] of Object.entries(city)) {
      const { answer } = await call([`Cookie: city=${value}; theme=dark`]);
      assert.equal(answer.status, 200, `${what}: ${answer.body}`);
      const { responses } = await exchange(
        gateway.port,
        head('GET /login HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, `Cookie: city=${value}`),
        { answers: 1 },
      );
      assert.equal(responses[0]?.status, 200, what);
    }
  });

  it('compat 5: a name with an underscore is left out as nginx does, and is never its twin', async () => {
    for (const line of ['X_Tenant: evil', 'x_user: evil', 'X_Real_IP: evil', 'Mcp_Session_Id: evil', 'Content_Type: evil']) {
      const { answer, request } = await call([line]);
      assert.equal(answer.status, 200, `${line}: ${answer.body}`);
      assert.deepEqual([request.headers['x-tenant'], request.headers['x-user']], ['acme', 'alice'], line);
      assert.doesNotMatch(JSON.stringify(request.rawHeaders), /evil|_/i, line);
    }
    const { answer } = await call(['Transfer_Encoding: chunked']);
    assert.equal(answer.status, 400, 'whoever reads that as the real one sees another end of the body');
    assert.match(JSON.parse(answer.body).error_description, /\(header: Transfer_Encoding\)/);
    upstream.untouched('a twin of Transfer-Encoding');
  });

  it('compat 5: trailers with such bytes are dropped like all trailers', async () => {
    const { answer, request } = await call([], { trailers: [`X-City: ${city['as Latin-1']}`, 'X_Tenant: evil'] });
    assert.equal(answer.status, 200, answer.body);
    assert.doesNotMatch(JSON.stringify(request.rawHeaders), /Paulo|evil/);
  });

  it('compat 5: a server behind may answer with such headers', async () => {
    upstream.answer = (message, request, response) => {
      const theirs = { 'X-City': 'S\xe3o Paulo', 'Content-Disposition': 'inline; filename="\xff"', X_Y: '1' };
      response.writeHead(200, { 'Content-Type': 'application/json', ...theirs });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }));
      return true;
    };
    const answer = await ping(gateway.resource, token);
    upstream.answer = undefined;
    assert.equal(answer.status, 200, answer.text);
    for (const name of ['x-city', 'content-disposition', 'x_y']) assert.equal(answer.headers[name], undefined, name);
  });
});

// RFC 6750 section 3.1: only a challenge without an error makes clients begin to authorize.
describe('Authorization that shows no token', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startRest({
      name: 'compat-authorization',
      upstream: upstream.url,
      policy: { ...shopPolicy, rules: [], otherwise: 'allow' },
      configure: (config) => {
        config.resources[0].public_openapi = true;
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const absent = ['', 'Bearer', 'bearer', 'Basic YWxpY2U6eA==', 'token abc', 'ApiKey abc', 'DPoP abc', 'Negotiate abc=='];
  const unreadable = ['Bearer a b', 'Bearer "abc"', 'Bearer a,b', 'Bearer \tabc', 'Bearer abc', `Bearer ${'x'.repeat(9000)}`];
  const addresses = () => ({
    MCP: (headers) => post(gateway.resource, rpc('ping'), { headers }),
    'MCP, GET': (headers) => send(gateway.resource, { headers: { Accept: 'text/event-stream', ...headers } }),
    REST: (headers) => send(`${gateway.origin}/tools/echo`, { method: 'POST', json: {}, headers }),
  });

  it('compat 6: empty, "Bearer" alone and other schemes are 401 missing_bearer_token with the plain challenge', async () => {
    for (const [what, ask] of Object.entries(addresses())) {
      for (const value of absent) {
        const answer = await ask({ Authorization: value });
        assert.equal(answer.status, 401, `${what} ${value}: ${answer.text}`);
        assert.match(answer.text, /missing_bearer_token/, `${what} ${value}`);
        const challenge = bearerChallenge(answer);
        assert.equal(challenge.error, undefined, `${what} ${value}`);
        assert.equal(challenge.resource_metadata, `${gateway.origin}/.well-known/oauth-protected-resource/mcp`);
        if (value.includes(' ')) assert.ok(!answer.text.includes(value.split(' ')[1]), 'what was sent is not echoed');
      }
    }
    upstream.untouched('requests without a token');
  });

  it('compat 6: "Bearer" with something unreadable is 401 invalid_token_format', async () => {
    for (const [what, ask] of Object.entries(addresses())) {
      for (const value of unreadable) {
        const answer = await ask({ Authorization: value });
        assert.equal(answer.status, 401, `${what} ${value.slice(0, 40)}: ${answer.text}`);
        assert.match(answer.text, /invalid_token_format/, `${what} ${value.slice(0, 40)}`);
        assert.equal(bearerChallenge(answer).error, 'invalid_token', `${what} ${value.slice(0, 40)}`);
      }
    }
    upstream.untouched('requests without a token');
  });

  it('compat 6: two headers have two readings and stay a 400', async () => {
    for (const url of [gateway.resource, `${gateway.origin}/tools/echo`])
      for (const values of [['Bearer abc', 'Bearer abc'], ['', 'Bearer abc'], ['Basic eDp5', 'Bearer abc'], ['', '']]) {
        const headers = ['Accept', 'application/json', ...values.flatMap((value) => ['Authorization', value])];
        const answer = await send(url, { json: rpc('ping'), headers });
        assert.equal(answer.status, 400, `${url} ${values}: ${answer.text}`);
        assert.equal(bearerChallenge(answer).error, 'invalid_request', `${url} ${values}`);
      }
  });

  it('compat 6: what is open to anybody is open to who shows no token', async () => {
    for (const value of [undefined, ...absent]) {
      const headers = value === undefined ? {} : { Authorization: value };
      const answer = await send(`${gateway.origin}/.well-known/openapi.json`, { headers });
      assert.equal(answer.status, 200, `${value}: ${answer.text}`);
    }
    const bad = await send(`${gateway.origin}/.well-known/openapi.json`, { headers: { Authorization: 'Bearer a b' } });
    assert.equal(bad.status, 401);
  });

  it('compat 6: a public client may send an empty Authorization to the token endpoint', async () => {
    const client = await OAuthClient.register(gateway);
    const form = { grant_type: 'authorization_code', client_id: client.id, code: 'none', code_verifier: 'v'.repeat(43) };
    const answer = await send(`${gateway.origin}/oauth/token`, { form, headers: { Authorization: '' } });
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant'], answer.text);
  });

  it('compat 6: blanks between the scheme and a good token do not matter', async () => {
    const token = await mint(gateway, 'mcp:read');
    const answer = await post(gateway.resource, rpc('ping'), { headers: { Authorization: `Bearer   ${token}` } });
    assert.equal(answer.status, 200, answer.text);
  });
});

describe('where a request comes from', { timeout: 120_000 * patience }, () => {
  let upstream;
  const gateways = {};

  before(async () => {
    upstream = await RecordingUpstream.start();
    for (const field of ['X-Forwarded-For', 'Forwarded'])
      gateways[field] = await Gateway.start({
        name: `compat-${field.toLowerCase()}`,
        upstream: upstream.url,
        configure: (config) => {
          config.trusted_proxies = ['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8'];
          if (field !== 'X-Forwarded-For') config.client_ip_header = field;
          config.limits.rate.register = '1/h burst 1';
        },
      });
  });
  after(async () => {
    for (const gateway of Object.values(gateways)) await gateway.stop();
    await upstream?.stop();
  });

  /** The address that the log has for a request with these headers. */
  async function peerFor(gateway, headers) {
    const answer = await send(`${gateway.origin}/.well-known/oauth-authorization-server`, { headers });
    assert.equal(answer.status, 200, JSON.stringify(headers));
    const id = header(answer, 'x-request-id');
    const isIts = (line) => line.includes(id) && line.includes('"peer"');
    return JSON.parse(await until('its line', () => gateway.logs().split('\n').find(isIts))).peer;
  }
  const register = async (gateway, headers) => {
    const json = { client_name: 'C', redirect_uris: ['http://127.0.0.1:7777/x'], token_endpoint_auth_method: 'none' };
    return (await send(`${gateway.origin}/oauth/register`, { json, headers })).status;
  };

  it('compat 7: entries of X-Forwarded-For may have ports, brackets and quotes', async () => {
    const gateway = gateways['X-Forwarded-For'];
    for (const [value, peer] of [
      ['203.0.113.5:51234', '203.0.113.5'],
      ['1.1.1.1:1, 203.0.113.5:51234, 10.0.0.7:443', '203.0.113.5'],
      ['2001:db8::1', '2001:db8::1'],
      ['[2001:db8::1]', '2001:db8::1'],
      ['[2001:db8::1]:443', '2001:db8::1'],
      ['"[2001:db8::1]:443"', '2001:db8::1'],
      ['203.0.113.5, [fd00::1]:80', '203.0.113.5'],
    ])
      assert.equal(await peerFor(gateway, { 'X-Forwarded-For': value }), peer, value);
  });

  it('compat 7: Forwarded is read where the configuration says that the proxy sets it', async () => {
    const gateway = gateways.Forwarded;
    for (const [value, peer] of [
      ['for=203.0.113.5', '203.0.113.5'],
      ['For="[2001:db8:cafe::17]:4711";proto=https', '2001:db8:cafe::17'],
      ['for=1.1.1.1, for="203.0.113.5:51234";by=10.0.0.1, for=10.0.0.7', '203.0.113.5'],
      ['for="1.1.1.1, for=203.0.113.5', '203.0.113.5'],
      ['for=203.0.113.5, for=unknown', '127.0.0.1'],
      ['for=_hidden', '127.0.0.1'],
    ])
      assert.equal(await peerFor(gateway, { Forwarded: value }), peer, value);
  });

  it('compat 7: each user behind the proxy has limits of their own, and cannot choose another address', async () => {
    const { 'X-Forwarded-For': listed, Forwarded: standard } = gateways;
    assert.equal(await register(listed, { 'X-Forwarded-For': '198.51.100.1:1' }), 201);
    assert.equal(await register(listed, { 'X-Forwarded-For': '198.51.100.2:1' }), 201, 'another user');
    assert.equal(await register(listed, { 'X-Forwarded-For': '198.51.100.1:2' }), 429, 'the first, from another port');
    const lie = { 'X-Forwarded-For': '198.51.100.1:3', Forwarded: 'for=198.51.100.3' };
    assert.equal(await register(listed, lie), 429, 'the other field is not read');
    assert.equal(await register(standard, { Forwarded: 'for="[2001:db8:1::1]:1"' }), 201);
    assert.equal(await register(standard, { Forwarded: 'for="[2001:db8:2::1]:1"' }), 201);
    assert.equal(await register(standard, { Forwarded: 'for="[2001:db8:1::1]:2"' }), 429);
    const other = { Forwarded: 'for="[2001:db8:1::1]:2"', 'X-Forwarded-For': '198.51.100.9' };
    assert.equal(await register(standard, other), 429, 'the other field is not read');
  });

  it('compat 7: an entry that cannot be read counts as the proxy and is warned about once', async () => {
    const gateway = gateways['X-Forwarded-For'];
    for (let i = 0; i < 3; ++i)
      assert.equal(await peerFor(gateway, { 'X-Forwarded-For': '203.0.113.5, secret-host.internal' }), '127.0.0.1');
    const lines = await gateway.logged('client_address_unreadable');
    assert.equal(lines.length, 1, lines.join('\n'));
    const { level, peer, what } = JSON.parse(lines[0]);
    assert.deepEqual([level, peer], ['warning', '127.0.0.1']);
    assert.match(what, /X-Forwarded-For.*`client_ip_header`/);
    assert.ok(!lines[0].includes('secret-host'), 'what the entry held is not logged');
  });
});

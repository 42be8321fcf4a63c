// Header fields that lie: about who calls, from where, and what for. What may not pass never reaches the server behind.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { bytes, exchange, head } from '../raw/lib/raw.mjs';
import { UserAgent } from './lib/browserless.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { ping, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const friend = 'https://good.example';

describe('hostile header fields', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-headers',
      upstream: upstream.url,
      configure: (config) => {
        config.origins = [friend];
        config.upstreams.everything.headers = { 'X-Tenant': '{tenant.handle}', 'X-User': '{user.name}' };
      },
    });
    client = await OAuthClient.register(gateway);
    token = (await client.grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  /** One call with these further lines as they are: `{answer, request}`, the request that reached the upstream. */
  async function call(lines, { credentials = [`Authorization: Bearer ${token}`], message = rpc('ping') } = {}) {
    upstream.reset();
    const body = JSON.stringify(message);
    const sent = head(
      'POST /mcp HTTP/1.1',
      ...(lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: 127.0.0.1:${gateway.port}`]),
      ...credentials,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
      ...lines,
      `Content-Length: ${body.length}`,
    );
    const { responses } = await exchange(gateway.port, [sent, bytes(body)], { answers: 1 });
    assert.equal(responses.length, 1, lines.join());
    return { answer: responses[0], request: upstream.requests[0] };
  }
  const refuses = async (status, lines, options) => {
    const { answer } = await call(lines, options);
    assert.equal(answer.status, status, lines.join());
    upstream.untouched(lines.join());
    return answer;
  };
  const passes = async (lines, options) => {
    const { answer, request } = await call(lines, options);
    assert.equal(answer.status, 200, lines.join());
    assert.equal(request.headers['x-tenant'], 'acme', lines.join());
    assert.equal(request.headers['x-user'], 'alice', lines.join());
    assert.doesNotMatch(JSON.stringify(request.rawHeaders), /evil/i, lines.join());
    return request;
  };

  it('case 104: a Host that is none of ours is misdirected, with a good token too', async () => {
    for (const host of ['attacker.example', 'localhost', `attacker.example:${gateway.port}`, '127.0.0.2', '[::1]']) {
      await refuses(421, [`Host: ${host}`]);
      for (const path of ['/login', '/oauth/token', '/.well-known/oauth-authorization-server'])
        assert.equal((await send(gateway.origin + path, { headers: { Host: host } })).status, 421, `${host} ${path}`);
    }
  });

  it('case 105: a page of another origin is refused, of an allowed one and no page at all are served', async () => {
    for (const origin of ['https://evil', 'null', '', 'file://', 'chrome-extension://abc'])
      await refuses(403, [`Origin: ${origin}`]);
    for (const lines of [[`Origin: ${friend}`], [`Origin: ${gateway.origin}`], []]) await passes(lines);
  });

  it('case 106: origins that look like an allowed one', async () => {
    for (const origin of [
      ...['https://good.example.evil', 'https://good.example:444', 'http://good.example', 'https://agood.example'],
      ...['https://good.example/', 'https://good.example.', 'https://GOOD.example', 'https://user@good.example'],
      ...['https://good.example:443', 'https://good.example, https://evil', 'https://sub.good.example'],
    ])
      await refuses(403, [`Origin: ${origin}`]);
    await refuses(403, [`Origin: ${friend}`, 'Origin: https://evil']);
  });

  it('case 107: a preflight of a foreign page allows nothing, and credentials are allowed to none', async () => {
    for (const origin of ['https://evil', 'null', friend, gateway.origin]) {
      const answer = await send(gateway.resource, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization',
          'Access-Control-Request-Private-Network': 'true',
        },
      });
      const ours = origin === friend || origin === gateway.origin;
      assert.equal(header(answer, 'access-control-allow-origin'), ours ? origin : undefined, origin);
      assert.equal(header(answer, 'access-control-allow-credentials'), undefined, origin);
      assert.equal(header(answer, 'access-control-allow-private-network'), undefined, origin);
    }
    upstream.untouched('a preflight');
  });

  it('case 108: Connection cannot take away what we add', async () => {
    for (const value of ['close, X-Tenant', 'X-Tenant', 'x-tenant, X-USER', 'keep-alive, X-User, Host-X'])
      await passes([`Connection: ${value}`, 'X-Tenant: evil']);
  });

  it('case 109: Connection may not name what says who calls and where the body ends', async () => {
    for (const name of ['Authorization', 'Host', 'Content-Length', 'Transfer-Encoding', 'hOST'])
      for (const value of [name, `close, ${name}`, `${name}, keep-alive`])
        await refuses(400, [`Connection: ${value}`]);
    await refuses(400, ['Connection: close', 'Connection: Authorization']);
  });

  it('case 110: fields of one connection stay on it', async () => {
    const names = ['Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Proxy-Authorization', 'Proxy-Authenticate'];
    for (const name of [...names, 'Upgrade', 'HTTP2-Settings', 'Proxy-Evil']) {
      const request = await passes([`${name}: evil`, 'Connection: keep-alive']);
      assert.equal(request.headers[name.toLowerCase()], undefined, name);
    }
  });

  it('case 111: twins of our own fields', async () => {
    for (const lines of [['X-Tenant : evil'], [' X-Tenant: evil'], ['X-Tenant\t: evil'], ['X_Tenant : evil']])
      await refuses(400, lines);
    for (const lines of [
      // Left out, as nginx does: honest proxies send such names, and no server behind gets to confuse them with ours.
      ['X_Tenant: evil', 'x_user: evil'],
      ['X_Tenant: evil', 'X-Tenant: evil', 'X_TENANT: evil'],
      ['X_Forwarded_For: evil', 'X_Tenant-: evil', '_X-Tenant: evil'],
      ['X-Tenant: evil', 'x-tenant: evil', 'X-TENANT: evil'],
      ['X.Tenant: evil', 'XTenant: evil', 'X-Tenant-: evil', 'X--Tenant: evil'],
    ]) {
      const { rawHeaders } = await passes(lines);
      const sent = rawHeaders.filter((name, index) => index % 2 === 0 && /tenant/i.test(name));
      assert.deepEqual(sent, ['X-Tenant'], lines.join());
    }
  });

  it('case 112: what a client says of its way here is replaced or left out', async () => {
    const names = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri', 'Forwarded', 'Via'];
    const more = ['X-Real-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Method-Override'];
    for (const name of [...names, ...more, 'True-Client-IP', 'X-Original-Host', 'X-Forwarded-Prefix']) {
      const request = await passes([`${name}: evil`]);
      assert.equal(request.method, 'POST', name);
      assert.equal(request.url, '/mcp', name);
    }
  });

  it('case 114: who calls itself a health check needs a token like everybody', async () => {
    for (const agent of ['kube-probe/1.31', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0', 'Consul Health Check', 'Postern'])
      await refuses(401, [`User-Agent: ${agent}`], { credentials: [] });
  });

  it('case 115: one Authorization field with one bearer token, or none', async () => {
    const good = `Bearer ${token}`;
    for (const [credentials, status, error] of [
      [[`Authorization: ${good}`, `Authorization: ${good}`], 400, 'invalid_request'],
      [[`Authorization: ${good}`, 'authorization: Bearer other'], 400, 'invalid_request'],
      [['Authorization: Bearer'], 401, 'missing_bearer_token'],
      [['Authorization:'], 401, 'missing_bearer_token'],
      [['Authorization:', `Authorization: ${good}`], 400, 'invalid_request'],
      [[`Authorization: Bearer ${token} x`], 401, 'invalid_token_format'],
      [[`Authorization: ${good}, Basic eDp5`], 401, 'invalid_token_format'],
      [[`Authorization: Bearer ${'x'.repeat(12_000)}`], 401, 'invalid_token_format'],
      [[`Authorization: Basic ${Buffer.from('alice:x').toString('base64')}`], 401, 'missing_bearer_token'],
      [[`Authorization: Token ${token}`], 401, 'missing_bearer_token'],
      [[`Authorization: ${token}`], 401, 'missing_bearer_token'],
      [[`Authorization: Bearer ${token}\xe9`], 400, 'invalid_request'],
    ]) {
      const said = JSON.parse((await refuses(status, [], { credentials })).body).error;
      assert.equal(said.data?.error ?? said, error, credentials.join());
    }
    // RFC 9110 section 11.1: the scheme is a word without case.
    await passes([], { credentials: [`Authorization: bearer ${token}`] });
    await refuses(431, [], { credentials: [`Authorization: Bearer ${'x'.repeat(20_000)}`] });
    // Section 11.4: one blank or several stand between the scheme and the token.
    await passes([], { credentials: [`Authorization: Bearer  ${token}`] });
  });

  it('case 116: too many cookies, too large ones, and ours twice, are no session', async () => {
    const { browser, url } = await client.authorize();
    const statusWith = async (cookie) => (await send(url, { headers: { Cookie: cookie } })).status;
    const [consent, signIn] = [200, 303];
    const ours = browser.cookieHeader(url);
    const session = ours.split('; ').find((each) => each.startsWith('postern_session='));
    // A session counts only with the cookie that tells the browser, so each try has that one as it should be.
    const known = ours.split('; ').find((each) => each.startsWith('postern_browser'));
    assert.equal(await statusWith(ours), consent);
    assert.equal(await statusWith(`${known}; ${session}`), consent);
    assert.equal(await statusWith(session), signIn, 'without that cookie');
    const victim = await new UserAgent();
    await victim.authorize(client.request().url, { username: 'alice', password });
    const theirs = victim
      .cookieHeader(url)
      .split('; ')
      .find((each) => each.startsWith('postern_session='));
    assert.notEqual(session, theirs);
    const many = Array.from({ length: 300 }, (_, index) => `c${index}=1`).join('; ');
    for (const [what, cookie] of Object.entries({
      'twice, ours first': `${session}; ${theirs}`,
      'twice, ours last': `${theirs}; ${session}`,
      'the same twice': `${session}; ${session}`,
      'three hundred more': `${many}; ${session}`,
      quoted: session.replace('=', '="') + '"',
      'another case': session.toUpperCase(),
      'with a prefix it has not': `__Host-${session}`,
    }))
      assert.equal(await statusWith(`${known}; ${cookie}`), signIn, what);
    assert.equal(await statusWith(`${known}; x=${'y'.repeat(16_384)}; ${session}`), 431, 'sixteen KiB');
    const two = await send(url, { headers: ['Cookie', known, 'Cookie', session, 'Cookie', theirs] });
    assert.equal(two.status, signIn, 'in two fields');
    assert.equal((await ping(gateway.resource, undefined, { headers: { Cookie: ours } })).status, 401);
    upstream.untouched('cookies');
  });

  it('case 119: what a server behind says about itself, the browser and its cookies stays behind', async () => {
    const theirs = {
      ...{ 'Set-Cookie': 'evil=1', Server: 'evil', 'X-Powered-By': 'evil', Via: '1.1 evil', 'Alt-Svc': 'evil=":443"' },
      ...{ 'Access-Control-Allow-Origin': 'https://evil', 'Access-Control-Allow-Credentials': 'true' },
      ...{ 'Strict-Transport-Security': 'max-age=0', 'Clear-Site-Data': '"cookies"', 'Proxy-Authenticate': 'evil' },
      ...{ 'Content-Security-Policy': 'evil', Refresh: '0;url=evil', Link: '<evil>', 'WWW-Authenticate': 'evil' },
    };
    upstream.answer = (message, request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', ...theirs });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }));
      return true;
    };
    const answer = await ping(gateway.resource, token, { headers: { Origin: friend } });
    upstream.answer = undefined;
    assert.equal(answer.status, 200);
    assert.doesNotMatch(JSON.stringify(answer.headers), /evil|cookies|max-age=0/);
    assert.equal(header(answer, 'access-control-allow-origin'), friend, 'ours');
    for (const name of ['set-cookie', 'clear-site-data', 'access-control-allow-credentials', 'www-authenticate'])
      assert.equal(answer.headers[name], undefined, name);
  });

  it('case 120: line ends in an argument that a header mirrors', async () => {
    const encoded = `=?base64?${Buffer.from('a\r\nX-Tenant: evil').toString('base64')}?=`;
    const message = rpc('tools/call', { name: 'echo', arguments: { region: 'a\r\nX-Tenant: evil' } });
    for (const name of ['Mcp-Param-Region', 'Mcp-Param-X']) {
      const { answer, request } = await call([`${name}: ${encoded}`], { message });
      assert.equal(answer.status, 200, name);
      assert.equal(request.headers[name.toLowerCase()], encoded, 'passed on as it came, still encoded');
      assert.equal(request.headers['x-tenant'], 'acme', name);
    }
    for (const lines of [[`Mcp-Name: ${encoded}`], [`Mcp-Method: ${encoded}`]]) {
      const { answer } = await call(lines, { message });
      assert.deepEqual([answer.status, JSON.parse(answer.body).error.code], [400, -32020], lines[0]);
      upstream.untouched(lines[0]);
    }
    await refuses(400, ['Mcp-Param-Region: a\rX-Tenant: evil'], { message });
    await refuses(400, ['Mcp-Param-Region: a\nX-Tenant: evil'], { message });
  });

  it('case 121: no part, no "unchanged" and no compressed answer, which nobody could look into', async () => {
    const asked = { Range: 'bytes=0-1', 'If-None-Match': '*', 'If-Modified-Since': 'Sat, 21 Nov 2026 00:00:00 GMT' };
    const answer = await post(gateway.resource, rpc('tools/list'), {
      token,
      headers: { ...asked, 'If-Range': '"x"', 'Accept-Encoding': 'gzip, br' },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-encoding'], undefined);
    const { headers } = upstream.requests[0];
    for (const name of [...Object.keys(asked), 'If-Range']) assert.equal(headers[name.toLowerCase()], undefined, name);
    assert.match(headers['accept-encoding'] ?? 'identity', /^identity$/);
    const results = { 'tools/list': { tools: [{ name: 'packed', inputSchema: {} }] }, 'tools/call': { content: [] } };
    for (const pack of [(text) => text, zlib.gzipSync])
      for (const [method, result] of Object.entries(results)) {
        upstream.answer = (message, request, response) => {
          response
            .writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
            .end(pack(JSON.stringify({ jsonrpc: '2.0', id: message.id, result })));
          return true;
        };
        const asking = rpc(method, method === 'tools/call' ? { name: 'echo', arguments: {} } : undefined);
        const compressed = await post(gateway.resource, asking, { token });
        upstream.answer = undefined;
        assert.equal(compressed.status, 502, `a server behind that compresses all the same: ${compressed.text}`);
        assert.equal(compressed.message.error.data.error, 'upstream_error', compressed.text);
      }
  });
});

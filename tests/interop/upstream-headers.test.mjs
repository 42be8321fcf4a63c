// What the server behind may trust: headers it gets are ours, whatever the client writes.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { bytes, chunked, exchange, head } from '../raw/lib/raw.mjs';
import { Gateway, binary, patience } from './lib/gateway.mjs';
import { post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const policy = {
  policy: 'headers',
  scopes: { connect: 'Connect', read: 'Read' },
  default_scopes: ['connect', 'read'],
  connect: ['connect'],
  roles: { admin: ['read'], viewer: ['read'], bare: [] },
  otherwise: 'allow',
};

const credential = 'upstream-secret-5c1d';
const templates = {
  'X-Tenant': '{tenant.handle}',
  'X-Tenant-Name': '{tenant.name|-}',
  'X-Plan': '{tenant.plan}',
  'X-User': '{user.name}',
  'X-User-Key': '{user.key}',
  'X-Email': '{user.email|-}',
  'X-Role': 'role={role}',
  'X-Scopes': '{scopes}',
  'X-Client': '{client.name|-}',
  'X-Resource': '{resource}',
  'X-Caller': '{user.name}',
};

describe('headers the server behind gets', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let token;
  let trusted;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'headers',
      upstream: upstream.url,
      policy,
      configure: (config, { origin }) => {
        const [resource] = config.resources;
        Object.assign(config.upstreams.everything, { headers: templates, credential: { bearer: credential } });
        config.upstreams.strict = { urls: [upstream.url], headers: { 'X-Email': '{user.email}' } };
        config.upstreams.plain = { urls: [upstream.url] };
        for (const name of ['strict', 'plain'])
          config.resources.push({ ...resource, serve: `${origin}/${name}`, upstream: name, root: false });
        config.tenants.push({ handle: 'umlaut', name: 'Glöbex\u{1f600}', plan: 'business', members: [] });
        config.resources.push({ ...resource, serve: `${origin}/umlaut`, tenant: 'umlaut', root: false });
      },
    });
    client = await OAuthClient.register(gateway, { metadata: { client_name: 'Desk' } });
    token = (await client.grant({ scope: 'connect read' })).access_token;
    trusted = {
      'x-tenant': 'acme',
      'x-tenant-name': 'Acme Inc.',
      'x-plan': 'business',
      'x-user': 'alice',
      'x-user-key': 'local:alice',
      'x-email': '-',
      'x-role': 'role=admin',
      'x-scopes': 'connect read',
      'x-client': 'Desk',
      'x-resource': gateway.resource,
      'x-caller': 'alice',
      authorization: `Bearer ${credential}`,
    };
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  const mint = async (user, resource, tenant = 'acme', scope = 'connect') => {
    const words = ['--user', user, '--tenant', tenant, '--resource', resource, '--scope', scope];
    return (await gateway.command(['token', 'mint', ...words])).trimEnd();
  };

  /** The one request that came in carries ours, once each, and nothing that holds `evil`. */
  function isOurs(what) {
    const [request, ...others] = upstream.requests;
    assert.ok(request, `${what}: nothing came in`);
    assert.equal(others.length, 0, what);
    for (const [name, value] of Object.entries(trusted)) assert.equal(request.headers[name], value, `${what}: ${name}`);
    const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length, `${what}: a header came twice: ${names}`);
    for (const name of names) assert.doesNotMatch(name, /_/, what);
    assert.doesNotMatch(JSON.stringify([request.rawHeaders, request.headers]), /evil/, what);
    assert.ok(!JSON.stringify(request.rawHeaders).includes(token), `${what}: the client's token went on`);
    assert.equal(request.headers.host, new URL(upstream.url).host, what);
    return request;
  }

  it('who calls is told, and the credential of the gateway, not the token of the client', async () => {
    assert.equal((await post(gateway.resource, rpc('ping'), { token })).status, 200);
    isOurs('a plain call');
  });

  it('copies that a client writes are replaced, however they are spelt', async () => {
    const statusOf = async (lines) => {
      upstream.reset();
      const body = JSON.stringify(rpc('ping'));
      const sent = head(
        'POST /mcp HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        ...lines,
        `Authorization: Bearer ${token}`,
        'Accept: application/json, text/event-stream',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      );
      const { responses } = await exchange(gateway.port, [sent, bytes(body)], { answers: 1 });
      return responses[0].status;
    };
    for (const lines of [
      ['X-Tenant: evil', 'X-User: evil', 'X-Scopes: evil', 'X-Email: evil', 'X-Role: evil'],
      ['x-tenant: evil', 'X-TENANT: evil', 'x-TeNaNt: evil', 'X-CALLER: evil', 'x-caller: evil'],
      ['X_Tenant: evil', 'X_User: evil', 'X_USER_KEY: evil', 'X_Caller: evil'],
      ['Connection: X-Tenant', 'Connection: X-User', 'X-Caller: evil'],
      ['X-Unknown: evil', 'Cookie: evil', 'Proxy-Authorization: Basic evil', 'Via: 1.1 evil', 'X.Caller: evil'],
      ['Forwarded: for=evil', 'X-Forwarded-For: evil', 'X-Forwarded-Host: evil', 'X-Real-IP: evil'],
      ['X-Original-URL: /evil', 'X-HTTP-Method-Override: EVIL', 'Origin-Agent-Cluster: evil', 'Referer: evil'],
      ['Accept-Encoding: evil', 'TE: evil', 'Upgrade: evil', 'Keep-Alive: evil', 'Range: bytes=evil'],
      ['X-Tenant: evil', 'Connection: X-Tenant, X-User, X-Caller'],
    ]) {
      assert.equal(await statusOf(lines), 200, lines.join());
      isOurs(lines.join());
    }
    const taken = ['X-Tenant: evil', 'Connection: X-Tenant, X-User, Authorization, X-Caller'];
    assert.equal(await statusOf(taken), 400, 'who calls is not for a hop to take away');
    upstream.untouched(taken.join());
  });

  it('trailers stay behind', async () => {
    for (const trailer of ['X-Tenant: evil', 'Authorization: Bearer evil', 'X-Caller: evil', 'X_User: evil']) {
      upstream.reset();
      const sent = head(
        'POST /mcp HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        `Authorization: Bearer ${token}`,
        'Accept: application/json, text/event-stream',
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
        `Trailer: ${trailer.split(':')[0]}`,
      );
      const body = chunked(JSON.stringify(rpc('ping')), { trailers: `${trailer}\r\n` });
      const { responses } = await exchange(gateway.port, [sent, body], { answers: 1 });
      assert.equal(responses[0].status, 200, trailer);
      isOurs(trailer);
    }
  });

  it('what MCP needs goes through: protocol, accepted types, traces, and unknown Mcp- headers', async () => {
    const headers = {
      'MCP-Protocol-Version': '2025-06-18',
      'Mcp-Param-Region': 'eu',
      'Last-Event-ID': '12',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
    };
    await post(gateway.resource, rpc('ping'), { token, headers });
    const request = isOurs('a call with all of them');
    for (const [name, value] of Object.entries(headers)) assert.equal(request.headers[name.toLowerCase()], value);
    assert.equal(request.headers.accept, 'application/json, text/event-stream');
    assert.equal(request.headers['content-type'], 'application/json');
    upstream.reset();
    await post(gateway.resource, rpc('ping'), { token, headers: { ...headers, Connection: 'Mcp-Param-Region' } });
    assert.equal(isOurs('named by Connection').headers['mcp-param-region'], undefined);
  });

  it('without a credential no Authorization is sent at all', async () => {
    const resource = `${gateway.origin}/plain`;
    const plain = await mint('alice', resource);
    assert.equal((await post(resource, rpc('ping'), { token: plain })).status, 200);
    assert.equal(upstream.requests[0].headers.authorization, undefined);
    for (const name of Object.keys(upstream.requests[0].headers)) assert.doesNotMatch(name, /^x-/);
  });

  it('a value that is missing and has no default refuses the call', async () => {
    const resource = `${gateway.origin}/strict`;
    const without = await mint('alice', resource);
    upstream.reset();
    const refused = await post(resource, rpc('ping'), { token: without });
    assert.deepEqual([refused.status, refused.message.error.data.error], [403, 'access_denied']);
    upstream.untouched('no e-mail');
    const added = ['user', 'add', 'mia', '--email', 'mia@example.test', '--member', 'acme:viewer'];
    const { code, output } = await run(binary(), [...added, '--password-generate', '-c', gateway.file]);
    assert.equal(code, 0, output);
    const good = await mint('mia', resource);
    assert.equal((await post(resource, rpc('ping'), { token: good })).status, 200);
    assert.equal(upstream.requests[0].headers['x-email'], 'mia@example.test');
  });

  it('a name that is no ASCII comes as percent-encoded UTF-8', async () => {
    await gateway.command(['member', 'add', 'alice', 'umlaut:admin']);
    const resource = `${gateway.origin}/umlaut`;
    const minted = await mint('alice', resource, 'umlaut');
    upstream.reset();
    assert.equal((await post(resource, rpc('ping'), { token: minted })).status, 200);
    const sent = upstream.requests[0].headers['x-tenant-name'];
    assert.equal(sent, 'Gl%C3%B6bex%F0%9F%98%80');
    assert.equal(decodeURIComponent(sent), 'Glöbex\u{1f600}');
  });

  it('scopes are those that the role still holds', async () => {
    await gateway.addUser({ name: 'lou', members: ['acme:viewer'] });
    const lowered = await mint('lou', gateway.resource, 'acme', 'connect read');
    const scopes = async () => {
      upstream.reset();
      await post(gateway.resource, rpc('ping'), { token: lowered });
      return upstream.requests[0]?.headers['x-scopes'];
    };
    assert.equal(await scopes(), 'connect read');
    await gateway.command(['member', 'add', 'lou', 'acme:bare']);
    await until('the scopes of the lowered role', async () => (await scopes()) === 'connect');
  });

  it('the answer comes back by an allow-list as well', async () => {
    upstream.answer = (message, request, response) => {
      response
        .writeHead(200, {
          'Content-Type': 'application/json',
          'Set-Cookie': 'session=evil',
          'WWW-Authenticate': 'Bearer realm="evil"',
          'Access-Control-Allow-Origin': 'https://evil.test',
          'X-Powered-By': 'evil',
          Server: 'evil',
          Location: 'https://evil.test',
          'Cache-Control': 'public, max-age=evil',
          'X-Request-Id': 'evil',
          'MCP-Protocol-Version': '2025-06-18',
        })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }));
      return true;
    };
    const answer = await post(gateway.resource, rpc('ping'), { token });
    upstream.answer = undefined;
    assert.equal(answer.status, 200);
    assert.doesNotMatch(JSON.stringify(answer.headers), /evil/);
    assert.deepEqual(answer.headers['cache-control'], ['no-store']);
    assert.deepEqual(answer.headers['mcp-protocol-version'], ['2025-06-18']);
  });
});

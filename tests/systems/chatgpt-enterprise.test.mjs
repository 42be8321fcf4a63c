// ChatGPT Enterprise: tokens made elsewhere, tools as REST.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clients, tools } from '../../examples/chatgpt-enterprise/server.mjs';
import { binary, patience } from '../interop/lib/gateway.mjs';
import { header, send } from '../interop/lib/http.mjs';
import { callTool, initialize } from '../interop/lib/mcp.mjs';
import { doctor, faults } from '../interop/lib/postern.mjs';
import { freePort, run } from '../interop/lib/process.mjs';
import { callRest, clientOf, departs, documentOf, validated } from '../interop/lib/rest.mjs';
import { until } from '../interop/lib/wait.mjs';
import { claimAddress } from './lib/address.mjs';
import { startExample } from './lib/example.mjs';

const origin = 'https://mcp.chatgpt-enterprise.test';
const gateway = { origin, resource: `${origin}/mcp` };
const address = await claimAddress('127.0.4.1');
const names = Object.keys(tools).sort();
const given = {
  search_products: { query: 'milk', limit: 5 },
  add_to_cart: { productCode: 'milk-001', quantity: 2 },
  view_cart: {},
  checkout: { cartSummary: '2 items, total $12.50' },
  add_payment_method: { type: 'credit_card' },
  get_deals: { category: 'produce' },
};
const lines =
  '✅ Health Check\n✅ OpenID Connect Discovery\n✅ OAuth Protected Resource Metadata\n' +
  '✅ OpenAPI Schema (6 tools discovered)\n✅ Actions Manifest\n';

describe('ChatGPT Enterprise', { timeout: 300_000 * patience }, () => {
  let example;
  let provider;
  before(async () => {
    example = await startExample('chatgpt-enterprise', address);
    ({ provider } = example.companion);
  });
  after(() => example?.stop());

  const token = (options) => provider.token(clients.chatgpt, options);

  it('row 1: its addresses are there, and its six tools come from the shop', async () => {
    const configuration = (await send(`${origin}/.well-known/openid-configuration`)).json();
    assert.deepEqual(configuration, (await send(`${provider.issuer}/.well-known/openid-configuration`)).json());
    const resource = (await send(`${origin}/.well-known/oauth-protected-resource`)).json();
    assert.deepEqual([resource.resource, resource.authorization_servers], [gateway.resource, [provider.issuer]]);
    assert.equal((await send(`${origin}/health`)).status, 200);
    const plugin = (await send(`${origin}/.well-known/ai-plugin.json`)).json();
    assert.equal(plugin.api.url, `${origin}/.well-known/openapi.json`);
    const document = (await send(`${origin}/.well-known/openapi.json`)).json();
    assert.deepEqual(Object.keys(document.paths).sort(), names.map((name) => `/tools/${name}`));
    const session = await initialize(gateway.resource, await token());
    const mcp = await callTool(gateway.resource, await token(), 'get_deals', {}, { session });
    assert.equal(mcp.message.result.structuredContent.deals.length, 1);
  });

  it('row 2: OpenAPI 3.1 with a path for each tool; a client made of it calls each', async () => {
    const bearer = await token();
    const document = await validated((await documentOf(gateway, bearer)).json());
    assert.match(document.openapi, /^3\.1\./);
    const { flows } = document.components.securitySchemes.oauth;
    assert.equal(flows.clientCredentials.tokenUrl, `${provider.issuer}/token`);
    const client = await clientOf(document, bearer);
    for (const name of ['search_products', 'add_to_cart', 'view_cart', 'checkout', 'add_payment_method', 'get_deals']) {
      const answer = await client[name](null, given[name]);
      assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.data)}`);
      assert.equal(departs(document, name, answer), undefined, name);
    }
    const wrong = await client.search_products(null, { limit: 'many' });
    // The shop checks its arguments itself and fails on these with an internal error, which is not the caller’s fault.
    assert.deepEqual([wrong.status, wrong.data.error, wrong.data.mcp.code], [502, 'upstream_error', -32603]);
  });

  it('row 2: a tool that the token may not use is absent, and refused when called', async () => {
    const reader = await token({ scope: 'mcp:read' });
    const { paths } = (await documentOf(gateway, reader)).json();
    assert.deepEqual(Object.keys(paths).sort(), ['/tools/get_deals', '/tools/search_products', '/tools/view_cart']);
    const denied = await callRest(gateway, reader, 'checkout', given.checkout);
    assert.deepEqual([denied.status, denied.json().error], [403, 'insufficient_scope']);
    assert.equal(header(denied, 'content-type'), 'application/problem+json');
  });

  it('row 3: RS256 and ES256, and keys that are rotated while it runs', async () => {
    for (const algorithm of ['RS256', 'ES256', 'RS256']) {
      provider.algorithm = algorithm;
      provider.rotate();
      const bearer = await token();
      assert.equal(JSON.parse(Buffer.from(bearer.split('.')[0], 'base64url')).alg, algorithm);
      assert.equal((await callRest(gateway, bearer, 'view_cart', {})).status, 200, algorithm);
    }
  });

  it('row 4: a foreign client and a missing scope get 403', async () => {
    const foreign = await callRest(gateway, await provider.token(clients.foreign), 'view_cart', {});
    assert.deepEqual([foreign.status, foreign.json().error], [403, 'access_denied']);
    const few = await callRest(gateway, await token({ scope: 'mcp:execute' }), 'view_cart', {});
    assert.deepEqual([few.status, few.json().error], [403, 'insufficient_scope']);
  });

  it('row 5: the variables of its .env are the configuration', async () => {
    const check = (env) => run(binary(), ['check', '-c', example.file], { cwd: example.folder, env: { ...example.env, ...env } });
    assert.equal((await check({})).code, 0);
    const entra = 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000';
    const documented = {
      OAUTH2_OPENID_CONFIG_URL: `${entra}/.well-known/openid-configuration`,
      OAUTH2_JWKS_URI: `${entra}/discovery/v2.0/keys`,
      OAUTH2_ISSUER: `${entra}/v2.0`,
      OAUTH2_AUDIENCE: '11111111-1111-1111-1111-111111111111',
      OAUTH2_TOKEN_ENDPOINT: `${entra}/oauth2/v2.0/token`,
      ALLOWED_MCP_CLIENTS: '22222222-2222-2222-2222-222222222222,33333333-3333-3333-3333-333333333333',
      REQUIRED_MCP_SCOPES: 'mcp:read,mcp:execute',
      MCP_SERVER_HOST: '0.0.0.0',
      MCP_SERVER_PORT: '3001',
    };
    const { code, output } = await check(documented);
    assert.equal(code, 0, output);
    const wrong = await check({ ...documented, OAUTH2_ISSUER: 'http://login.example' });
    assert.equal(wrong.code, 1);
    assert.match(wrong.output, /postern\.yaml:\d+:\d+: `issuer`/);
  });

  it('row 6: postern doctor prints the five lines of its script', async () => {
    const { code, output } = await run(binary(), ['doctor', gateway.resource, '--rest'], { seconds: 60 });
    assert.deepEqual([code, output.includes(lines)], [0, true], output);
    assert.deepEqual(faults(await doctor(gateway.resource, '--rest')), []);
  });

  it('row 7: one audit line for each call, with client and user, and no secret', async () => {
    const bearer = await token();
    const before = example.logs().length;
    await callRest(gateway, bearer, 'add_payment_method', { type: 'card 4111111111111111' });
    const lines = () =>
      example
        .logs()
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('"tools/call"') && line.endsWith('}'));
    await until('the line of the call', async () => lines().length > 0);
    const calls = lines().map((line) => JSON.parse(line));
    assert.equal(calls.length, 1);
    assert.deepEqual([calls[0].client, calls[0].tenant], [clients.chatgpt.client_id, 'shop']);
    assert.match(calls[0].user, /^entra:/);
    for (const secret of [bearer, '4111111111111111']) assert.ok(!example.logs().includes(secret), secret);
  });

  it('row 8: the public URLs are right where TLS ends here', async () => {
    const document = (await send(`${origin}/.well-known/openapi.json`)).json();
    assert.deepEqual(document.servers.map((server) => server.url), [origin]);
  });
});

describe('ChatGPT Enterprise, with a limit', { timeout: 120_000 * patience }, () => {
  let example;
  before(async () => {
    example = await startExample('chatgpt-enterprise', address, { RATE_LIMIT: '2/s' });
  });
  after(() => example?.stop());

  it('row 7: too many calls get 429, and are told when to come back', async () => {
    const bearer = await example.companion.provider.token(clients.chatgpt);
    const answers = [];
    for (let i = 0; i < 40 && answers.at(-1)?.status !== 429; ++i) answers.push(await callRest(gateway, bearer, 'view_cart', {}));
    const last = answers.at(-1);
    assert.equal(last.status, 429);
    assert.ok(Number(header(last, 'retry-after')) > 0);
    assert.equal(answers[0].status, 200);
  });
});

describe('ChatGPT Enterprise, behind another proxy', { timeout: 120_000 * patience }, () => {
  let example;
  let proxy;
  before(async () => {
    const port = await freePort();
    const world = process.env.POSTERN_WORLD;
    const [cert, key] = ['world.pem', 'world.key'].map((name) => readFileSync(path.join(world, name)));
    proxy = https.createServer({ cert, key }, (request, response) => {
      const headers = { ...request.headers, 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' };
      const onward = http.request({ host: '127.0.0.1', port, method: request.method, path: request.url, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.rawHeaders);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    proxy.listen(443, address);
    await once(proxy, 'listening');
    example = await startExample('chatgpt-enterprise', `127.0.0.1:${port}`, {}, 'behind-proxy.yaml');
  });
  after(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await example?.stop();
  });

  it('row 8: the public URLs are right there as well', async () => {
    const document = (await send(`${origin}/.well-known/openapi.json`)).json();
    assert.deepEqual(document.servers.map((server) => server.url), [origin]);
    const refused = await send(gateway.resource, { json: {} });
    assert.match(header(refused, 'www-authenticate'), new RegExp(`resource_metadata="${origin}/`));
    const bearer = await example.companion.provider.token(clients.chatgpt);
    assert.equal((await callRest(gateway, bearer, 'search_products', given.search_products)).status, 200);
    assert.deepEqual(faults(await doctor(gateway.resource, '--rest')), []);
  });
});

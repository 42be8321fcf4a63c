// Tools as plain REST: the document, a client made of it, and what each kind of answer becomes.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { modern } from './lib/modern.mjs';
import { root } from './lib/process.mjs';
import { callRest, clientOf, departs, documentOf, mint, shopTools, startRest, validated } from './lib/rest.mjs';
import { RecordingUpstream, startEverything, startFixture } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const everything = 'mcp:read mcp:execute';
const shopProgram = [process.execPath, path.join(root, 'tests/interop/fixture/shop.mjs')];
const open = {
  policy: 'open',
  scopes: { use: 'Use' },
  default_scopes: ['use'],
  connect: ['use'],
  rules: [{ tools: ['forbidden'], deny: true }],
  otherwise: 'allow',
};

/** Each call of the shop, through a client made of its document. */
async function buys(gateway, token) {
  const document = await validated((await documentOf(gateway, token)).json());
  assert.deepEqual(
    Object.keys(document.paths).sort(),
    shopTools.map((name) => `/tools/${name}`),
  );
  const client = await clientOf(document, token);
  /** The answer with that status, which must be what the document promises. */
  const answered = async (status, tool, args) => {
    const answer = await client[tool](null, args);
    assert.equal(answer.status, status, JSON.stringify(answer.data));
    assert.equal(departs(document, tool, answer), undefined, JSON.stringify(answer.data));
    return answer.data;
  };
  const call = (tool, args) => answered(200, tool, args);
  assert.equal((await call('search_products', { query: 'milk' })).products.length, 5);
  assert.equal((await call('search_products', { query: 'milk', category: 'dairy', limit: 2 })).products.length, 2);
  await call('add_to_cart', { productCode: 'milk-001', quantity: 2 });
  // The cart is in the session with the server behind.
  assert.deepEqual(await call('view_cart', {}), { items: [{ productCode: 'milk-001', quantity: 2 }], total: 2.98 });
  assert.deepEqual(await call('checkout', { cartSummary: '2 items' }), { text: 'Ordered for $2.98' });
  assert.deepEqual(await call('add_payment_method', { type: 'credit_card' }), { added: 'credit_card' });
  assert.deepEqual(await call('get_deals', { category: 'produce' }), { text: 'Apples: two for one' });
  assert.equal((await call('get_deals', {})).content.length, 2);
  assert.equal((await answered(422, 'checkout', {})).detail, 'The cart is empty');
}

describe('tools as REST', { timeout: 240_000 * patience }, () => {
  let shop;
  let gateway;
  let token;
  let reader;

  before(async () => {
    shop = await startFixture('shop');
    gateway = await startRest({ name: 'rest', upstream: shop.url });
    token = await mint(gateway, everything);
    reader = await mint(gateway, 'mcp:read');
  });
  after(async () => {
    await gateway?.stop();
    await shop?.stop();
  });

  it('the document is valid, and a client made of it calls each tool', () => buys(gateway, token));

  it('the document says where tokens come from, and what each tool takes and gives', async () => {
    const document = (await documentOf(gateway, token)).json();
    const metadata = (await send(`${gateway.origin}/.well-known/oauth-authorization-server`)).json();
    const { flows } = document.components.securitySchemes.oauth;
    assert.equal(flows.clientCredentials.tokenUrl, metadata.token_endpoint);
    assert.equal(flows.authorizationCode.authorizationUrl, metadata.authorization_endpoint);
    assert.deepEqual(Object.keys(flows.clientCredentials.scopes), ['mcp:read', 'mcp:execute']);
    assert.deepEqual(document.servers, [{ url: gateway.origin }]);
    const { schemas } = document.components;
    assert.deepEqual(schemas.search_products_arguments.required, ['query']);
    assert.equal(schemas.add_to_cart_result.properties.total.type, 'number');
    assert.deepEqual(document.paths['/tools/checkout'].post.security, [{ oauth: ['mcp:read', 'mcp:execute'] }]);
  });

  it('a tool that the token may not use is absent, and refused with a challenge when called', async () => {
    const { paths } = await validated((await documentOf(gateway, reader)).json());
    assert.deepEqual(Object.keys(paths).sort(), ['/tools/get_deals', '/tools/search_products', '/tools/view_cart']);
    const refused = await callRest(gateway, reader, 'checkout', {});
    assert.equal(refused.status, 403);
    assert.equal(header(refused, 'content-type'), 'application/problem+json');
    assert.equal(refused.json().error, 'insufficient_scope');
    const challenge = bearerChallenge(refused);
    assert.equal(challenge.error, 'insufficient_scope');
    assert.equal(challenge.scope, 'mcp:read mcp:execute');
  });

  it('compat 15: what the policy denies, here a tool that nobody has, is a 403 over REST', async () => {
    const missing = await callRest(gateway, token, 'toString', {});
    assert.equal(missing.status, 403);
    assert.equal(header(missing, 'content-type'), 'application/problem+json');
    assert.equal(missing.json().error, 'access_denied');
  });

  it('arguments that the tool does not take are a problem that says so', async () => {
    const wrong = await callRest(gateway, token, 'get_deals', { category: 7 });
    assert.deepEqual([wrong.status, wrong.json().error], [422, 'tool_error'], wrong.text);
    assert.equal(header(wrong, 'content-type'), 'application/problem+json');
    assert.match(wrong.json().detail, /category/);
  });

  it('a call without a body has no arguments', async () => {
    assert.equal((await callRest(gateway, token, 'view_cart')).status, 200);
    assert.equal((await callRest(gateway, token, 'view_cart', undefined, { body: '' })).status, 200);
  });

  it('sessions that the server behind has lost are begun anew, with the call sent once more', async () => {
    assert.equal((await callRest(gateway, token, 'add_to_cart', { productCode: 'milk-001' })).status, 200);
    await send(shop.url, { method: 'PURGE' });
    const answer = await callRest(gateway, token, 'view_cart', {});
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json().items, [], 'the cart went with its session');
  });

  it('first calls at the same time share one session', async () => {
    const fresh = await startRest({ name: 'rest-race', upstream: shop.url });
    try {
      const bearer = await mint(fresh, everything);
      const add = () => callRest(fresh, bearer, 'add_to_cart', { productCode: 'apple-001' });
      for (const { status, text } of await Promise.all(Array.from({ length: 8 }, add))) assert.equal(status, 200, text);
      assert.equal((await callRest(fresh, bearer, 'view_cart', {})).json().items[0].quantity, 8);
    } finally {
      await fresh.stop();
    }
  });

  it('a revoked token calls nothing', async () => {
    const revoked = await mint(gateway, everything);
    assert.equal((await callRest(gateway, revoked, 'view_cart', {})).status, 200);
    await gateway.command(['token', 'revoke', revoked]);
    await until('the refusal', async () => (await callRest(gateway, revoked, 'view_cart', {})).status === 401);
  });

  it('each call is in the audit log as the call of MCP that it is', async () => {
    const id = header(await callRest(gateway, token, 'search_products', { query: 'secret-query' }), 'x-request-id');
    const line = () => gateway.logs().split('\n').find((each) => each.includes(id) && each.includes('tools/call'));
    const last = JSON.parse(await until('the line of the call', line));
    assert.equal(last.name, 'search_products');
    assert.equal(last.method, 'tools/call');
    assert.equal(last.decision, 'allow');
    assert.equal(last.status, 200);
    assert.equal(last.tenant, 'acme');
    assert.doesNotMatch(gateway.logs(), /secret-query/);
  });

  it('ai-plugin.json and health need no token and name no tool', async () => {
    const manifest = await send(`${gateway.origin}/.well-known/ai-plugin.json`);
    assert.equal(manifest.status, 200);
    assert.equal(manifest.json().api.url, `${gateway.origin}/.well-known/openapi.json`);
    for (const name of shopTools) assert.ok(!manifest.text.includes(name), name);
    const health = await send(`${gateway.origin}/health`);
    assert.deepEqual([health.status, health.text], [200, '{"status":"ok"}']);
    assert.equal((await send(`${gateway.origin}/health`, { method: 'HEAD' })).text, '');
  });

  it('without a token there is a challenge, and no document', async () => {
    for (const answer of [await documentOf(gateway), await callRest(gateway, undefined, 'view_cart', {})]) {
      assert.equal(answer.status, 401);
      assert.equal(answer.json().error, 'missing_bearer_token');
      assert.equal(
        bearerChallenge(answer).resource_metadata,
        `${gateway.origin}/.well-known/oauth-protected-resource/mcp`,
      );
    }
  });
});

describe('tools as REST, in front of every kind of server', { timeout: 300_000 * patience }, () => {
  const upstreams = {
    'one that answers with JSON': async () => {
      process.env.MCP_RESPONSES = 'json';
      const shop = await startFixture('shop').finally(() => delete process.env.MCP_RESPONSES);
      return { shop };
    },
    'a program': async () => ({ command: { command: shopProgram } }),
    'a program that all share': async () => ({ command: { command: shopProgram, process: 'shared' } }),
  };
  for (const [what, start] of Object.entries(upstreams)) {
    it(what, async () => {
      const { shop, command } = await start();
      const gateway = await startRest({
        name: 'rest-kinds',
        upstream: shop?.url,
        configure: (config) => {
          if (command) config.upstreams.everything = command;
        },
      });
      try {
        await buys(gateway, await mint(gateway, everything));
        assert.equal((await send(`${gateway.origin}/health`)).status, 200);
      } finally {
        await gateway.stop();
        await shop?.stop();
      }
    });
  }

  for (const old of [false, true]) {
    it(`the reference server${old ? ', with the transport of 2024' : ''}`, async () => {
      const upstream = await startEverything({ old });
      const gateway = await startRest({
        name: 'rest-everything',
        upstream: upstream.url,
        policy: open,
        configure: (config) => {
          if (old) config.upstreams.everything.transport = 'sse';
        },
      });
      try {
        const token = await mint(gateway, 'use');
        const document = await validated((await documentOf(gateway, token)).json());
        assert.ok(document.paths['/tools/get-structured-content'], Object.keys(document.paths).join());
        assert.deepEqual((await callRest(gateway, token, 'echo', { message: 'hi' })).json(), { text: 'Echo: hi' });
        const image = await callRest(gateway, token, 'get-tiny-image', {});
        assert.ok(image.json().content.some(({ type }) => type === 'image'));
        const weather = await callRest(gateway, token, 'get-structured-content', { location: 'Chicago' });
        assert.equal(typeof weather.json().temperature, 'number', weather.text);
        const unknown = await callRest(gateway, token, 'no-such-tool', {});
        assert.deepEqual([unknown.status, unknown.json().error], [404, 'unknown_tool']);
        assert.equal((await callRest(gateway, token, 'forbidden', {})).status, 403);
        assert.equal((await send(`${gateway.origin}/health`)).status, 200);
      } finally {
        await gateway.stop();
        await upstream.stop();
      }
    });
  }

  it('one of revision 2026-07-28, which has no sessions', async () => {
    const serve = modern();
    const upstream = await RecordingUpstream.start({
      answer: (message, request, response) => {
        if (message?.method !== 'initialize') return serve(message, request, response);
        response
          .writeHead(404, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }));
        return true;
      },
    });
    const gateway = await startRest({ name: 'rest-modern', upstream: upstream.url, policy: open });
    try {
      const token = await mint(gateway, 'use');
      assert.deepEqual((await callRest(gateway, token, 'get-sum', { a: 2, b: 3 })).json(), { text: '5' });
      assert.deepEqual((await callRest(gateway, token, 'gr%C3%B6%C3%9Fe%20%E2%9C%93', {})).json(), { text: 'größe ✓' });
      const routed = await callRest(gateway, token, 'routed', { region: 'north' });
      assert.deepEqual(routed.json(), { text: 'region north' });
      assert.equal(upstream.requests.filter((each) => each.headers['mcp-session-id']).length, 0);
    } finally {
      await gateway.stop();
      await upstream.stop();
    }
  });
});

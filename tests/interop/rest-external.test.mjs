// Tools as REST with tokens made elsewhere: a real provider, machines that call, and what importers fetch.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { binary, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { run } from './lib/process.mjs';
import { OpenIdProvider } from './lib/provider.mjs';
import { callRest, clientOf, departs, documentOf, shopPolicy, shopTools, startRest, validated } from './lib/rest.mjs';
import { startFixture } from './lib/upstream.mjs';

const machine = (id) => ({ client_id: id, client_secret: `secret of ${id} `.repeat(3).trim() });
const [agent, foreign] = ['agent', 'foreign'].map(machine);
const scopes = ['mcp:read', 'mcp:execute', 'api.call'];

describe('tools as REST, with tokens made elsewhere', { timeout: 120_000 * patience }, () => {
  let provider;
  let shop;
  let gateway;

  before(async () => {
    provider = await OpenIdProvider.start({
      clients: [agent, foreign].map((client) => ({
        ...client,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      })),
      scopes,
    });
    shop = await startFixture('shop');
    gateway = await startRest({
      name: 'rest-external',
      upstream: shop.url,
      users: [],
      policy: shopPolicy,
      configure: (config) => {
        config.authorization_servers = {
          entra: {
            external: {
              issuer: provider.issuer,
              audience: ['api'],
              allowed_clients: [agent.client_id],
              required_scopes: ['api.call'],
            },
          },
        };
        config.tenants[0].members = [{ user: 'entra:agent' }];
        config.resources[0].public_openapi = true;
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await shop?.stop();
    await provider?.stop();
  });

  const metadata = async () => (await send(`${provider.issuer}/.well-known/openid-configuration`)).json();

  it('the document names the provider, and the scopes that every call needs', async () => {
    const document = await validated((await documentOf(gateway, await provider.token(agent))).json());
    const { flows } = document.components.securitySchemes.oauth;
    const { token_endpoint, authorization_endpoint } = await metadata();
    assert.equal(flows.clientCredentials.tokenUrl, token_endpoint);
    assert.equal(flows.authorizationCode.authorizationUrl, authorization_endpoint);
    assert.deepEqual(Object.keys(flows.clientCredentials.scopes), scopes);
    assert.deepEqual(document.paths['/tools/view_cart'].post.security, [{ oauth: ['mcp:read', 'api.call'] }]);
  });

  it('ai-plugin.json names the provider', async () => {
    const { auth } = (await send(`${gateway.origin}/.well-known/ai-plugin.json`)).json();
    const { token_endpoint, authorization_endpoint } = await metadata();
    assert.deepEqual([auth.authorization_url, auth.client_url], [token_endpoint, authorization_endpoint]);
    assert.equal(auth.scope, 'mcp:read api.call');
  });

  it('a client made of the document calls each tool with a token of its own', async () => {
    const token = await provider.token(agent);
    const document = (await documentOf(gateway, token)).json();
    const client = await clientOf(document, token);
    const call = async (tool, args) => {
      const answer = await client[tool](null, args);
      assert.equal(answer.status, 200, JSON.stringify(answer.data));
      assert.equal(departs(document, tool, answer), undefined, JSON.stringify(answer.data));
      return answer.data;
    };
    assert.deepEqual(
      Object.keys(document.paths).sort(),
      shopTools.map((name) => `/tools/${name}`),
    );
    assert.equal((await call('search_products', { query: 'milk', category: 'dairy' })).products.length, 3);
    await call('add_to_cart', { productCode: 'milk-001', quantity: 2 });
    // Machines get a token for each batch of calls: the cart is there for all of them.
    const again = await callRest(gateway, await provider.token(agent), 'view_cart', {});
    assert.equal(again.json().total, 2.98);
    await call('checkout', { cartSummary: '2 items' });
    await call('add_payment_method', { type: 'credit_card' });
    await call('get_deals', { category: 'produce' });
  });

  it('a foreign client and a missing scope are refused as on the resource', async () => {
    const denied = await callRest(gateway, await provider.token(foreign), 'view_cart', {});
    assert.deepEqual([denied.status, denied.json().error], [403, 'access_denied']);
    assert.equal(header(denied, 'content-type'), 'application/problem+json');
    const few = await callRest(gateway, await provider.token(agent, { scope: 'mcp:read' }), 'view_cart', {});
    assert.deepEqual([few.status, few.json().error], [403, 'insufficient_scope']);
    assert.equal(bearerChallenge(few).scope, 'api.call mcp:read');
    assert.equal((await callRest(gateway, 'no.such.token', 'view_cart', {})).status, 401);
  });

  it('the doctor sees the five documents, with the tools that the caller has', async () => {
    const lines = (tools) =>
      '✅ Health Check\n✅ OpenID Connect Discovery\n✅ OAuth Protected Resource Metadata\n' +
      `✅ OpenAPI Schema (${tools} tools discovered)\n✅ Actions Manifest\n`;
    const { code, output } = await run(binary(), ['doctor', gateway.resource, '--rest'], { seconds: 60 });
    assert.deepEqual([code, output.includes(lines(3))], [0, true], output);
  });

  it('the document stays when the provider goes', async () => {
    const token = await provider.token(agent);
    const before = (await documentOf(gateway, token)).json();
    await provider.stop();
    assert.deepEqual((await documentOf(gateway, token)).json().components.securitySchemes, before.components.securitySchemes);
    assert.equal((await send(`${gateway.origin}/.well-known/ai-plugin.json`)).status, 200);
  });
});

// The shop behind: an MCP server that knows nothing of OAuth. Each user has a cart, told by X-User.
import { serveLegacy, tool } from '../../tests/interop/lib/legacy-server.mjs';
import { OpenIdProvider } from '../../tests/interop/lib/provider.mjs';

const products = [
  { code: 'milk-001', name: 'Whole milk', category: 'dairy', price: 1.49 },
  { code: 'milk-002', name: 'Oat milk', category: 'dairy', price: 2.19 },
  { code: 'apple-001', name: 'Apples', category: 'produce', price: 3.25 },
];
const deals = [{ category: 'produce', text: 'Apples: two for one' }];
const cart = [];
const text = { type: 'string' };
const has = (word) => (each) => !word || each.category === word;

export const tools = {
  search_products: tool(
    'Search the product catalog',
    ({ query, category, limit = 10 }) => ({
      products: products.filter(has(category)).filter(({ name }) => name.toLowerCase().includes(query.toLowerCase())).slice(0, limit),
    }),
    { query: text, category: text, limit: { type: 'integer', minimum: 1 } },
    ['query'],
  ),
  add_to_cart: tool(
    'Add items to the shopping cart',
    ({ productCode, quantity = 1 }) => {
      cart.push({ productCode, quantity });
      return { items: cart };
    },
    { productCode: text, quantity: { type: 'integer', minimum: 1 } },
    ['productCode'],
  ),
  view_cart: tool('View the current cart', () => ({ items: cart })),
  checkout: tool('Complete the checkout', ({ cartSummary }) => ({ ordered: cart.splice(0).length, cartSummary }), { cartSummary: text }),
  add_payment_method: tool('Add a payment method', ({ type }) => ({ added: type }), { type: text }, ['type']),
  get_deals: tool('Current deals', ({ category }) => ({ deals: deals.filter(has(category)) }), { category: text }),
};

export const serve = (port) => serveLegacy({ name: 'shop', tools, port });

/** What the example is started with. */
export const about = {
  users: [],
  hosts: ['mcp'],
  wildcards: [],
  urls: (base) => [
    ['Base URL', `https://mcp.${base}`],
    ['OpenAPI', `https://mcp.${base}/.well-known/openapi.json`],
    ['MCP', `https://mcp.${base}/mcp`],
  ],
};

const machine = (id) => ({ client_id: id, client_secret: `secret of ${id} `.repeat(3).trim() });
export const clients = { chatgpt: machine('chatgpt-enterprise'), foreign: machine('somebody-else') };

/** A provider in the place of Entra ID: what `postern.yaml` is filled with, and what people need to know of it. */
export async function accompany({ listen }) {
  const provider = await OpenIdProvider.start({
    clients: Object.values(clients).map((client) => ({
      ...client,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    })),
    scopes: ['mcp:read', 'mcp:execute'],
    audience: 'shop-api',
  });
  const [host, port] = listen.split(/:(?=\d+$)/);
  return {
    provider,
    env: {
      MCP_SERVER_HOST: host,
      MCP_SERVER_PORT: port,
      OAUTH2_ISSUER: provider.issuer,
      OAUTH2_OPENID_CONFIG_URL: `${provider.issuer}/.well-known/openid-configuration`,
      OAUTH2_JWKS_URI: `${provider.issuer}/jwks`,
      OAUTH2_TOKEN_ENDPOINT: `${provider.issuer}/token`,
      OAUTH2_AUDIENCE: 'shop-api',
      ALLOWED_MCP_CLIENTS: clients.chatgpt.client_id,
    },
    says: [
      ['Token URL', `${provider.issuer}/token`],
      ['Client', clients.chatgpt.client_id],
      ['Its secret', clients.chatgpt.client_secret],
      ['Resource, scope', 'urn:api, mcp:read mcp:execute'],
    ],
    stop: () => provider.stop(),
  };
}

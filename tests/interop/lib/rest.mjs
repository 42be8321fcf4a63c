// Tools as REST: a gateway in front of the shop, calls, and the document checked and turned into a client.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { OpenAPIClientAxios } from 'openapi-client-axios';
import { Gateway } from './gateway.mjs';
import { send } from './http.mjs';

export const shopTools = ['add_payment_method', 'add_to_cart', 'checkout', 'get_deals', 'search_products', 'view_cart'];

/** Buying needs `shop.buy`, paying the role of an admin; nothing else is there. */
export const shopPolicy = {
  policy: 'shop',
  scopes: { 'mcp:read': 'See products and the cart', 'mcp:execute': 'Buy' },
  default_scopes: ['mcp:read'],
  connect: ['mcp:read'],
  rules: [
    { tools: ['search_products'], arguments: { properties: { query: { not: { pattern: '(?i)weapon' } } } } },
    { tools: ['view_cart', 'get_deals'] },
    { tools: ['add_to_cart', 'checkout'], scopes: ['mcp:execute'] },
    { tools: ['add_payment_method'], scopes: ['mcp:execute'] },
  ],
  otherwise: 'deny',
};

export const startRest = ({ policy = shopPolicy, configure, ...options } = {}) =>
  Gateway.start({
    policy,
    ...options,
    configure: (config, gateway) => {
      config.resources[0].rest = true;
      configure?.(config, gateway);
    },
  });

export async function mint(gateway, scope, { user = 'alice', resource = gateway.resource } = {}) {
  const words = ['token', 'mint', '--user', user, '--tenant', 'acme', '--resource', resource, '--scope', scope];
  return (await gateway.command(words)).trimEnd().split('\n').at(-1);
}

const authorization = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

/** `POST /tools/NAME` with these arguments; `name` is put into the path as it is. */
export const callRest = (gateway, token, name, args, { headers = {}, ...options } = {}) =>
  send(`${gateway.origin}/tools/${name}`, {
    method: 'POST',
    ...(args === undefined ? {} : { json: args }),
    headers: { ...authorization(token), ...headers },
    ...options,
  });

export const documentOf = (gateway, token, options = {}) =>
  send(`${gateway.origin}/.well-known/openapi.json`, { headers: authorization(token), ...options });

/** A compiler of its schemas: JSON Schema 2020-12, whose references must all lead somewhere in the document. */
function schemasOf(document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'document', false, false);
  return (pointer) => ajv.compile({ $ref: `document#${pointer}` });
}

/** Fails unless it is a whole OpenAPI 3.1 document: the document by its own schema, its schemas by theirs. */
export async function validated(document) {
  const fail = (errors) => {
    throw new Error(`the document is not valid: ${JSON.stringify(errors, null, 1).slice(0, 4000)}`);
  };
  const result = await new Validator().validate(structuredClone(document));
  if (!result.valid) fail(result.errors);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const compile = schemasOf(document);
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (!ajv.validateSchema(schema)) fail([name, ajv.errors]);
    compile(`/components/schemas/${name}`);
  }
  return document;
}

/** Whether an answer with that status is what the document says of this tool; the errors if not. */
export function departs(document, tool, { status, data }) {
  const path = `/tools/${tool}`.replaceAll('~', '~0').replaceAll('/', '~1');
  const responses = document.paths[`/tools/${tool}`].post.responses;
  const found = responses[status] ?? responses.default;
  const at = found.$ref ? found.$ref.slice(1) : `/paths/${path}/post/responses/${status}`;
  const type = status === 200 ? 'application~1json' : 'application~1problem+json';
  const check = schemasOf(document)(encodeURI(`${at}/content/${type}/schema`));
  return check(data) ? undefined : check.errors;
}

/** A client made of the document: a function for each operation. */
export function clientOf(document, token) {
  const api = new OpenAPIClientAxios({
    definition: structuredClone(document),
    axiosConfigDefaults: { headers: authorization(token), validateStatus: () => true, proxy: false },
  });
  return api.init();
}

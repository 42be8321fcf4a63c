// The MCP server behind: one for all handles. Who asks is in X-Tenant.
import { serveLegacy, tool } from '../../tests/interop/lib/legacy-server.mjs';

const links = { acme: [{ from: '/sale', to: 'https://shop.acme.example/checkout' }], globex: [] };
const of = (handle) => (links[handle] ??= []);
const text = { type: 'string' };

export const tools = {
  'skills.list': tool('The skills of this handle', (_, handle) => ({ handle, skills: ['links', 'pages', 'knowledge'] })),
  'links.list': tool('Its links', (_, handle) => ({ handle, links: of(handle) })),
  'links.create': tool(
    'Makes a link',
    ({ from, to }, handle) => {
      of(handle).push({ from, to });
      return { handle, created: from };
    },
    { from: text, to: text },
    ['from', 'to'],
  ),
  'analytics.export': tool('The attribution report', (_, handle) => ({ handle, visits: 42 })),
  'pages.list': tool('Its pages', (_, handle) => ({ handle, pages: ['/'] })),
  'pages.create': tool('Makes a page', ({ path }, handle) => ({ handle, path }), { path: text }, ['path']),
  'site.deployments.list': tool('Recent deployments', (_, handle) => ({ handle, deployments: [] })),
  'site.deploy': tool('Launches the site', (_, handle) => ({ handle, deployed: true })),
  'webhooks.list': tool('Its webhooks', (_, handle) => ({ handle, webhooks: [] })),
  'webhooks.create': tool('Makes a webhook', ({ url }, handle) => ({ handle, url }), { url: text }, ['url']),
  'knowledge.query': tool('Asks its knowledge', ({ question }, handle) => ({ handle, question }), { question: text }),
  'context_store.search': tool('Searches its store', ({ query }, handle) => ({ handle, query }), { query: text }),
  'context_store.refresh': tool('Reads its sources anew', (_, handle) => ({ handle, refreshed: true })),
};

export const serve = (port) => serveLegacy({ name: 'ten-x', tools, port });

/** What the example is started with. */
export const about = {
  users: ['alice', 'bob', 'carol'],
  hosts: ['ai'],
  wildcards: ['mcp.'],
  urls: (base) => [
    ['One handle', `https://acme.mcp.${base}/mcp`],
    ['The same, otherwise', `https://ai.${base}/mcp/acme/mcp`],
    ['Whichever you pick', `https://ai.${base}/mcp`],
  ],
};

// The MCP server behind: every workspace's company knowledge.
import { serveLegacy, tool } from '../../tests/interop/lib/legacy-server.mjs';

const knowledge = {
  acme: [{ title: 'Incident response runbook', url: 'https://wiki.acme.example/runbook' }],
  globex: [{ title: 'Holiday calendar', url: 'https://wiki.globex.example/holidays' }],
};
const text = { type: 'string' };

export const tools = {
  search_company_rag: tool(
    'Searches the company knowledge base',
    ({ query }, workspace) => ({
      workspace,
      results: (knowledge[workspace] ?? []).filter(({ title }) => title.toLowerCase().includes(query.toLowerCase())),
    }),
    { query: text },
    ['query'],
  ),
  list_issues: tool('Lists the latest issues', ({ repository }, workspace) => ({ workspace, repository, issues: [] }), {
    repository: text,
  }),
};

export const serve = (port) => serveLegacy({ name: 'gigamcp', tools, port });

/** What the example is started with. */
export const about = {
  users: ['alice', 'bob'],
  hosts: ['app'],
  wildcards: [],
  urls: (base) => [
    ['Workspace acme', `https://app.${base}/t/acme/mcp`],
    ['Workspace globex', `https://app.${base}/t/globex/mcp`],
  ],
};

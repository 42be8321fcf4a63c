// The MCP server behind: one for all tenants, whose data it shows is what X-Tenant says.
import { serveLegacy, tool } from '../../tests/interop/lib/legacy-server.mjs';

const organisations = {
  acme: { scenarios: ['Baseline', 'Growth 2027'], teams: ['Platform', 'Sales'], headcount: 120, costs: 9_600_000 },
  globex: { scenarios: ['Baseline', 'Merger'], teams: ['Research'], headcount: 45, costs: 4_100_000 },
};
const of = (tenant) => organisations[tenant] ?? { scenarios: [], teams: [], headcount: 0, costs: 0 };
const text = { type: 'string' };
const scenario = { scenario_id: { type: ['string', 'null'] } };

/** Every call that came through, for whoever wants to know what was kept away. */
export const seen = [];

function logged(description, run, ...shape) {
  return tool(
    description,
    (given, tenant) => {
      const said = { tenant, ...run(given, tenant) };
      seen.push({ tenant, given, said });
      return said;
    },
    ...shape,
  );
}

export const tools = {
  'capability.list': logged('What there is', () => ({ capabilities: Object.keys(tools) })),
  'capability.explain': logged('What one of them does', ({ name }) => ({ name, does: tools[name]?.description }), { name: text }, ['name']),
  'org.review.guide': logged('How to review an organisation', () => ({ steps: ['org.summary', 'org.unit.metrics'] })),
  'scenario.review.guide': logged('How to review a scenario', () => ({ steps: ['scenario.list', 'scenario.history'] })),
  'scenario.list': logged('Scenarios', (_, tenant) => ({ scenarios: of(tenant).scenarios })),
  'scenario.history': logged('What changed in a scenario', ({ scenario_id }) => ({ scenario_id, changes: [] }), scenario),
  'org.summary': logged('The organisation at a glance', (_, tenant) => ({ headcount: of(tenant).headcount }), scenario),
  'org.unit.metrics': logged('Metrics of a unit', ({ unit }) => ({ unit, spans: 7 }), { unit: text }),
  'team.list': logged('Teams', (_, tenant) => ({ teams: of(tenant).teams }), scenario),
  'placement.list': logged('Placements', () => ({ placements: [] }), scenario),
  'cost.summary': logged('Costs', (_, tenant) => ({ costs: of(tenant).costs }), scenario),
  'tenant.settings': logged('Settings of the tenant', (_, tenant) => ({ slug: tenant })),
  'scenario.action.plan': logged(
    'Plans a change of a scenario, which is not made before it is confirmed',
    ({ scenario_id, change }, tenant) => ({ proposal_id: `${tenant}-p1`, scenario_id, change }),
    { ...scenario, change: text },
    ['scenario_id'],
  ),
  'scenario.action.confirm': logged('Makes a planned change', ({ proposal_id }) => ({ proposal_id, done: true }), { proposal_id: text }, ['proposal_id']),
};

export const serve = (port) => serveLegacy({ name: 'orgonaut', tools, port });

/** What the example is started with. */
export const about = {
  users: ['alice', 'bob'],
  hosts: [],
  wildcards: [''],
  urls: (base) => ['acme', 'globex'].map((tenant) => [tenant, `https://${tenant}.${base}/mcp/orgonaut`]),
};

// The client scenarios of the MCP conformance suites that are about transport: the suite is the server, and looks at
// what a client sends. With the gateway between them it must find nothing that it does not find without.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientScenario, worsened } from './lib/conformance.mjs';
import { patience } from './lib/gateway.mjs';

const scenarios = {
  stable: [['initialize'], ['tools_call'], ['elicitation-sep1034-client-defaults'], ['sse-retry']],
  next: [
    ['initialize', '2025-11-25'],
    ['tools_call', '2025-11-25'],
    ['elicitation-sep1034-client-defaults', '2025-11-25'],
    ['sse-retry', '2025-11-25'],
    ['json-schema-2020-12-preservation', '2025-11-25'],
    ['tools_call', '2026-07-28'],
    ['request-metadata', '2026-07-28'],
    ['http-standard-headers', '2026-07-28'],
    ['http-custom-headers', '2026-07-28'],
    ['http-invalid-tool-headers', '2026-07-28'],
    ['sep-2322-client-request-state', '2026-07-28'],
    ['json-schema-ref-no-deref', '2026-07-28'],
    ['json-schema-2020-12-preservation', '2026-07-28'],
  ],
};

for (const [suite, list] of Object.entries(scenarios))
  describe(`conformance of clients through the gateway (${suite})`, { timeout: 600_000 * patience }, () => {
    for (const [scenario, version] of list)
      it(`${scenario}${version ? ` of ${version}` : ''}: as good as without it`, async () => {
        const [direct, through] = await Promise.all(
          [false, true].map((between) => clientScenario(suite, scenario, { version, through: between })),
        );
        assert.deepEqual(worsened(direct, through), []);
        assert.ok(through.passed > 0, through.output);
        assert.deepEqual(through.complaints, [], through.output);
      });
  });

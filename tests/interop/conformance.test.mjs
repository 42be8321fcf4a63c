// The server scenarios of the MCP conformance suites, straight at a server and through the gateway with a bearer. The
// gateway may make no check worse, however it answers denials; what it makes better is listed. It has no list of failures
// that are expected.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { improved, serverScenarios, worsened } from './lib/conformance.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { startEverything, startFixture } from './lib/upstream.mjs';

const runs = {
  'every scenario of 0.1': ['stable', '--suite', 'all'],
  'what 2025-11-25 requires': ['next', '--requirements', '2025-11-25'],
  'what 2026-07-28 requires': ['next', '--requirements', '2026-07-28'],
};

// What the gateway checks itself, so that a server that does not is protected all the same.
const sessions = ['server-session-lifecycle server-session-terminated-returns-404'];
const rebinding = ['dns-rebinding-protection localhost-host-rebinding-rejected'];
const headers = [
  'server-stateless sep-2575-request-meta-invalid-missing-meta',
  'server-stateless sep-2575-request-meta-invalid-missing-protocol-version',
  'server-stateless sep-2575-request-meta-invalid-missing-client-capabilities',
  'server-stateless sep-2575-http-server-header-mismatch-400',
];

/** For each server: how to start it, what it passes by itself at least, and what it passes only behind the gateway. */
const servers = {
  'the fixture of the legacy era': {
    start: () => startFixture('legacy'),
    passes: { 'every scenario of 0.1': 44, 'what 2025-11-25 requires': 84 },
    better: { 'what 2026-07-28 requires': headers },
  },
  'the fixture of the modern era': {
    start: () => startFixture('modern'),
    passes: {},
    better: {},
  },
  'the reference server': {
    start: startEverything,
    passes: {},
    better: {
      'every scenario of 0.1': rebinding,
      'what 2025-11-25 requires': [...rebinding, ...sessions],
      'what 2026-07-28 requires': headers,
    },
  },
};

for (const [name, { start, passes, better }] of Object.entries(servers)) {
  describe(`conformance of ${name}`, { timeout: 300_000 * patience }, () => {
    let upstream;
    let gateway;
    // The same resource with both ways to answer a denial.
    let ways;

    before(async () => {
      upstream = await start();
      gateway = await Gateway.start({
        name: 'conformance',
        upstream: upstream.url,
        configure: (config, { origin }) =>
          config.resources.push({ ...config.resources[0], serve: `${origin}/literal`, denials: 'http', root: false }),
      });
      ways = await Promise.all(
        ['mcp', 'literal'].map(async (path) => {
          const resource = `${gateway.origin}/${path}`;
          const client = await OAuthClient.register({ origin: gateway.origin, resource });
          const { access_token: token } = await client.grant({ scope: 'mcp.connect tools.read tools.write' });
          return { resource, token };
        }),
      );
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    for (const [what, [suite, ...args]] of Object.entries(runs)) {
      it(`${what}: nowhere worse through the gateway`, async () => {
        const [direct, ...both] = await Promise.all([
          serverScenarios(suite, upstream.url, { args }),
          ...ways.map(({ resource, token }) => serverScenarios(suite, resource, { args, token })),
        ]);
        for (const through of both) {
          assert.deepEqual(worsened(direct, through), []);
          assert.ok(through.passed >= direct.passed, `${through.passed} passed instead of ${direct.passed}`);
          const gained = improved(direct, through);
          for (const check of better[what] ?? []) assert.ok(gained.includes(check), `${check} did not improve: ${gained}`);
        }
        if (passes[what] === undefined) return;
        assert.ok(direct.passed >= passes[what], `the server passes ${direct.passed} by itself`);
        for (const { failed, complaints } of [direct, ...both]) assert.equal(failed, 0, complaints.join('\n'));
      });
    }

    it('without a token no scenario gets through', async () => {
      const args = ['--scenario', 'ping'];
      const [{ resource, token }] = ways;
      const refused = await serverScenarios('stable', resource, { args });
      assert.equal(refused.of('ping', 'ping'), 'FAILURE');
      const allowed = await serverScenarios('stable', resource, { args, token });
      assert.equal(allowed.of('ping', 'ping'), 'SUCCESS');
    });
  });
}

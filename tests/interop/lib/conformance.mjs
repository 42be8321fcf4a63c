// The MCP conformance suites as programs, and what they say check by check.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { nodeModules, root, run, temporaryFolder } from './process.mjs';

const suites = { stable: 'conformance-stable', next: 'conformance-next' };

export const suiteProgram = (suite) => path.join(nodeModules, suites[suite], 'dist/index.js');

/** Worse from left to right; a check that was not made lies between one that was skipped and one that warns. */
const ranks = ['SUCCESS', 'INFO', 'SKIPPED', 'absent', 'WARNING', 'FAILURE'];
const worst = (statuses) => Math.max(...statuses.map((status) => ranks.indexOf(status)));

/** The verdicts of one run: `scenarios` maps a scenario to its checks. */
export class Verdicts {
  constructor(folder) {
    this.scenarios = new Map();
    for (const entry of readdirSync(folder)) {
      const scenario = entry.replace(/^(authorization-server|server|client)-|-\d{4}-\d\d-\d\dT[\d-]+Z$/g, '');
      const file = path.join(folder, entry, 'checks.json');
      // A scenario that does not apply leaves none.
      if (!existsSync(file)) continue;
      const checks = JSON.parse(readFileSync(file, 'utf8'));
      this.scenarios.set(scenario, [...(this.scenarios.get(scenario) ?? []), ...checks]);
    }
  }

  /** How many checks have one of `statuses`. */
  count(...statuses) {
    return [...this.scenarios.values()].flat().filter((check) => statuses.includes(check.status)).length;
  }

  get passed() {
    return this.count('SUCCESS');
  }

  get failed() {
    return this.count('FAILURE');
  }

  /** The worst status of a check; some are made several times in one scenario. */
  of(scenario, id) {
    const made = (this.scenarios.get(scenario) ?? []).filter((check) => check.id === id);
    return made.length === 0 ? 'absent' : ranks[worst(made.map((check) => check.status))];
  }

  /** Checks that did not pass, as `scenario check: why`. */
  get complaints() {
    return [...this.scenarios].flatMap(([scenario, checks]) =>
      checks
        .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
        .map(({ id, status, errorMessage }) => `${status} ${scenario} ${id}: ${errorMessage ?? 'no reason given'}`),
    );
  }
}

/** Runs server scenarios against `url`, with a bearer where `token` is given. */
export async function serverScenarios(suite, url, { args = [], token, seconds = 120 } = {}) {
  const folder = temporaryFolder('conformance');
  const { output } = await run(
    process.execPath,
    [
      ...(token ? ['--import', path.join(root, 'tests/interop/lib/bearer.mjs')] : []),
      suiteProgram(suite),
      'server',
      ...['--url', url, '-o', folder],
      ...args,
    ],
    { env: { POSTERN_TEST_ORIGIN: new URL(url).origin, POSTERN_TEST_BEARER: token ?? '' }, cwd: folder, seconds },
  );
  const verdicts = new Verdicts(folder);
  assert.ok(verdicts.scenarios.size > 0, `the suite ran nothing:\n${output.slice(-4000)}`);
  return verdicts;
}

/** Runs one client scenario with `conformance-client.mjs`, which goes through a gateway where `through`. */
export async function clientScenario(suite, scenario, { version, through = false, seconds = 120 } = {}) {
  const folder = temporaryFolder('conformance');
  const lib = path.join(root, 'tests/interop/lib');
  const client = [process.execPath, path.join(lib, 'conformance-client.mjs')];
  if (through) client.push('--through-gateway');
  const { output } = await run(
    process.execPath,
    [
      ...['--import', path.join(lib, 'loopback.mjs'), suiteProgram(suite), 'client', '--scenario', scenario],
      ...['--command', client.join(' '), '-o', folder, '--timeout', '60000'],
      ...(version ? ['--spec-version', version] : []),
    ],
    { cwd: folder, seconds },
  );
  const verdicts = new Verdicts(folder);
  verdicts.output = output;
  assert.equal(verdicts.scenarios.size, 1, `the suite did not run ${scenario}:\n${output.slice(-4000)}`);
  return verdicts;
}

const differences = (direct, through, differs) =>
  [...new Set([...direct.scenarios.keys(), ...through.scenarios.keys()])].flatMap((scenario) => {
    const ids = [direct, through].flatMap((each) => (each.scenarios.get(scenario) ?? []).map((check) => check.id));
    return [...new Set(ids)]
      .map((id) => ({ scenario, id, direct: direct.of(scenario, id), through: through.of(scenario, id) }))
      .filter((pair) => differs(ranks.indexOf(pair.through), ranks.indexOf(pair.direct)));
  });

const describePair = (verdicts) => (pair) => {
  const why = verdicts.complaints.find((line) => line.includes(` ${pair.scenario} ${pair.id}: `)) ?? '';
  return `${pair.scenario} ${pair.id}: ${pair.direct} directly, ${pair.through} through the gateway ${why}`.trimEnd();
};

/** Checks that the gateway made worse, in words. */
export const worsened = (direct, through) =>
  differences(direct, through, (now, before) => now > before).map(describePair(through));

/** Checks that only pass because of the gateway, as `scenario check`. */
export const improved = (direct, through) =>
  differences(direct, through, (now, before) => now === 0 && before === ranks.indexOf('FAILURE')).map(
    ({ scenario, id }) => `${scenario} ${id}`,
  );

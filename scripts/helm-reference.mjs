// Generated parts of the chart: in values.schema.json what `config` may hold, from config/postern.schema.json; in
// README.md the table of values, from values.schema.json and values.yaml. With --check: exit 1 when they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { parse } = createRequire(path.join(root, 'tests/interop/package.json'))('yaml');
const at = (name) => path.join(root, name);
const json = (name) => JSON.parse(readFileSync(at(name), 'utf8'));

/** What the chart writes itself, from values of its own. */
const written = ['listen', 'store', 'trusted_proxies', 'policies'];

function withConfig(schema, postern) {
  const properties = Object.fromEntries(Object.entries(postern.properties).filter(([key]) => !written.includes(key)));
  const config = {
    description:
      "Postern's configuration, as config/postern.reference.yaml has it. The chart writes listen, store, " +
      'trusted_proxies and policies, and workers unless given.',
    type: 'object',
    additionalProperties: false,
    required: ['authorization_servers', 'resources'],
    properties,
  };
  return { ...schema, properties: { ...schema.properties, config }, $defs: postern.$defs };
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** One row for each value: a mapping whose keys are known has rows of its own, but for those that are Postern's. */
function* rows(schema, defaults, name = '') {
  for (const [key, of] of Object.entries(schema.properties)) {
    const full = name + key;
    const value = defaults?.[key];
    if (of.properties && !['config', 'resources'].includes(full)) {
      yield* rows(of, value, `${full}.`);
    } else if (value !== undefined) {
      const choice = of.enum ? ` One of ${of.enum.map((each) => each || 'nothing').join(', ')}.` : '';
      yield `| \`${full}\` | ${cell(of.description + choice)} | \`${cell(JSON.stringify(value))}\` |`;
    }
  }
}

function withTable(readme, schema, values) {
  const table = ['| value | what it is | default |', '|---|---|---|', ...rows(schema, values)].join('\n');
  const [before, rest] = readme.split('<!-- values -->\n');
  const after = rest?.split('<!-- /values -->')[1];
  if (after === undefined) throw new Error('helm/postern/README.md has no <!-- values --> and <!-- /values -->');
  return `${before}<!-- values -->\n${table}\n<!-- /values -->${after}`;
}

const schema = withConfig(json('helm/postern/values.schema.json'), json('config/postern.schema.json'));
const values = parse(readFileSync(at('helm/postern/values.yaml'), 'utf8'));
const generated = {
  'helm/postern/values.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
  'helm/postern/README.md': withTable(readFileSync(at('helm/postern/README.md'), 'utf8'), schema, values),
};

for (const [name, text] of Object.entries(generated)) {
  if (text === readFileSync(at(name), 'utf8')) continue;
  if (process.argv.includes('--check')) {
    console.error(`${name} is stale: run node scripts/helm-reference.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(at(name), text);
  }
}

// What is written about the chart: generated parts are fresh, commands run, links lead somewhere.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { binary } from '../interop/lib/gateway.mjs';
import { root, run } from '../interop/lib/process.mjs';
import { chart, example, examples, installed, objects, runHelm } from './lib/helm.mjs';

const { parse } = installed('yaml');
const read = (name) => readFileSync(path.join(root, name), 'utf8');

describe('the documents of the chart', { timeout: 60_000 }, () => {
  it('generated parts are fresh', async () => {
    const { code, output } = await run(process.execPath, [path.join(root, 'scripts/helm-reference.mjs'), '--check']);
    assert.equal(code, 0, output);
  });

  it('the table of values has every value of values.yaml', () => {
    const table = read('helm/postern/README.md');
    const values = parse(read('helm/postern/values.yaml'));
    const { properties } = JSON.parse(read('helm/postern/values.schema.json'));
    for (const key of Object.keys(values)) {
      assert.ok(properties[key], `values.schema.json knows ${key}`);
      assert.match(table, new RegExp(`^\\| \`${key}(\`|\\.)`, 'm'), key);
    }
  });

  it('every object of values.schema.json is closed, but for those of Kubernetes and Postern', () => {
    const open = [];
    const look = (schema, at) => {
      if (schema.type !== 'object') return;
      if (schema.properties && schema.additionalProperties !== false) open.push(at);
      for (const [key, of] of Object.entries(schema.properties ?? {})) {
        assert.ok(of.description, `${at}/${key} says what it is`);
        look(of, `${at}/${key}`);
      }
    };
    const schema = JSON.parse(read('helm/postern/values.schema.json'));
    assert.equal(schema.additionalProperties, false);
    look(schema, '');
    assert.deepEqual(open, []);
  });

  it('the version of the chart is that of the program', async () => {
    const { appVersion } = parse(read('helm/postern/Chart.yaml'));
    assert.match((await run(binary(), ['--version'])).output, new RegExp(`^postern ${appVersion.replaceAll('.', '\\.')}$`, 'm'));
  });

  it('the README shows every example, and links to what is there', () => {
    const text = read('helm/postern/README.md');
    for (const name of examples) assert.ok(text.includes(`[${name}.yaml](../examples/${name}.yaml)`), name);
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) assert.ok(existsSync(path.join(chart, target)), target);
  });

  const commands = [...read('README.md').matchAll(/^(helm .*)$/gm)].map(([, command]) => command);
  it('the README of the repository has commands for a cluster', () => assert.ok(commands.length >= 2));
  for (const command of commands) {
    it(`runs: ${command}`, async () => {
      const words = command.split(' ').slice(1);
      const { code, output, stdout } = await runHelm(...words.map((each) => each.replace(/^helm\//, `${root}/helm/`)));
      assert.equal(code, 0, output);
      if (words[0] === 'template') assert.ok(objects(stdout).some(({ kind }) => kind === 'Deployment'));
    });
  }

  const warnings = [
    ['state that is gone with the pod', ['--set', 'persistence.enabled=false'], /WARNING: persistence\.enabled is false/],
    ['a sidecar that others may reach', ['--set', 'networkPolicy.enabled=false'], /WARNING: nothing keeps other pods from/],
    ['a pod that takes no plaintext from the ingress', ['--set', 'tls.endedBy=pod'], /WARNING: the gateway takes TLS alone/],
    ['plaintext from outside', ['--set', 'ingress.enabled=false,service.type=NodePort'], /WARNING: .* takes plaintext/],
  ];
  for (const [what, further, sentence] of warnings) {
    it(`the notes warn of ${what}, and only then`, async () => {
      const notes = async (...words) => {
        const all = ['install', 'edge', chart, '-f', example('sidecar'), '--dry-run=client', ...words];
        const { code, output } = await runHelm(...all);
        assert.equal(code, 0, output);
        return output.split('NOTES:')[1];
      };
      assert.match(await notes(...further), sentence);
      assert.doesNotMatch(await notes(), /WARNING/);
    });
  }
});

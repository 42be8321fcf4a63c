// Helm as a program, and the chart of this repository with its examples.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root, run, temporaryFolder } from '../../interop/lib/process.mjs';

/** Packages of npm are installed beside the other tests. */
export const installed = createRequire(path.join(root, 'tests/interop/package.json'));
const { parseAllDocuments } = installed('yaml');

const helm = path.join(root, 'build/helm/helm');
export const chart = path.join(root, 'helm/postern');
export const sidecarManifest = path.join(root, 'helm/sidecar/postern-sidecar.yaml');
export const examples = readdirSync(path.join(root, 'helm/examples')).map((name) => path.basename(name, '.yaml'));
export const example = (name) => path.join(root, 'helm/examples', `${name}.yaml`);

/** What Helm keeps for itself, so that nothing of this machine's user counts. */
const own = temporaryFolder('helm');
const env = Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, path.join(own, kind)]));

export async function runHelm(...words) {
  assert.ok(existsSync(helm), `${helm} is missing: run scripts/install-dependencies --tests`);
  return run(helm, words, { seconds: 30, env: { ...env, KUBECONFIG: path.join(own, 'none') } });
}

/** The objects in a text of several documents; what YAML 1.2 does not allow is a fault. */
export function objects(text) {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  for (const { errors } of documents) assert.deepEqual(errors, []);
  return documents.map((each) => each.toJS()).filter((each) => each !== null);
}

/** What a cluster would get. */
export async function render(name, { release = 'edge', namespace = 'mcp', further = [] } = {}) {
  const values = name ? ['-f', example(name)] : [];
  const { code, output, stdout } = await runHelm('template', release, chart, '-n', namespace, ...values, ...further);
  assert.equal(code, 0, output);
  return objects(stdout);
}

export const manifest = () => objects(readFileSync(sidecarManifest, 'utf8'));

/** The one object of a kind, or the one of its name. */
export function only(all, kind, name) {
  const found = all.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  assert.equal(found.length, 1, `${found.length} objects of kind ${kind}${name ? ` named ${name}` : ''}`);
  return found[0];
}

// Every example of the chart, and the manifest without Helm: good objects of Kubernetes, and the rules of rules.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultsOf } from '../interop/lib/kubernetes.mjs';
import { chart, example, examples, manifest, only, render, runHelm } from './lib/helm.mjs';
import * as rules from './lib/rules.mjs';

const named = ({ kind, metadata }) => `${kind} ${metadata.name}`;

function holds(all) {
  rules.pointsAtWhatIsThere(all);
  assert.equal(new Set(all.map(named)).size, all.length, 'no object is made twice');
  for (const object of all) {
    rules.hasGoodNames(object);
    if (rules.isWorkload(object)) rules.isRestricted(object);
  }
  return rules.keepsItsState(only(all, 'Deployment'));
}

const kinds = (all) => all.map(({ kind }) => kind).sort();
const always = ['ConfigMap', 'ConfigMap', 'Deployment', 'Job', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'Service'];
const expected = {
  minimal: ['PersistentVolumeClaim', 'ServiceAccount'],
  'ingress-tls': ['Ingress', 'PersistentVolumeClaim', 'ServiceAccount'],
  'cert-manager': ['Certificate', 'PersistentVolumeClaim', 'ServiceAccount'],
  'gateway-api': ['HTTPRoute', 'PersistentVolumeClaim', 'ServiceAccount'],
  sidecar: ['Certificate', 'Ingress', 'PersistentVolumeClaim', 'ServiceAccount'],
  'existing-secret': [],
  restricted: ['Ingress', 'PersistentVolumeClaim', 'ServiceAccount', 'ServiceMonitor'],
};

describe('the chart', { timeout: 120_000 }, () => {
  it('has an expectation for every example', () => {
    assert.deepEqual(Object.keys(expected).sort(), [...examples].sort());
  });

  for (const name of examples) {
    it(`${name}: passes helm lint --strict`, async () => {
      const { code, output } = await runHelm('lint', '--strict', chart, '-f', example(name));
      assert.equal(code, 0, output);
    });

    it(`${name}: is what Kubernetes knows, to the last key`, async () => {
      for (const object of await render(name)) await rules.hasGoodSchema(object);
    });

    it(`${name}: is restricted, named and joined as it must be`, async () => {
      const all = await render(name);
      assert.deepEqual(kinds(all), [...always, ...expected[name]].sort());
      assert.ok(holds(all).persistentVolumeClaim, 'the state has a volume');
      for (const { metadata } of all) {
        assert.equal(metadata.namespace, 'mcp');
        assert.equal(metadata.labels['app.kubernetes.io/instance'], 'edge');
        assert.equal(metadata.labels['app.kubernetes.io/managed-by'], 'Helm');
      }
    });
  }

  it('keeps names within 63 characters when the release has 53', async () => {
    const release = 'r'.repeat(53);
    for (const name of examples) {
      const all = await render(name, { release });
      for (const object of all) await rules.hasGoodSchema(object);
      holds(all);
    }
    holds(await render('restricted', { further: ['--set', `fullnameOverride=${'n'.repeat(52)}`] }));
  });

  it('never changes a selector, whatever version or values change', async () => {
    const selectors = async (...further) => {
      const all = await render('restricted', { further });
      return [only(all, 'Deployment').spec.selector, only(all, 'PodDisruptionBudget').spec.selector];
    };
    const before = await selectors();
    assert.deepEqual(
      await selectors('--set', 'image.tag=9.9.9,commonLabels.team=other,podLabels.a=b,podLabels.app\\.kubernetes\\.io/name=x'),
      before,
    );
    assert.deepEqual(Object.keys(before[0].matchLabels).sort(), ['app.kubernetes.io/instance', 'app.kubernetes.io/name']);
  });

  it('starts the gateway anew when its configuration changes, and only then', async () => {
    const checksum = async (...further) =>
      only(await render('ingress-tls', { further }), 'Deployment').spec.template.metadata.annotations['checksum/config'];
    const before = await checksum();
    assert.match(before, /^[0-9a-f]{64}$/);
    assert.equal(await checksum('--set', 'service.port=8080'), before);
    assert.notEqual(await checksum('--set', 'config.limits.body=8MiB'), before);
    assert.notEqual(await checksum('--set', 'policies.links.otherwise=allow'), before);
  });

  it('keeps the claim when the release goes, unless told otherwise', async () => {
    const annotations = async (...further) =>
      only(await render('minimal', { further }), 'PersistentVolumeClaim').metadata.annotations;
    assert.equal((await annotations())['helm.sh/resource-policy'], 'keep');
    assert.equal(await annotations('--set', 'persistence.keep=false'), undefined);
  });

  it('may run in a chart around it, which gives it `global`', async () => {
    assert.ok((await render('minimal', { further: ['--set', 'global.registry=x'] })).length > 0);
  });
});

describe('the manifest of the sidecar', () => {
  it('is what Kubernetes knows, to the last key', async () => {
    for (const object of manifest()) await rules.hasGoodSchema(object);
  });

  it('is restricted, named and joined as it must be', () => {
    assert.ok(holds(manifest()).persistentVolumeClaim);
  });
});

describe('the check of objects', () => {
  const wrong = [
    ['a misspelt key', (object) => (object.spec.template.spec.containers[0].imagePullPolice = 'Always'), 'imagePullPolice'],
    ['a key at the wrong place', (object) => (object.spec.securityContext = {}), '/spec/securityContext'],
    ['a wrong type', (object) => (object.spec.replicas = 'one'), 'must be integer'],
    ['a key that is missing', (object) => delete object.spec.selector, 'must have required property selector'],
  ];
  for (const [what, change, sentence] of wrong) {
    it(`finds ${what}`, async () => {
      const object = structuredClone(only(manifest(), 'Deployment'));
      change(object);
      assert.match((await faultsOf(object)).join('\n'), new RegExp(sentence));
    });
  }
});

// What holds for every object that this repository gives to a cluster. Each rule throws.
import assert from 'node:assert/strict';
import { faultsOf } from '../../interop/lib/kubernetes.mjs';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const standard = ['app.kubernetes.io/name', 'app.kubernetes.io/component', 'app.kubernetes.io/part-of'];

export const isWorkload = ({ kind }) => kind === 'Deployment' || kind === 'Job';
export const podOf = (workload) => workload.spec.template;
export const containersOf = (workload) => {
  const { initContainers = [], containers } = podOf(workload).spec;
  return [...initContainers, ...containers];
};

export async function hasGoodSchema(object) {
  assert.deepEqual(await faultsOf(object), []);
}

export function hasGoodNames(object) {
  const { metadata } = object;
  assert.match(metadata.name, label);
  for (const name of standard) assert.ok(metadata.labels?.[name], `the label ${name}`);
  const labels = { ...metadata.labels, ...(isWorkload(object) ? podOf(object).metadata.labels : {}) };
  for (const [name, value] of Object.entries(labels)) assert.match(value, labelValue, name);
  if (!isWorkload(object)) return;
  for (const { name, ports = [] } of containersOf(object)) {
    assert.match(name, label);
    for (const port of ports) assert.match(port.name, /^[a-z][-a-z0-9]{0,14}$/, 'names of ports have 15 characters');
  }
  const volumes = podOf(object).spec.volumes.map((each) => each.name);
  for (const name of volumes) assert.match(name, label);
  assert.equal(new Set(volumes).size, volumes.length, 'each volume has a name of its own');
}

/** The Pod Security Standard "restricted", and what can be had beyond it. */
export function isRestricted(workload) {
  const { spec } = podOf(workload);
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.securityContext.runAsNonRoot, true);
  assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault');
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) assert.equal(spec[key], undefined);
  for (const volume of spec.volumes) assert.equal(volume.hostPath, undefined);
  for (const container of containersOf(workload)) {
    const own = container.securityContext;
    assert.equal(own.allowPrivilegeEscalation, false, container.name);
    assert.equal(own.readOnlyRootFilesystem, true, container.name);
    assert.equal(own.privileged, undefined, container.name);
    assert.deepEqual(own.capabilities, { drop: ['ALL'] }, container.name);
    assert.ok((own.runAsUser ?? spec.securityContext.runAsUser) > 0, `${container.name} runs as a user with a number`);
    assert.ok(container.resources?.limits?.memory, `${container.name} has a limit of memory`);
  }
}

const within = (labels, selector) => Object.entries(selector).every(([name, value]) => labels[name] === value);

/** What points at something in `all` points at what is there. */
export function pointsAtWhatIsThere(all) {
  const pods = all.filter(({ kind }) => kind === 'Deployment').map((each) => podOf(each));
  assert.equal(pods.length, 1);
  const [{ metadata, spec }] = pods;
  const ports = spec.containers.flatMap((each) => each.ports ?? []);
  for (const { kind, spec: of } of all) {
    if (kind === 'Deployment') assert.ok(within(metadata.labels, of.selector.matchLabels));
    if (kind === 'PodDisruptionBudget') assert.ok(within(metadata.labels, of.selector.matchLabels));
    if (kind === 'NetworkPolicy') {
      assert.ok(within(metadata.labels, of.podSelector.matchLabels));
      const open = of.ingress.flatMap((each) => each.ports).map((each) => each.port);
      assert.deepEqual(open, ports.map((each) => each.containerPort), 'open is what the gateway serves, and no more');
    }
    if (kind === 'Service') {
      assert.ok(within(metadata.labels, of.selector));
      for (const { targetPort } of of.ports) assert.ok(ports.some((each) => each.name === targetPort), targetPort);
    }
    if (kind === 'Job') {
      for (const service of all.filter((each) => each.kind === 'Service'))
        assert.ok(!within(podOf({ spec: of }).metadata.labels, service.spec.selector), 'no Service leads to a job');
    }
    if (kind === 'ServiceMonitor') {
      const found = all.filter((each) => each.kind === 'Service' && within(each.metadata.labels, of.selector.matchLabels));
      assert.equal(found.length, 1);
      assert.equal(found[0].spec.ports[0].name, of.endpoints[0].port);
    }
    if (kind === 'HTTPRoute') {
      const [{ name, port }] = of.rules[0].backendRefs;
      const found = all.find((each) => each.kind === 'Service' && each.metadata.name === name);
      assert.ok(found?.spec.ports.some((each) => each.port === port), 'the Service of the route');
    }
    if (kind === 'Ingress') {
      for (const { http } of of.rules) {
        const { service } = http.paths[0].backend;
        const found = all.find((each) => each.kind === 'Service' && each.metadata.name === service.name);
        assert.ok(found?.spec.ports.some((each) => each.name === service.port.name), 'the Service of the ingress');
      }
      const hosts = of.rules.map((each) => each.host);
      for (const entry of of.tls ?? []) for (const host of entry.hosts) assert.ok(hosts.includes(host), host);
    }
  }
}

/** One process on the store: a second never starts beside it, and calls under way are let finish. */
export function keepsItsState(deployment) {
  const { replicas, strategy } = deployment.spec;
  assert.equal(replicas, 1);
  assert.deepEqual(strategy, { type: 'Recreate' });
  const { spec } = podOf(deployment);
  assert.equal(spec.securityContext.fsGroupChangePolicy, 'OnRootMismatch');
  assert.ok(spec.securityContext.fsGroup > 0);
  assert.ok(spec.terminationGracePeriodSeconds >= 30, 'longer than the gateway takes to drain');
  const data = spec.containers[0].volumeMounts.find((each) => each.mountPath === '/var/lib/postern');
  assert.ok(data && !data.readOnly);
  return spec.volumes.find((each) => each.name === data.name);
}

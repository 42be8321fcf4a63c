// A container's files and environment in a folder of this machine: what its pod mounts, with stand-ins for the Secrets
// that a cluster would bring.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Authority } from '../../interop/lib/certificates.mjs';
import { binary } from '../../interop/lib/gateway.mjs';
import { run, temporaryFolder } from '../../interop/lib/process.mjs';
import { only } from './helm.mjs';

let made;
/** One certificate for all: `{tls.crt, tls.key, ca.crt}` as files. */
async function certificate() {
  const authority = await Authority.create();
  const issued = await authority.issue('pod', ['DNS:*.example.test']);
  return { 'tls.crt': issued.certificate, 'tls.key': issued.key, 'ca.crt': authority.file };
}

export class Pod {
  /** `workload` is a Deployment or a Job among `all`; `ports` maps the pod's own to some that are free here. */
  static async of(all, workload, { name = 'postern', ports = {} } = {}) {
    const pod = new Pod();
    pod.ports = ports;
    pod.folder = temporaryFolder('pod');
    const { spec } = workload.spec.template;
    pod.container = spec.containers.find((each) => each.name === name);
    assert.ok(pod.container, `a container named ${name}`);
    const mounts = pod.container.volumeMounts;
    assert.equal(new Set(mounts.map((each) => each.mountPath)).size, mounts.length, 'each place is mounted once');
    for (const { name: volume, mountPath } of mounts) {
      const found = spec.volumes.filter((each) => each.name === volume);
      assert.equal(found.length, 1, `one volume named ${volume}`);
      await pod.#fill(found[0], mountPath, all);
    }
    // As Kubernetes sets it in every container.
    pod.env = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };
    for (const { name: variable, value, valueFrom } of pod.container.env ?? []) {
      pod.env[variable] = value ?? `stand-in-for-${valueFrom.secretKeyRef.name}-${valueFrom.secretKeyRef.key}`;
    }
    return pod;
  }

  async #fill(volume, mountPath, all) {
    const at = this.path(mountPath);
    mkdirSync(at, { recursive: true });
    if (volume.configMap) {
      const { data } = only(all, 'ConfigMap', volume.configMap.name);
      for (const { key, path: file } of volume.configMap.items) {
        assert.ok(data[key], `${volume.configMap.name} has the key ${key}`);
        mkdirSync(path.dirname(path.join(at, file)), { recursive: true });
        writeFileSync(path.join(at, file), this.#seenFromHere(data[key]));
      }
    } else if (volume.secret) {
      made ??= certificate();
      for (const [file, from] of Object.entries(await made)) {
        copyFileSync(from, path.join(at, file));
        chmodSync(path.join(at, file), volume.secret.defaultMode);
      }
    } else {
      assert.ok(volume.emptyDir || volume.persistentVolumeClaim, `${volume.name}: what a volume is of`);
    }
  }

  /** Where a path of the pod is on this machine. */
  path(inside) {
    return path.join(this.folder, inside);
  }

  #seenFromHere(text) {
    const paths = text.replaceAll(/(\/etc\/postern|\/var\/lib\/postern)/g, (inside) => this.path(inside));
    return paths.replaceAll(/0\.0\.0\.0:(\d+)/g, (all, port) => (this.ports[port] ? `127.0.0.1:${this.ports[port]}` : all));
  }

  /** The container's own arguments, or others of the same program. */
  words(words = this.container.args) {
    return words.map((each) => this.#seenFromHere(each));
  }

  /** Where a probe of the container asks. */
  probe(name) {
    const { path: at, port } = this.container[name].httpGet;
    const own = this.container.ports.find((each) => each.name === port).containerPort;
    return `http://127.0.0.1:${this.ports[own]}${at}`;
  }

  get file() {
    const { args } = this.container;
    assert.equal(args[1], '-c');
    return this.path(args[2]);
  }

  check() {
    return run(binary(), ['check', '-c', this.file], { env: this.env });
  }
}

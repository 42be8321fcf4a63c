// What the chart describes, run: the gateway with a pod's files, arguments and environment, asked by the pod's probes.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binary, patience } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { Child, freePort, root, run } from '../interop/lib/process.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { until } from '../interop/lib/wait.mjs';
import { example, only, render, runHelm, chart } from './lib/helm.mjs';
import { Pod } from './lib/pod.mjs';

const host = { Host: 'ai.example.test', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'ai.example.test' };

describe('a pod of the chart', { timeout: 120_000 * patience }, () => {
  let upstream;
  let pod;
  let child;
  let deployment;
  const state = (name = '') => pod.path(path.join('/var/lib/postern', name));
  const modeOf = (file) => (statSync(file).mode & 0o777).toString(8);

  before(async () => {
    upstream = await RecordingUpstream.start();
    const port = new URL(upstream.url).port;
    const further = ['--set', `sidecar.port=${port},trustedProxies={127.0.0.1/32}`];
    const all = await render('sidecar', { further });
    deployment = only(all, 'Deployment');
    pod = await Pod.of(all, deployment, { ports: { 8080: await freePort(), 9464: await freePort() } });
    // The root of a volume with fsGroup: its group's, writable to it, handed on.
    chmodSync(state(), 0o2770);
  });
  after(async () => {
    await child?.kill();
    await upstream?.stop();
  });

  async function start() {
    child = new Child(binary(), pod.words(), { env: pod.env, cwd: pod.folder });
    await until('the startup probe', async () => {
      if (!child.alive) throw Object.assign(new Error(child.output), { fatal: true });
      return (await send(pod.probe('startupProbe'), { seconds: 2 })).status === 200;
    });
  }
  const stop = async () =>
    assert.deepEqual(await child.stop(deployment.spec.template.spec.terminationGracePeriodSeconds), {
      code: 0,
      signal: null,
    });

  it('starts, and its probes are content', async () => {
    await start();
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      assert.equal((await send(pod.probe(name))).status, 200, name);
  });

  it('challenges whoever comes without a token, at the address that clients know', async () => {
    const url = `http://127.0.0.1:${pod.ports[8080]}/mcp/orgonaut`;
    const answer = await send(url, { method: 'POST', headers: host, json: {} });
    assert.equal(answer.status, 401, answer.text);
    const metadata = 'https://ai.example.test/.well-known/oauth-protected-resource/mcp/orgonaut';
    assert.match(String(answer.headers['www-authenticate']), new RegExp(`resource_metadata="${metadata}"`));
  });

  it('takes a user by the command that the notes of the release tell', async () => {
    const words = ['install', 'edge', chart, '-n', 'mcp', '-f', example('sidecar'), '--dry-run=client'];
    const { code, output } = await runHelm(...words);
    assert.equal(code, 0, output);
    const [, command] = /kubectl exec -n mcp deploy\/edge-postern -c postern -- postern (user add .*)$/m.exec(output);
    const added = await run(binary(), pod.words(command.split(' ')), { env: pod.env });
    assert.equal(added.code, 0, added.output);
    assert.match(added.output, /Password: \S{20}/);
  });

  it('writes nothing but into its volumes, and its state for itself alone', async () => {
    const files = readdirSync(state());
    assert.ok(files.includes('postern.db') && files.includes('postern.db.key'), files.join(' '));
    for (const file of files) assert.equal(modeOf(state(file)), '600', file);
    const others = readdirSync(pod.folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const written = others.filter((each) => !each.parentPath.startsWith(pod.path('/etc')));
    for (const each of written) assert.equal(each.parentPath, state(), each.name);
  });

  it('ends in good order within its grace period, and starts again on the same volume', async () => {
    await stop();
    await start();
    await stop();
  });

  it('is refused a state opened to the group, and mended as the README says', async () => {
    for (const file of readdirSync(state())) chmodSync(state(file), 0o660);
    child = new Child(binary(), pod.words(), { env: pod.env });
    assert.deepEqual(await child.exited, { code: 1, signal: null });
    assert.match(child.output, /run: chmod 600 /);
    const readme = readFileSync(path.join(root, 'helm/postern/README.md'), 'utf8');
    const [, mend] = /command: \[sh, -c, "(chmod [^"]+)"\]/.exec(readme);
    assert.equal((await run('sh', ['-c', pod.words([mend])[0]])).code, 0);
    await start();
    await stop();
  });
});

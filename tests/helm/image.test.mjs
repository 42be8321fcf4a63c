// The Dockerfile, as far as it can be judged without building it: what it copies is there, what the program needs is in
// the image, and the chart runs the user that it makes.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { binary } from '../interop/lib/gateway.mjs';
import { root, run, temporaryFolder } from '../interop/lib/process.mjs';
import { manifest, only, render } from './lib/helm.mjs';

const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const instructions = (name) => [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, words]) => words.trim());
const stages = dockerfile.split(/^FROM /m).slice(1);

/** The packages that bring the libraries a program is linked with, but for those of every Debian. */
async function packagesOf(program) {
  const linked = await run('ldd', [program]);
  assert.equal(linked.code, 0, linked.output);
  const everywhere = /\/lib(c|m|gcc_s)\.so/;
  const files = [...linked.output.matchAll(/=> (\/\S+)/g)].map(([, file]) => file);
  const libraries = files.filter((each) => !everywhere.test(each)).map((each) => realpathSync(each));
  assert.ok(libraries.length > 3);
  const owned = await run('dpkg', ['-S', ...libraries]);
  assert.equal(owned.code, 0, owned.output);
  const packages = owned.stdout.trim().split('\n').map((line) => line.split(':')[0]);
  return [...new Set(packages)].sort();
}

describe('the Dockerfile', { timeout: 60_000 }, () => {
  it('copies what the build needs: it is configured, and no source of the program is missing', async () => {
    const folder = temporaryFolder('image');
    for (const words of instructions('COPY').filter((each) => !each.startsWith('--from')))
      for (const source of words.split(' ').slice(0, -1))
        cpSync(path.join(root, source), path.join(folder, source), { recursive: true });
    const configured = await run('cmake', ['--preset', 'release'], { cwd: folder });
    assert.equal(configured.code, 0, configured.output);
    // Says what it would do, which takes that everything is there to do it with.
    const planned = await run('ninja', ['-n', '-C', path.join(folder, 'build/release'), 'postern']);
    assert.equal(planned.code, 0, planned.output);
  });

  it('brings the libraries that the program is linked with, and no others', async () => {
    const installs = /apt-get install -y --no-install-recommends ([^&]*)/.exec(stages[1])[1].trim().split(/ +/);
    assert.deepEqual(installs.filter((each) => each !== 'ca-certificates').sort(), await packagesOf(binary()));
  });

  it('runs as a user with a number, which the chart and the manifest name too', async () => {
    const [uid, gid] = instructions('USER')[0].split(':').map(Number);
    assert.ok(uid > 0 && gid > 0);
    for (const all of [await render('minimal'), manifest()]) {
      const { runAsUser, runAsGroup, fsGroup } = only(all, 'Deployment').spec.template.spec.securityContext;
      assert.deepEqual([runAsUser, runAsGroup, fsGroup], [uid, gid, gid]);
    }
  });

  it('starts what the chart gives its arguments to', async () => {
    const [command] = JSON.parse(instructions('ENTRYPOINT')[0]);
    assert.match(stages[1], new RegExp(`^COPY --from=build \\S+ ${command}$`, 'm'));
    const [container] = only(await render('minimal'), 'Deployment').spec.template.spec.containers;
    assert.deepEqual(container.args, JSON.parse(instructions('CMD')[0]));
  });
});

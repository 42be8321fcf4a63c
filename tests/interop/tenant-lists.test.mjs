// Many tenants at once: from a list into the store, and from a folder of files.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Gateway, binary, patience, sanitized } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { ping } from './lib/mcp.mjs';
import { run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const count = sanitized ? 300 : 5000;
const lines = (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

describe('lists of tenants', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'tenant-lists',
      upstream: upstream.url,
      users: [{ name: 'alice', members: [] }],
      configure: (config, { folder, origin }) => {
        mkdirSync(path.join(folder, 'tenants'));
        const file = (name, text) => writeFileSync(path.join(folder, 'tenants', name), text);
        file('globex.yaml', 'name: Globex\nplan: business\nmembers:\n  - {user: alice, role: viewer}\n');
        file('.hidden.yaml', 'no: tenant\n');
        file('notes.txt', 'no tenant\n');
        config.tenants_dir = 'tenants';
        config.upstreams.everything.headers = { 'X-Tenant': '{tenant.handle}', 'X-Role': '{role|-}' };
        config.resources.push({ serve: `${origin}/t/{tenant}/mcp`, upstream: 'everything', policy: 'everything' });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const at = (handle) => `${gateway.origin}/t/${handle}/mcp`;
  const json = async (words) => JSON.parse(await gateway.command([...words, '--json']));
  function write(name, text) {
    const file = path.join(gateway.folder, name);
    writeFileSync(file, text);
    return file;
  }
  async function refused(file, pattern, input = '') {
    const words = ['tenant', 'import', file, '-c', gateway.file];
    const { code, output, stdout } = await run(binary(), words, { cwd: gateway.folder, input });
    assert.deepEqual([code, stdout], [1, ''], output);
    assert.match(output, pattern);
    assert.match(output, /nothing was imported/);
  }
  /** A token of alice works at that tenant, and the server behind hears whose it is. */
  async function works(handle, role) {
    const words = ['token', 'mint', '--user', 'alice', '--tenant', handle, '--resource', at(handle)];
    const token = (await gateway.command([...words, '--scope', 'mcp.connect'])).trim();
    assert.equal((await ping(at(handle), token, { headers: { 'X-Tenant': handle } })).status, 200);
    const { headers } = upstream.requests.at(-1);
    assert.deepEqual([headers['x-tenant'], headers['x-role']], [handle, role]);
  }

  it('what holds no tenants is refused: what should have written them has failed', async () => {
    await refused('-', /standard input:1:1: this holds no tenants: write one on each line/);
    await refused(write('blank.jsonl', '\n \n'), /blank\.jsonl:1:1: this holds no tenants/);
  });

  it('a tenant of the configuration is not removed by a command, which says where it is', async () => {
    const { code, output } = await run(binary(), ['tenant', 'remove', 'globex', '-c', gateway.file]);
    assert.deepEqual([code, output], [1, 'postern: the configuration file defines `globex`: remove it there\n']);
  });

  it('a folder holds a file for each tenant', async () => {
    assert.equal((await send(at('globex'), { method: 'POST' })).status, 401);
    for (const nobody of ['.hidden', 'notes']) assert.equal((await send(at(nobody), { method: 'POST' })).status, 404);
    await works('globex', 'viewer');
    const listed = await json(['tenant', 'list']);
    assert.deepEqual(listed.map((each) => [each.handle, each.from]), [['acme', 'file'], ['globex', 'file']]);
  });

  it('a list is imported whole, and counts at once in a gateway that runs', async () => {
    const document = 'tenants:\n  - {handle: initech, plan: free, members: [{user: alice, role: admin}]}\n';
    const file = write('list.yaml', document);
    assert.equal((await send(at('initech'), { method: 'POST' })).status, 404);
    assert.deepEqual(await json(['tenant', 'import', file]), { tenants: 1, members: 1, changed: 2 });
    assert.equal((await send(at('initech'), { method: 'POST' })).status, 401);
    await works('initech', 'admin');
    assert.deepEqual(await json(['tenant', 'import', file]), { tenants: 1, members: 1, changed: 0 });
    writeFileSync(file, document.replace('admin', 'viewer'));
    assert.equal((await json(['tenant', 'import', file])).changed, 1);
    await works('initech', 'viewer');
  });

  it('what is not given stays, and what is given as "" or null is cleared', async () => {
    const plan = async () => (await json(['tenant', 'list'])).find((each) => each.handle === 'umbrella');
    const full = { handle: 'umbrella', name: 'Umbrella', plan: 'business', members: [{ user: 'alice', role: 'admin' }] };
    for (const [name, text] of [
      ['keep.jsonl', (entry) => `${JSON.stringify(entry)}\n`],
      ['keep.yaml', (entry) => JSON.stringify({ tenants: [entry] })],
    ]) {
      const imported = async (entry) => (await json(['tenant', 'import', write(name, text(entry))])).changed;
      await imported(full);
      assert.equal(await imported({ handle: 'umbrella' }), 0);
      assert.equal(await imported({ handle: 'umbrella', members: [{ user: 'alice' }] }), 0);
      assert.deepEqual(await plan(), { handle: 'umbrella', name: 'Umbrella', plan: 'business', from: 'store' });
      await works('umbrella', 'admin');
      for (const nothing of ['', null]) {
        await imported(full);
        assert.equal(await imported({ handle: 'umbrella', plan: nothing, name: nothing }), 1);
        assert.deepEqual(await plan(), { handle: 'umbrella', name: 'umbrella', plan: '', from: 'store' });
        assert.equal(await imported({ handle: 'umbrella', members: [{ user: 'alice', role: nothing }] }), 1);
        await works('umbrella', '-');
      }
    }
    await json(['tenant', 'remove', 'umbrella']);
  });

  it('JSON Lines may be of any length, from a file or standard input', async () => {
    const entries = Array.from({ length: count }, (_, i) => ({
      ...{ handle: `many-${i}`, name: `Many ${i}`, plan: 'business' },
      members: [{ user: i % 2 ? 'bob' : 'alice', role: 'viewer' }],
    }));
    const file = write('many.jsonl', lines(entries));
    assert.deepEqual(await json(['tenant', 'import', file]), { tenants: count, members: count, changed: 2 * count });
    for (const i of [0, count / 2, count - 2]) await works(`many-${i}`, 'viewer');
    assert.equal((await send(at(`many-${count}`), { method: 'POST' })).status, 404);
    const more = await gateway.command(['tenant', 'import', '-', '--json'], { input: lines([{ handle: 'piped' }]) });
    assert.equal(JSON.parse(more).changed, 1);
    assert.equal((await json(['tenant', 'list'])).length, count + 4);
  });

  it('a list with a fault is not imported at all, and every fault has its place', async () => {
    const before = (await json(['tenant', 'list'])).length;
    const good = '{"handle":"good"}\n';
    const bad = [
      ['{"handle":"Bad"}\n', /bad\.jsonl:2:11: `handle` `Bad`/],
      ['{"handle":"good"}\n', /bad\.jsonl:2:11: the tenant `good` is given twice; the first is at \S+bad\.jsonl:1:1/],
      ['{"handle":"x","colour":"red"}\n', /bad\.jsonl:2:15: unknown key `colour`/],
      ['{"handle":"x","members":[{"user":"a","role":"boss"}]}\n', /bad\.jsonl:2:45: no policy .* the role `boss`/],
      ['{"handle":"x","members":[{"user":"idp:1"}]}\n', /bad\.jsonl:2:34: `user` begins with `idp:`/],
      ['{"handle":"acme"}\n', /bad\.jsonl:2:1: the configuration file defines `acme`/],
      ['{"handle":"x","name":"${HOME}"}\n', /bad\.jsonl:2:/],
      ['{"handle":"x"', /bad\.jsonl:2:/],
    ];
    for (const [line, pattern] of bad) await refused(write('bad.jsonl', good + line), pattern);
    await refused('-', /standard input:1:1/, '[]\n');
    await refused(write('bad.yaml', 'tenants: [{handle: x}]\nlisten: []\n'), /bad\.yaml:2:1: unknown key `listen`/);
    const foreign = 'root:$y$j9T$hunter2:19000:0:99999:7:::\n';
    for (const name of ['shadow', 'shadow.jsonl']) {
      const file = write(name, foreign.repeat(3));
      const { output } = await run(binary(), ['tenant', 'import', file, '-c', gateway.file], { cwd: gateway.folder });
      assert.match(output, new RegExp(`^${file}:1:1: this (is not a list of tenants|line is not valid JSON): .*\\n`));
      assert.equal(output.split('\n').length, 3, output);
      assert.doesNotMatch(output, /hunter2/);
    }
    await refused('/nowhere.yaml', /cannot read this file: there is no such file/);
    await refused('/nowhere.jsonl', /cannot read this file: there is no such file/);
    assert.equal((await json(['tenant', 'list'])).length, before);
  });
});

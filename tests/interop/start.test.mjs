// How the process begins: with everything it needs, or with one sentence and exit code 1.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binary, Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { initialize, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { Child, freePort, run, temporaryFolder } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

const seconds = 15 * patience;

describe('the beginning', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** `serve` must end by itself, with exit code 1 and one sentence for people that matches. */
  async function failsToStart(file, sentence) {
    const child = new Child(binary(), ['serve', '-c', file], { input: '' });
    try {
      const { code } = await within(seconds, `the end of a serve that cannot work`, child.exited);
      assert.equal(code, 1, child.output);
      assert.match(child.output, sentence);
      assert.doesNotMatch(child.output, /listening on|terminate called|Segmentation/);
      assert.equal(
        child.output
          .trimEnd()
          .split('\n')
          .filter((line) => !line.startsWith('{')).length,
        1,
        child.output,
      );
    } finally {
      await child.kill();
    }
  }

  it('quick that cannot listen does not use up the password it would have shown', async () => {
    const taken = `127.0.0.1:${new URL(upstream.url).port}`;
    const folder = temporaryFolder('quick');
    const failed = await run(binary(), ['quick', '--upstream', upstream.url, '--listen', taken], { cwd: folder });
    assert.equal(failed.code, 1, failed.output);
    assert.match(failed.output, /Address already in use/);
    const listen = `127.0.0.1:${await freePort()}`;
    const child = new Child(binary(), ['quick', '--upstream', upstream.url, '--listen', listen], { cwd: folder });
    try {
      await until('the password', () => /^Password: \S{12,}$/m.test(child.output));
    } finally {
      await child.stop();
    }
  });

  it('quick says at each start who may sign in; a password that was lost is replaced without losing anything', async () => {
    const folder = temporaryFolder('quick-password');
    const port = await freePort();
    const quick = (...words) => ['quick', ...words];
    const lost = await run(binary(), quick('--new-password'), { cwd: folder });
    assert.equal(lost.code, 1);
    assert.match(lost.output, /there is no postern-data\/postern\.db here: run this in the folder where/);
    assert.ok(!existsSync(path.join(folder, 'postern-data')), 'nothing was made');
    const start = async () => {
      const child = new Child(binary(), quick('--upstream', upstream.url, '--listen', `127.0.0.1:${port}`), {
        cwd: folder,
      });
      await until('the start', () => /^Password: .*\n/m.test(child.stdout));
      return child;
    };
    const passwordIn = (text) => /^User: admin\nPassword: (\S{12,})$/m.exec(text)[1];
    const origin = `http://127.0.0.1:${port}`;
    const gateway = { origin, resource: `${origin}/mcp` };
    const signsIn = async (secret) => {
      const client = await OAuthClient.register(gateway);
      const grant = await client.grant({ user: 'admin', secret, scope: 'mcp:use' });
      assert.equal((await ping(gateway.resource, grant.access_token)).status, 200);
    };
    let child = await start();
    try {
      const first = passwordIn(child.stdout);
      await signsIn(first);
      const made = await run(binary(), quick('--new-password'), { cwd: folder });
      assert.equal(made.code, 0, made.output);
      const second = passwordIn(made.stdout);
      assert.notEqual(second, first);
      await signsIn(second);
      await assert.rejects(signsIn(first), /no redirect to the client/);
      await child.stop(20 * patience);
      child = await start();
      assert.match(child.stdout, /^User: admin\nPassword: as printed .*`postern quick --new-password` here$/m);
      await signsIn(second);
    } finally {
      await child.stop(20 * patience);
    }
  });

  it('quick says that nothing answers at --upstream, or nothing at its path, and starts all the same', async () => {
    const dead = await freePort();
    const elsewhere = await RecordingUpstream.start({
      answer: (message, { url }, response) => url !== '/mcp' && response.writeHead(404).end(),
    });
    const cases = [
      [`http://127.0.0.1:${dead}/mcp`, /^postern: no MCP server answers at \S+ \(.*Connection refused\)\. Start it/m],
      [new URL('/', elsewhere.url).href, /^postern: the server at \S+ answers with 404/m],
    ];
    for (const [url, sentence] of cases) {
      const listen = `127.0.0.1:${await freePort()}`;
      const child = new Child(binary(), ['quick', '--upstream', url, '--listen', listen], {
        cwd: temporaryFolder('quick-dead'),
      });
      try {
        await until('the sentence', () => sentence.test(child.output));
        assert.equal((await send(`http://${listen}/mcp`, { method: 'POST', json: {} })).status, 401);
        assert.match(child.stdout, /^MCP URL: /m);
      } finally {
        await child.stop(20 * patience);
      }
    }
    await elsewhere.stop();
  });

  it('a second instance on the same port fails, names the port, and does not disturb the first', async () => {
    gateway = await Gateway.start({ name: 'lifecycle-port', upstream: upstream.url });
    const token = (await (await OAuthClient.register(gateway)).grant()).access_token;
    const rivals = {
      'the gateway port': (config) => (config.listen[0].address = `127.0.0.1:${gateway.port}`),
      'the operations port': (config) => (config.listen[1].address = `127.0.0.1:${gateway.operationsPort}`),
    };
    for (const [what, change] of Object.entries(rivals)) {
      const rival = await Gateway.create({ name: 'lifecycle-rival', upstream: upstream.url, configure: change });
      const port = what === 'the gateway port' ? gateway.port : gateway.operationsPort;
      await failsToStart(rival.file, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: Address already in use`));
    }
    for (let count = 0; count < 20; ++count) assert.equal((await ping(gateway.resource, token)).status, 200);
  });

  it('a second gateway on the store of one that runs is refused, by name; commands go on; kill -9 frees it', async () => {
    const own = await Gateway.start({ name: 'lifecycle-claim', upstream: upstream.url });
    const store = path.join(own.folder, 'postern.db');
    const second = await Gateway.create({
      name: 'lifecycle-claim-second',
      upstream: upstream.url,
      configure: (config) => {
        config.store = `sqlite:${store}`;
      },
    });
    try {
      const inUse = `postern: the store ${store} is in use by a gateway (process ${own.pid} on `;
      const sentence = new RegExp(`${inUse.replace(/[.(]/g, '\\$&')}\\S+\\): .*End that one first`);
      for (const { file } of [second, own]) await failsToStart(file, sentence);
      assert.match(await own.command(['user', 'list']), /alice/);
      await own.addUser({ name: 'bob' });
      const lost = await run(binary(), ['keys', 'replace-lost', '-c', own.file]);
      assert.deepEqual([lost.code, lost.stdout], [1, '']);
      assert.match(lost.output, sentence);
      assert.ok(own.alive, 'the first one goes on');
      await own.kill();
      await second.start();
      await second.stop();
      await own.start();
    } finally {
      await second.stop();
      await own.stop();
    }
  });

  it('where there is no store, commands that look make none, and others say that they made it', async () => {
    const own = await Gateway.create({ name: 'lifecycle-no-store', upstream: upstream.url });
    const store = `sqlite:${path.join(own.folder, 'postern.db')}`;
    const runs = (...words) => run(binary(), [...words, '-c', own.file], { cwd: own.folder });
    const looks = [
      ...['user list', 'tenant list', 'client list', 'grant list', 'keys list'].map((words) => words.split(' ')),
      ['user', 'disable', 'alice'],
      ['tenant', 'set', 'umbrella', '--plan', 'business'],
      ['member', 'remove', 'alice', 'umbrella'],
      ['token', 'mint', '--user', 'alice', '--tenant', 'acme', '--resource', own.resource, '--scope', 'mcp.connect'],
    ];
    for (const words of looks) {
      const { code, stdout, output } = await runs(...words);
      assert.deepEqual([code, stdout], [1, ''], output);
      assert.ok(output.startsWith(`postern: there is no store at ${store}, which \`store\` (`), output);
      assert.match(output, /\) names\. `postern serve` makes it, and so does the first `user add`\n$/);
    }
    assert.ok(!existsSync(path.join(own.folder, 'postern.db')));
    const added = await runs('tenant', 'add', 'umbrella');
    assert.equal(added.code, 0, added.output);
    assert.ok(added.output.includes(`postern: made a new, empty store at ${store}\n`), added.output);
    const again = await runs('tenant', 'add', 'initech');
    assert.doesNotMatch(again.output, /made a new/);
    for (const name of ['postern.db', 'postern.db-wal', 'postern.db-shm', 'postern.db.key'])
      rmSync(path.join(own.folder, name), { force: true });
    await own.start();
    await own.logged('"event":"store_made"');
    await own.stop();
  });

  it('a store without its key is refused by every command; `keys replace-lost` says what ends, and makes one', async () => {
    const own = await Gateway.create({
      name: 'lifecycle-lost-key',
      upstream: upstream.url,
      configure: (config) => {
        config.authorization_servers.main.access_token = { format: 'jwt' };
      },
    });
    await own.addUser({ name: 'alice', members: ['acme:admin'] });
    await own.start();
    const client = await OAuthClient.register(own);
    const tokens = await client.grant();
    await own.stop();
    const key = path.join(own.folder, 'postern.db.key');
    const replace = (...words) => run(binary(), ['keys', 'replace-lost', ...words], { cwd: own.folder });
    const nothing = await replace('-c', own.file);
    assert.equal(nothing.code, 1);
    assert.match(nothing.output, /postern\.db\.key is there, so nothing is lost and nothing was changed/);
    rmSync(key);
    const sentence = /postern: .*postern\.db\.key is gone: restore .* run `postern keys replace-lost -c FILE`/;
    await failsToStart(own.file, sentence);
    for (const words of [
      ['user', 'list'],
      ['grant', 'list'],
      ['keys', 'list'],
    ]) {
      const { code, output } = await run(binary(), [...words, '-c', own.file]);
      assert.equal(code, 1, output);
      assert.match(output, sentence);
    }
    assert.ok(!existsSync(key), 'none of them made a key');
    const made = await replace('--store', `sqlite:${path.join(own.folder, 'postern.db')}`);
    assert.equal(made.code, 0, made.output);
    assert.match(made.stdout, /1 key that signs access tokens, and every token that it signed/);
    assert.match(made.stdout, new RegExp(`A new key is in ${key.replaceAll('.', '\\.')}`));
    await own.start();
    assert.equal((await ping(own.resource, tokens.access_token)).status, 401, 'what the lost key signed has ended');
    const next = await client.refresh(tokens.refresh_token);
    assert.equal(next.status, 200, 'its grant has not');
    assert.equal((await ping(own.resource, next.body.access_token)).status, 200);
    await own.stop();
    writeFileSync(key, 'short', { mode: 0o600 });
    const damaged = JSON.parse((await replace('-c', own.file, '--json')).stdout);
    assert.deepEqual(damaged, { key, kept: `${key}.damaged`, signing_keys: 1 });
    assert.equal(readFileSync(damaged.kept, 'utf8'), 'short');
    await own.start();
    await own.stop();
  });

  const stores = {
    'a folder that is missing': [
      (folder) => path.join(folder, 'no', 'such', 'folder', 'postern.db'),
      /postern: the directory .*no\/such\/folder does not exist/,
    ],
    'a file where the folder should be': [
      (folder) => {
        writeFileSync(path.join(folder, 'file'), '');
        return path.join(folder, 'file', 'postern.db');
      },
      /postern: .*file is not a directory|postern: .*Not a directory/,
    ],
    'a file that is no database': [
      (folder) => {
        const file = path.join(folder, 'text.db');
        writeFileSync(file, 'This is a letter to a friend, and no database at all.\n'.repeat(100), { mode: 0o600 });
        return file;
      },
      /postern: .*text\.db is not a database/,
    ],
    'a file that may only be read': [
      (folder) => {
        const file = path.join(folder, 'read-only.db');
        writeFileSync(file, '');
        chmodSync(file, 0o400);
        return file;
      },
      /postern: .*read-only\.db is read-only/,
    ],
    'a file that others may read': [
      (folder) => {
        const file = path.join(folder, 'shared.db');
        writeFileSync(file, '');
        chmodSync(file, 0o644);
        return file;
      },
      /postern: .*shared\.db may be read by others than its owner; run: chmod 600/,
    ],
    'a folder in its place': [
      (folder) => {
        mkdirSync(path.join(folder, 'folder.db'));
        return path.join(folder, 'folder.db');
      },
      /postern: .*folder\.db is not a plain file/,
    ],
    'a folder that cannot be written': [() => '/proc/postern.db', /postern: \/proc\/postern\.db cannot be made/],
  };

  for (const [what, [make, sentence]] of Object.entries(stores)) {
    it(`store, ${what}: a sentence and exit code 1`, async () => {
      const broken = await Gateway.create({
        name: 'lifecycle-store',
        upstream: upstream.url,
        configure: (config, self) => {
          config.store = `sqlite:${make(self.folder)}`;
        },
      });
      await failsToStart(broken.file, sentence);
    });
  }

  it('store, a damaged key: a sentence and exit code 1, never a new key in silence', async () => {
    const own = await Gateway.create({ name: 'lifecycle-key', upstream: upstream.url });
    await own.addUser({ name: 'alice', members: ['acme:admin'] });
    const key = path.join(own.folder, 'postern.db.key');
    assert.ok(existsSync(key));
    writeFileSync(key, 'short');
    await failsToStart(own.file, /postern\.db\.key is not a key of 32 bytes/);
    assert.equal(readFileSync(key, 'utf8'), 'short');
  });

  it('a configuration that is wrong ends with its place and exit code 1, before anything listens', async () => {
    const own = await Gateway.create({
      name: 'lifecycle-config',
      upstream: upstream.url,
      configure: (config) => {
        config.resorces = config.resources;
      },
    });
    await failsToStart(own.file, /postern\.yaml:\d+:\d+: .*resorces/);
    assert.ok(!existsSync(path.join(own.folder, 'postern.db')), 'the store was not touched');
    const { code } = await run(binary(), ['serve', '-c', path.join(own.folder, 'nothing.yaml')]);
    assert.equal(code, 1);
  });

  it('an upstream that is down at the start: signing in works, calls are 502, and work once it is there', async () => {
    const port = await freePort();
    const own = await Gateway.start({ name: 'lifecycle-upstream', upstream: `http://127.0.0.1:${port}/mcp` });
    let late;
    try {
      assert.equal((await send(`${own.operations}/readyz`)).status, 200);
      const token = (await (await OAuthClient.register(own)).grant()).access_token;
      const refused = await ping(own.resource, token);
      assert.equal(refused.status, 502);
      assert.equal(refused.message.error.data.error, 'upstream_unavailable');
      assert.ok(refused.message.error.data.request_id);
      late = await RecordingUpstream.start({ port });
      await until('the upstream to be used', async () => (await ping(own.resource, token)).status === 200, { seconds });
      await initialize(own.resource, token);
      await late.stop();
      const gone = await ping(own.resource, token);
      assert.deepEqual([gone.status, gone.message.error.data.error], [502, 'upstream_unavailable']);
      late = await RecordingUpstream.start({ port });
      await until('the upstream to be used again', async () => (await ping(own.resource, token)).status === 200, {
        seconds,
      });
    } finally {
      await own.stop();
      await late?.stop();
    }
  });
});

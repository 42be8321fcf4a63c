// Starts one of the examples as it stands in its folder: its legacy server, its postern.yaml, its users.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { binary, patience } from '../../tests/interop/lib/gateway.mjs';
import { send } from '../../tests/interop/lib/http.mjs';
import { Child, freePort, root, run, temporaryFolder } from '../../tests/interop/lib/process.mjs';
import { until } from '../../tests/interop/lib/wait.mjs';

export class Example {
  /**
   * `listen`: where it is served, `base`: its ${BASE_DOMAIN}, `certificate` and `key`: files; `env` adds to what its
   * configuration is filled with; `secret`: the password of all its users; `file`: another configuration of its folder;
   * `further`: YAML that is appended to it. What `accompany()` of its server.mjs starts is at `companion`.
   */
  static async start(name, { listen, base, certificate, key, env = {}, secret, file = 'postern.yaml', further }) {
    const example = new Example();
    example.folder = temporaryFolder(name);
    example.file = further ? example.#extended(name, file, further) : path.join(root, 'examples', name, file);
    const { about, accompany, serve } = await import(`../${name}/server.mjs`);
    example.about = about;
    example.legacy = await serve(0);
    example.companion = await accompany?.({ listen });
    const operations = `127.0.0.1:${await freePort()}`;
    mkdirSync(path.join(example.folder, 'data'), { mode: 0o700 });
    example.env = {
      ...{ LISTEN: listen, OPERATIONS: operations, CERTIFICATE: certificate, CERTIFICATE_KEY: key },
      ...{ BASE_DOMAIN: base, UPSTREAM: example.legacy.url, STORE: path.join(example.folder, 'data/postern.db') },
      ...example.companion?.env,
      ...env,
    };
    for (const user of about.users) {
      await example.command(['user', 'add', user, '--password-stdin'], { input: `${secret}\n` });
    }
    example.child = new Child(binary(), ['serve', '-c', example.file], { cwd: example.folder, env: example.env });
    await until(
      'Postern',
      async () => {
        if (!example.child.alive) throw Object.assign(new Error(example.child.output), { fatal: true });
        return (await send(`http://${operations}/readyz`, { seconds: 2 })).status === 200;
      },
      { seconds: 15 * patience },
    );
    return example;
  }

  /** Copies the configuration, appends `further`, and links the folders that it names by relative paths. */
  #extended(name, file, further) {
    const original = path.join(root, 'examples', name);
    for (const entry of readdirSync(original, { withFileTypes: true })) {
      if (entry.isDirectory()) symlinkSync(path.join(original, entry.name), path.join(this.folder, entry.name));
    }
    const copy = path.join(this.folder, file);
    writeFileSync(copy, `${readFileSync(path.join(original, file), 'utf8')}\n${further}\n`);
    return copy;
  }

  /** One command of the command line: its standard output. */
  async command(words, { input = '' } = {}) {
    const options = { cwd: this.folder, env: this.env, input };
    const { code, output, stdout } = await run(binary(), [...words, '-c', this.file], options);
    if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}: ${output}`);
    return stdout;
  }

  logs() {
    return this.child.output;
  }

  async stop() {
    const { code, signal } = await this.child.stop(20 * patience);
    await this.legacy.stop();
    await this.companion?.stop();
    const report = /(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:)[\s\S]*/.exec(this.logs());
    if (code !== 0 || report) throw new Error(`Postern ended with ${signal ?? code}\n${this.logs().slice(-4000)}`);
  }
}

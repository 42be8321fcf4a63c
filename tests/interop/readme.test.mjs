// README.md: every block in it is run, or checked against what it shows. A block that no rule here knows is a fault.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { binary, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { Child, freePort, nodeModules, root, run, temporaryFolder } from './lib/process.mjs';
import { until } from './lib/wait.mjs';

const text = readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, body]) => ({ language, body }));
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ body }) => body.trim().split('\n').map((line) => line.trim()));

/** Run by other parts of the tests, or by whoever builds this. */
const runElsewhere = new Set([
  'examples/quickstart/run',
  'examples/quickstart/run --check',
  'tests/run',
  'scripts/install-dependencies --build-only',
  'scripts/build release postern',
  // tests/helm/documents.test.mjs
  'helm lint helm/postern --strict -f helm/examples/sidecar.yaml',
  'helm template postern helm/postern --namespace mcp -f helm/examples/sidecar.yaml',
]);

const isConfiguration = ({ language, body }) => language === 'yaml' && /^listen:/m.test(body);
const isPolicy = ({ language, body }) => language === 'yaml' && /^scopes:/m.test(body);
const isCases = ({ language, body }) => language === 'yaml' && /^cases:/m.test(body);
const isPicture = ({ language }) => language === 'text';

const only = (rule) => {
  const found = blocks.filter(rule);
  assert.equal(found.length, 1, `README.md has ${found.length} such blocks`);
  return found[0].body;
};

describe('README.md', { timeout: 120_000 * patience }, () => {
  let folder;
  let port;
  let token;
  let resourceServer;
  const file = (...parts) => path.join(folder, ...parts);

  // The folder a reader of the page would have by its end.
  before(async () => {
    folder = temporaryFolder('readme');
    port = await freePort();
    mkdirSync(file('policies', 'cases'), { recursive: true });
    const configuration = only(isConfiguration).replaceAll(':8080', `:${port}`);
    writeFileSync(file('postern.minimal.yaml'), configuration);
    copyFileSync(path.join(root, 'config/policies/everyone.yaml'), file('policies', 'everyone.yaml'));
    writeFileSync(
      file('postern.yaml'),
      configuration.replace('policy: everyone', 'policy: links').replace('everyone.yaml', 'links.yaml'),
    );
    writeFileSync(file('policies', 'links.yaml'), only(isPolicy));
    writeFileSync(file('policies', 'cases', 'links.yaml'), only(isCases));
  });

  const words = (command) => {
    assert.match(command, /^(postern|curl) [\w ./:=@-]+$/, 'plain words that need no shell');
    return command.split(/ +/).slice(1);
  };

  /** Runs a command that ends. */
  async function runs(command) {
    const { code, output } = await run(binary(), words(command), { cwd: folder });
    assert.equal(code, 0, `${command}: ${output}`);
    return output;
  }

  /** Asks a gateway of the test's own in the place of the one that the command names. */
  async function asks(command) {
    const listen = `127.0.0.1:${await freePort()}`;
    const child = new Child(binary(), ['quick', '--listen', listen, '--upstream', 'http://127.0.0.1:1/mcp'], {
      cwd: temporaryFolder('readme-asked'),
    });
    try {
      await until(`an answer of ${listen}`, async () => (await send(`http://${listen}/mcp`, { seconds: 2 })).status);
      return await runs(command.replace('https://ai.example.test', `http://${listen}`));
    } finally {
      assert.deepEqual(await child.stop(20 * patience), { code: 0, signal: null });
    }
  }

  /** Starts a command that serves, asks it once, and ends it. */
  async function serves(command, origin, headers, further = []) {
    const child = new Child(binary(), [...words(command), ...further], { cwd: folder });
    try {
      const answer = await until(`an answer of ${command}`, async () => {
        if (!child.alive) throw Object.assign(new Error(child.output), { fatal: true });
        return send(`${origin}/mcp`, { method: 'POST', headers, json: {}, seconds: 2 });
      });
      assert.equal(answer.status, 401, answer.body);
      assert.match(String(answer.headers['www-authenticate']), /^Bearer .*resource_metadata="/);
      return child.output;
    } finally {
      assert.deepEqual(await child.stop(20 * patience), { code: 0, signal: null });
    }
  }

  // The package as it is installed for these tests, without npx asking a registry for it.
  const installed = (name) => {
    const folder = path.join(nodeModules, name);
    const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    return [process.execPath, path.join(folder, Object.values(bin)[0])];
  };

  const rules = [
    [/^postern check -c postern\.minimal\.yaml$/, async (command) => assert.match(await runs(command), /valid/)],
    [/^postern user add \w+ --password-generate -c postern\.minimal\.yaml$/, async (command) =>
      assert.match(await runs(command), /Password: \S{20}/)],
    [/^postern serve -c postern\.minimal\.yaml$/, (command) =>
      serves(command, `http://127.0.0.1:${port}`, { Host: 'ai.example.test' })],
    [/^postern policy test -c postern\.yaml$/, async (command) => assert.match(await runs(command), / 0 failed/)],
    // A member without a role may hold no scope of that policy.
    [/^postern policy explain -c postern\.yaml /, async (command) => {
      const { code, output } = await run(binary(), words(command), { cwd: folder });
      assert.deepEqual([code, /^deny by /.test(output)], [1, true], output);
    }],
    [/^postern connect /, async (command) => assert.match(await asks(command), /^client_id: client_\S+$/m)],
    [/^postern doctor /, async (command) => {
      const output = await asks(command);
      assert.match(output, /^✓ /);
      assert.doesNotMatch(output, /✗/);
    }],
    [/^postern token mint /, async (command) => {
      token = (await runs(command)).trim().split('\n').at(-1);
      assert.match(token, /^mcpv1_\S{40,}$/);
    }],
    [/^postern grant list /, async (command) => assert.match(await runs(command), /alice/)],
    [/^postern client add .*--resource-server/, async (command) => {
      resourceServer = JSON.parse(await runs(`${command} --json`));
    }],
    // As curl sends it: -u is Basic, -d a form.
    [/^curl -u CLIENT_ID:CLIENT_SECRET -d token=TOKEN \S+$/, async (command) => {
      const child = new Child(binary(), ['serve', 'postern.minimal.yaml'], { cwd: folder });
      try {
        const { client_id: id, client_secret: secret } = resourceServer;
        const headers = {
          Host: 'ai.example.test',
          Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        };
        const url = command.split(' ').at(-1).replace('https://ai.example.test', `http://127.0.0.1:${port}`);
        const answer = await until(`an answer of ${command}`, async () => {
          if (!child.alive) throw Object.assign(new Error(child.output), { fatal: true });
          return send(url, { headers, form: { token }, seconds: 2 });
        });
        assert.equal(answer.status, 200, answer.text);
        const { active, sub, tenant, aud } = answer.json();
        assert.deepEqual([active, sub, tenant, aud], [true, 'local:alice', 'acme', 'https://ai.example.test/mcp']);
      } finally {
        assert.deepEqual(await child.stop(20 * patience), { code: 0, signal: null });
      }
    }],
    [/^postern token revoke /, async (command) => {
      const { code, output } = await run(binary(), words(command), { cwd: folder, input: `${token}\n` });
      assert.equal(code, 0, output);
    }],
    [/^postern quick --upstream \S+$/, async (command) => {
      const listen = `127.0.0.1:${await freePort()}`;
      const output = await serves(command, `http://${listen}`, {}, ['--listen', listen]);
      assert.match(output, /MCP URL: \S+\/mcp\nUser: \w+\nPassword: \S+\n/);
    }],
    [/^postern quick --new-password$/, async (command) =>
      assert.match(await runs(command), /^User: \w+\nPassword: \S{20}\n$/)],
    [/^postern quick -- npx -y \S+ stdio$/, async (command) => {
      const listen = `127.0.0.1:${await freePort()}`;
      const [, , , , , name, ...further] = command.split(' ');
      const own = ['--listen', listen, '--', ...installed(name), ...further];
      assert.match(await serves('postern quick', `http://${listen}`, {}, own), /MCP URL: \S+\/mcp\n/);
    }],
  ];

  for (const command of commands.filter((each) => !runElsewhere.has(each))) {
    it(`runs: ${command}`, async () => {
      const rule = rules.find(([pattern]) => pattern.test(command));
      assert.ok(rule, 'no rule of this test knows this command');
      await rule[1](command);
    });
  }

  it('shows the minimal configuration as it is shipped', () => {
    assert.equal(only(isConfiguration), readFileSync(path.join(root, 'config/postern.minimal.yaml'), 'utf8'));
  });

  it('names programs that are there', () => {
    for (const command of runElsewhere) {
      assert.ok(commands.includes(command), `${command} is no longer on the page: remove it here`);
      assert.ok(existsSync(path.join(root, command.split(' ')[0])), command);
    }
  });

  it('has no block that is not covered here', () => {
    const known = [({ language }) => language === 'sh', isConfiguration, isPolicy, isCases, isPicture];
    for (const block of blocks) assert.ok(known.some((rule) => rule(block)), `\`\`\`${block.language}\n${block.body}`);
    assert.equal(text.match(/^```/gm).length, 2 * blocks.length, 'a block is not closed, or has an unusual fence');
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
    assert.doesNotMatch(prose, /^( {4}|\t|~~~)/m, 'blocks are fenced with ```');
  });

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target);
    assert.ok(links.length > 0);
    for (const target of links) {
      if (!/^https?:/.test(target)) assert.ok(existsSync(path.join(root, target)), target);
    }
  });
});

// The command line by itself: exit codes (0 done, 1 the answer is no, 2 wrong usage), machine output, passwords.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { Gateway, binary, everythingPolicy, patience } from './lib/gateway.mjs';
import { root, run, temporaryFolder } from './lib/process.mjs';

const secret = 'correct horse';

describe('the command line', { timeout: 120_000 * patience }, () => {
  let gateway;

  // Nothing serves here.
  before(async () => {
    gateway = await Gateway.create({ name: 'cli', upstream: 'http://127.0.0.1:3001/mcp' });
    await gateway.addUser({ name: 'alice', members: ['acme:admin'] });
  });

  const postern = (words, { input = '' } = {}) =>
    run(binary(), Array.isArray(words) ? words : words.split(' '), { cwd: gateway.folder, input });
  const onStore = (words, options) =>
    postern([...(Array.isArray(words) ? words : words.split(' ')), '-c', gateway.file], options);

  it('--help and --version are answers, also of each command', async () => {
    const help = await postern('--help');
    assert.equal(help.code, 0);
    for (const command of 'serve check quick policy user tenant member token client grant connect doctor'.split(' '))
      assert.match(help.stdout, new RegExp(`^ +${command} `, 'm'));
    const version = await postern('--version');
    assert.deepEqual([version.code, /^postern \d+\.\d+\.\d+\S*\n$/.test(version.stdout)], [0, true], version.output);
    for (const words of ['user add --help', 'policy explain --help', 'client --help']) {
      const { code, stdout } = await postern(words);
      assert.equal(code, 0, words);
      assert.match(stdout, /Usage: /i);
    }
  });

  it('wrong usage is exit code 2, with a word on standard error and nothing on standard output', async () => {
    const { file } = gateway;
    for (const words of [
      [],
      ['frobnicate'],
      ['--frobnicate'],
      ['user'],
      ['user', 'frobnicate'],
      ['serve'],
      ['check'],
      ['check', '-c'],
      ['check', '-c', file, 'more'],
      ['check', file, '-c', 'more'],
      ['check', file, 'more'],
      ['grant', 'list', '--user', '', '-c', file],
      ['client', 'add', '--name', 'x', '--redirect-uri', 'https://a.test/cb', '--scope', '', '-c', file],
      ['client', 'add', '--name', 'x', '--redirect-uri', 'https://a.test/cb', '--jwks', '', '-c', file],
      ['tenant', 'set', 'acme', '--plan', 'x', '--no-plan', '-c', file],
      ['user', 'list'],
      ['user', 'add', '-c', file, '--password-generate'],
      ['user', 'add', 'bob', '-c', file],
      ['user', 'add', 'bob', '-c', file, '--password-stdin', '--password-generate'],
      ['user', 'set-password', 'alice', '-c', file],
      ['tenant', 'add', '-c', file],
      ['member', 'add', 'alice', '-c', file],
      ['token', 'mint', '-c', file, '--user', 'alice'],
      ['client', 'add', '-c', file, '--name', 'x'],
      ['grant', 'revoke', '-c', file],
      ['policy', 'explain', '-c', file, '--tenant', 'acme', '--user', 'alice', '--scope', 'x'],
      ['policy', 'explain', '-c', file, ...'--tenant acme --user alice --scope x --tool a --prompt b'.split(' ')],
      ['reference', 'pdf'],
      ['quick'],
    ]) {
      const { code, output, stdout } = await postern(words);
      assert.equal(code, 2, `postern ${words.join(' ')}: ${output}`);
      assert.equal(stdout, '', words.join(' '));
      assert.notEqual(output, '', words.join(' '));
    }
  });

  it('a word that is not understood is repeated, but never one that may be a password', async () => {
    const { file } = gateway;
    for (const [words, word] of [
      [['frobnicate'], 'frobnicate'],
      [['user', 'frobnicate', '-c', file], 'frobnicate'],
      [['quick', '--upstrem', 'http://127.0.0.1:1/mcp'], '--upstrem'],
      [['user', 'add', 'bob', '-c', file, `--pasword=${secret}`], '--pasword'],
    ]) {
      const { output } = await postern(words);
      assert.match(output, new RegExp(`\`${word}\` is no command or option here`), words.join(' '));
      assert.ok(!output.includes(secret), output);
    }
  });

  it('quick names the option that is wrong', async () => {
    for (const [words, option] of [
      [['--listen', '18080', '--upstream', 'http://127.0.0.1:1/mcp'], '--listen'],
      [['--listen', '127.0.0.1:99999', '--upstream', 'http://127.0.0.1:1/mcp'], '--listen'],
      [['--listen', '0.0.0.0:18080', '--upstream', 'http://127.0.0.1:1/mcp'], '--listen'],
      [['--upstream', 'ftp://127.0.0.1/mcp'], '--upstream'],
      [['--public-url', 'http://ai.example.test', '--upstream', 'http://127.0.0.1:1/mcp'], '--public-url'],
    ]) {
      const { code, output } = await postern(['quick', ...words]);
      assert.equal(code, 1, words.join(' '));
      assert.match(output, new RegExp(`^postern: ${option}`), words.join(' '));
    }
  });

  it('passwords come from standard input or are made, never from the command line', async () => {
    for (const words of [
      ['user', 'add', 'bob', '--password', secret],
      ['user', 'add', 'bob', `--password-stdin=${secret}`],
      ['user', 'add', 'bob', secret, '--password-stdin'],
      ['user', 'set-password', 'alice', secret, '--password-stdin'],
    ]) {
      const { code } = await onStore(words, { input: 'another one\n' });
      assert.equal(code, 2, words.join(' '));
    }
    for (const [input, sentence] of [
      ['', /standard input holds no password/],
      ['short\n', /at least 8 characters/],
      [`${'x'.repeat(1025)}\n`, /at most 1024 bytes/],
    ]) {
      const { code, output } = await onStore('user add bob --password-stdin', { input });
      assert.equal(code, 1);
      assert.match(output, sentence);
      assert.ok(!input || !output.includes(input), 'what was typed is not repeated');
    }
    const users = (await onStore('user list')).stdout;
    assert.doesNotMatch(users, /bob/, 'none of them was made');
  });

  it('a password that is made is printed once, strong, and each time another', async () => {
    const made = [];
    for (const name of ['gen1', 'gen2']) {
      const { stdout } = await onStore(`user add ${name} --password-generate`);
      made.push(/^added local:gen\d\nPassword: ([\w-]{20,})\n$/.exec(stdout)?.[1]);
    }
    made.push(JSON.parse((await onStore('user set-password gen1 --password-generate --json')).stdout).password);
    assert.equal(new Set(made).size, 3);
    for (const each of made) assert.match(each, /^[\w-]{20,}$/);
    const stored = readFileSync(path.join(gateway.folder, 'postern.db'), 'latin1');
    const listed = (await onStore('user list --json')).stdout;
    for (const each of made) assert.ok(!stored.includes(each) && !listed.includes(each));
    const given = await onStore('user add given --password-stdin', { input: `${secret}\r\n` });
    assert.equal(given.stdout, 'added local:given\n', 'a password that was given is not printed');
  });

  it('with --json every command prints one JSON value', async () => {
    const json = async (words, options) => {
      const { code, output, stdout } = await onStore([...words, '--json'], options);
      assert.equal(code, 0, `${words.join(' ')}: ${output}`);
      assert.equal(stdout, output);
      assert.match(stdout, /^[{[].*\n$/, `one line: ${stdout}`);
      return JSON.parse(stdout);
    };
    const stdin = { input: `${secret}\n` };
    assert.deepEqual(await json(['check']), { valid: true, resources: 1, policies: 1, warnings: [] });
    assert.deepEqual(await json(['tenant', 'add', 'globex', '--name', 'Glöbex "1"']), {
      handle: 'globex',
      name: 'Glöbex "1"',
      plan: '',
    });
    assert.equal((await json(['tenant', 'set', 'globex', '--plan', 'free'])).plan, 'free');
    assert.equal((await json(['tenant', 'list'])).length, 2);
    assert.deepEqual(await json(['user', 'add', 'json', '--password-stdin'], stdin), { user: 'local:json' });
    assert.deepEqual(await json(['user', 'set-password', 'json', '--password-stdin'], stdin), { user: 'local:json' });
    assert.deepEqual(await json(['member', 'add', 'json', 'globex:viewer']), {
      user: 'local:json',
      tenant: 'globex',
      role: 'viewer',
    });
    assert.deepEqual(await json(['member', 'remove', 'json', 'globex']), { user: 'local:json', tenant: 'globex' });
    assert.deepEqual(await json(['user', 'disable', 'json']), { user: 'local:json' });
    assert.ok((await json(['user', 'list'])).some((each) => each.user === 'local:json' && each.disabled));
    const words = `token mint --user alice --tenant acme --resource ${gateway.resource} --scope mcp.connect`;
    const { access_token: token } = await json(words.split(' '));
    const [grant] = await json(['grant', 'list']);
    assert.deepEqual([grant.kind, grant.user], ['minted', 'local:alice']);
    assert.deepEqual(await json(['token', 'revoke', token]), { grant: grant.grant });
    assert.deepEqual(await json(['grant', 'list']), []);
    const uri = 'https://client.example.test/callback';
    const client = await json(['client', 'add', '--name', 'C', '--redirect-uri', uri, '--confidential']);
    assert.deepEqual(client.redirect_uris, [uri]);
    assert.notEqual((await json(['client', 'rotate-secret', client.client_id])).client_secret, client.client_secret);
    assert.deepEqual(
      (await json(['client', 'list'])).map((each) => each.client_id),
      [client.client_id],
    );
    assert.deepEqual(await json(['client', 'remove', client.client_id]), { client_id: client.client_id });
    assert.deepEqual(await json(['tenant', 'remove', 'globex']), { handle: 'globex' });
  });

  it('commands that take nothing else take the configuration without -c', async () => {
    for (const words of ['check', 'user list', 'tenant list', 'client list', 'grant list']) {
      const named = await postern([...words.split(' '), gateway.file]);
      assert.equal(named.code, 0, named.output);
      assert.deepEqual(await onStore(words), named, words);
      assert.deepEqual(await postern([...words.split(' '), gateway.file, '-c', gateway.file]), named, 'the same twice');
    }
    const { output } = await postern(['check', gateway.file, '-c', 'other.yaml']);
    assert.match(output, /two configuration files are named, `other\.yaml` by -c and `.*`: give one of them/);
  });

  it('an empty value, as a variable that is not set leaves it, is not taken for an absent option', async () => {
    const words = ['client', 'add', '--name', 'x', '--redirect-uri', 'https://a.example.test/cb', '--scope', ''];
    const { code, output } = await onStore(words);
    assert.deepEqual([code, output], [2, 'postern: --scope is empty: give it a value, or leave it out\n']);
    assert.ok(!(await onStore('client list')).stdout.includes('"x"'), 'no client without a limit was made');
  });

  it('faults of a file are JSON too', async () => {
    const file = path.join(gateway.folder, 'broken.yaml');
    writeFileSync(file, 'listen: []\nstore: mysql:x\n');
    const { code, stdout } = await postern(['check', '-c', file, '--json']);
    const { valid, faults } = JSON.parse(stdout);
    assert.deepEqual([code, valid], [1, false]);
    assert.deepEqual(faults.map((each) => [each.file, each.line, each.column]).sort(), [
      [file, 1, 9],
      [file, 2, 8],
    ]);
    for (const fault of faults) assert.match(fault.what, /`(listen|store)`/);
  });

  it('a client is limited to scopes that exist, and the list shows them', async () => {
    const add = (...words) => onStore(['client', 'add', '--redirect-uri', 'https://a.example.test/cb', ...words]);
    const unknown = await add('--name', 'x', '--scope', 'mcp.connect bogus');
    assert.deepEqual([unknown.code, unknown.output], [1, 'postern: no policy of the configuration has a scope `bogus`\n']);
    const useless = await add('--name', 'x', '--scope', 'tools.read');
    assert.equal(useless.code, 1);
    assert.match(useless.output, /could call nothing, because every request needs `mcp\.connect` as well: add that to --scope/);
    const itself = await onStore([
      ...['client', 'add', '--name', 'x', '--grant', 'client_credentials', '--confidential', '--tenant', 'acme:viewer'],
      ...['--resource', gateway.resource, '--scope', 'tools.read'],
    ]);
    assert.equal(itself.code, 1);
    assert.match(itself.output, /every request needs `mcp\.connect` as well/);
    const nameless = await add('--name', '');
    assert.deepEqual([nameless.code, nameless.output], [2, 'postern: --name is empty: users see it on the consent page\n']);
    const added = await add('--name', 'Limited', '--scope', 'mcp.connect', '--json');
    const { client_id: id } = JSON.parse(added.stdout);
    const listed = JSON.parse((await onStore(['client', 'list', '--json'])).stdout);
    assert.equal(listed.find((client) => client.client_id === id).scope, 'mcp.connect');
    assert.match((await onStore(['client', 'list'])).stdout, new RegExp(`${id} .*scope: mcp\\.connect\n`));
  });

  it('redirect URIs that no client may have are refused', async () => {
    for (const uri of ['http://client.example.test/cb', 'javascript:alert(1)', 'https://a.test/#x', 'cb']) {
      const { code, output } = await onStore(['client', 'add', '--name', 'x', '--redirect-uri', uri]);
      assert.equal(code, 1, uri);
      assert.ok(output.startsWith(`postern: ${uri}: `), output);
    }
  });

  it('policy explain: the verdict, the rule and what the challenge would ask for', async () => {
    const explain = async (...words) => {
      const all = ['policy', 'explain', '--tenant', 'acme', '--user', 'alice', ...words];
      const { code, output, stdout } = await onStore([...all, '--json']);
      assert.match(stdout, /^\{/, output);
      assert.equal((await onStore(all)).code, code);
      return { code, ...JSON.parse(stdout) };
    };
    const scope = ['--scope', 'mcp.connect tools.read'];
    const allowed = await explain(...scope, '--tool', 'echo', '--arguments', '{"message":"x"}');
    assert.deepEqual([allowed.code, allowed.verdict, allowed.rule, allowed.role], [0, 'allow', 'rules[0]', 'admin']);
    const stepUp = await explain(...scope, '--tool', 'get-sum');
    assert.deepEqual([stepUp.code, stepUp.verdict, stepUp.needed], [1, 'step_up', ['mcp.connect', 'tools.write']]);
    assert.deepEqual(stepUp.challenge, ['mcp.connect', 'tools.read', 'tools.write'], 'what the token has is asked for too');
    const unnamed = await onStore('policy explain --tenant acme --user alice --method tools/call --scope x'.split(' ')
      .map((word) => (word === 'x' ? 'mcp.connect' : word)));
    assert.deepEqual([unnamed.code, unnamed.stdout], [1, '']);
    assert.match(unnamed.output, /give it with --tool, --resource or --prompt/);
    const denied = await explain(...scope, '--tool', 'get-env');
    assert.deepEqual([denied.code, denied.verdict, denied.rule], [1, 'deny', 'rules[2]']);
    const nobody = await onStore([
      'policy',
      'explain',
      '--tenant',
      'acme',
      '--user',
      'bob',
      ...scope,
      '--tool',
      'echo',
    ]);
    assert.deepEqual([nobody.code, nobody.output], [1, 'postern: there is no user `bob`: every call is refused\n']);
    const asked = async (tenant, user) => {
      const words = ['policy', 'explain', '--tenant', tenant, '--user', user, ...scope, '--tool', 'echo'];
      const { code, output } = await onStore(words);
      assert.equal(code, 1, output);
      return output;
    };
    assert.equal(await asked('amce', 'alice'), 'postern: there is no tenant `amce`: every call is refused\n');
    assert.equal(
      await asked('amce', 'bob'),
      'postern: there is no tenant `amce`, and there is no user `bob`: every call is refused\n',
    );
    await gateway.addUser({ name: 'loner' });
    assert.equal(await asked('acme', 'loner'), 'postern: loner is not a member of acme: every call is refused\n');
  });

  it('policy test: counts, names what fails with its place, and fails with it', async () => {
    const folder = temporaryFolder('cases');
    mkdirSync(path.join(folder, 'cases'));
    const config = JSON.parse(readFileSync(gateway.file, 'utf8'));
    const file = path.join(folder, 'postern.yaml');
    writeFileSync(file, JSON.stringify({ ...config, policies: ['everything.yaml'] }));
    writeFileSync(path.join(folder, 'everything.yaml'), JSON.stringify(everythingPolicy));
    const cases = path.join(folder, 'cases', 'everything.yaml');
    const none = await postern(['policy', 'test', '-c', file]);
    assert.deepEqual([none.code, /there are no case files/.test(none.output)], [1, true]);
    writeFileSync(path.join(folder, 'cases', 'other.yaml'), 'cases of a policy that this file does not name');
    const good = '  - {name: reads, tool: echo, scopes: [mcp.connect, tools.read], role: viewer, expect: allow}\n';
    writeFileSync(cases, `policy: everything\ncases:\n${good}`);
    const passed = await postern(['policy', 'test', '-c', file]);
    assert.deepEqual([passed.code, passed.output], [0, '1 passed, 0 failed\n']);
    const bad = good.replace('name: reads', 'name: no').replace('allow', 'deny');
    writeFileSync(cases, `policy: everything\ncases:\n${good}${bad}`);
    const failed = await postern(['policy', 'test', '-c', file]);
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /cases\/everything\.yaml:4:5: no: expected deny, got allow.*\n1 passed, 1 failed\n$/);
    const json = JSON.parse((await postern(['policy', 'test', '-c', file, cases, '--json'])).stdout);
    assert.deepEqual([json.passed, json.failed, json.failures[0].line], [1, 1, 4]);
  });

  it('reference prints what is shipped', async () => {
    for (const [what, file] of [
      ['yaml', 'postern.reference.yaml'],
      ['schema', 'postern.schema.json'],
    ]) {
      const { code, stdout } = await postern(['reference', what]);
      assert.deepEqual([code, stdout === readFileSync(path.join(root, 'config', file), 'utf8')], [0, true], what);
    }
  });
});

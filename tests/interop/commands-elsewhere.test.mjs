// Commands where the gateway itself could not run: certificates, keys and programs are elsewhere, or not for the operator.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Gateway, binary, patience } from './lib/gateway.mjs';
import { run } from './lib/process.mjs';

describe('commands without what only the gateway needs', { timeout: 60_000 * patience }, () => {
  let gateway;
  let file;

  before(async () => {
    gateway = await Gateway.create({ name: 'elsewhere', upstream: 'https://mcp.example.test/mcp' });
    const config = JSON.parse(readFileSync(gateway.file, 'utf8'));
    config.listen.push({
      address: '127.0.0.1:8443',
      tls: { certificates: [{ certificate: 'away.pem', key: 'away.key' }] },
    });
    config.upstreams.everything.tls = { ca: 'away-ca.pem', certificate: 'away.pem', key: 'away.key' };
    config.upstreams.program = { command: ['no-such-program'] };
    config.fetch = { ca: 'away-ca.pem' };
    file = path.join(gateway.folder, 'elsewhere.yaml');
    writeFileSync(file, JSON.stringify(config));
    const [policy] = config.policies;
    const cases = path.join(path.dirname(policy), 'cases');
    mkdirSync(cases, { recursive: true });
    const one = { name: 'echo is open', tool: 'echo', scopes: ['mcp.connect', 'tools.read'], role: 'admin', expect: 'allow' };
    writeFileSync(
      path.join(cases, `${path.basename(policy, '.yaml')}.yaml`),
      JSON.stringify({ policy: JSON.parse(readFileSync(policy, 'utf8')).policy, cases: [one] }),
    );
  });
  after(() => gateway?.stop());

  const postern = (...words) => run(binary(), [...words, '-c', file], { cwd: gateway.folder, input: 'a long password\n' });
  const done = async (...words) => {
    const { code, output, stdout } = await postern(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${output}`);
    return stdout;
  };

  it('policies are tried, users added and tokens made', async () => {
    assert.match(await done('policy', 'test'), /1 passed, 0 failed/);
    await done('user', 'add', 'ann', '--member', 'acme:admin', '--password-stdin');
    const place = ['--tenant', 'acme', '--user', 'ann', '--scope', 'mcp.connect tools.read'];
    assert.match(await done('policy', 'explain', ...place, '--tool', 'echo'), /^allow/);
    const token = await done('token', 'mint', ...place, '--resource', gateway.resource);
    assert.match(token.trimEnd().split('\n').at(-1), /^mcpv1_/);
    const agent = ['--grant', 'client_credentials', '--tenant', 'acme:admin', '--resource', gateway.resource];
    await done('client', 'add', '--name', 'Nightly', '--confidential', '--scope', 'mcp.connect', ...agent);
  });

  it('check and serve say what is missing', async () => {
    for (const command of ['check', 'serve']) {
      const { code, output } = await postern(command);
      assert.equal(code, 1, output);
      for (const missing of ['away.pem', 'away.key', 'away-ca.pem']) assert.ok(output.includes(missing), output);
    }
  });
});

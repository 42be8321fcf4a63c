// `postern doctor` at gateways in good order: nothing is in anybody's way, and nothing is left behind.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Authority } from './lib/certificates.mjs';
import { Gateway, binary, patience } from './lib/gateway.mjs';
import { doctor, faults, notes } from './lib/postern.mjs';
import { run } from './lib/process.mjs';
import { startEverything } from './lib/upstream.mjs';

const clients = ['chatgpt', 'claude', 'cursor', 'vscode', 'inspector'];

describe('postern doctor', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let token;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({
      name: 'doctor',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.origins = ['http://localhost:6274'];
        config.resources.push({ serve: `${origin}/t/{tenant}/mcp`, upstream: 'everything', policy: 'everything' });
        config.upstreams.gone = { urls: ['http://127.0.0.1:1/mcp'] };
        config.resources.push({
          ...{ serve: `${origin}/by-hand/{tenant}`, upstream: 'everything', policy: 'everything' },
          manual_tokens: true,
        });
        config.resources.push({ serve: `${origin}/gone`, tenant: 'acme', upstream: 'gone', policy: 'everything' });
      },
    });
    token = await mint(gateway.resource);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const mint = async (resource, scope = 'mcp.connect tools.read') =>
    (
      await gateway.command(['token', 'mint', '--user', 'alice', '--tenant', 'acme', '--resource', resource, '--scope', scope])
    )
      .trim()
      .split('\n')
      .at(-1);

  it('finds nothing in the way of any client', async () => {
    const all = await doctor(gateway.resource);
    assert.equal(all.well, true);
    assert.deepEqual([...new Set(all.steps.map((step) => step.state))], ['ok'], JSON.stringify(all.steps, null, 1));
    assert.deepEqual([...new Set(all.steps.map((step) => step.client).filter(Boolean))], clients);
  });

  for (const client of clients) {
    it(`finds nothing in the way of ${client} alone`, async () => {
      const one = await doctor(gateway.resource, '--client', client);
      assert.deepEqual([faults(one), notes(one)], [[], []]);
      assert.deepEqual([...new Set(one.steps.map((step) => step.client).filter(Boolean))], [client]);
    });
  }

  it('says at which address a name is that ChatGPT cannot reach', async () => {
    const named = gateway.resource.replace('127.0.0.1', 'localhost');
    const { steps } = await doctor(named, '--client', 'chatgpt');
    const { state, fault, seen } = steps.find((step) => step.step === 'reach') ?? {};
    assert.deepEqual([state, fault], ['failed', 'address']);
    assert.match(seen, /^localhost is at .*127\.0\.0\.1 \(loopback\)/);
  });

  it('leaves no client behind', async () => {
    await doctor(gateway.resource);
    assert.deepEqual(JSON.parse(await gateway.command(['client', 'list', '--json'])), []);
  });

  it('prints a mark for each step, a verdict, and no colours into a pipe', async () => {
    const { code, stdout } = await run(binary(), ['doctor', gateway.resource]);
    assert.equal(code, 0);
    assert.match(stdout, /^✓ The name resolves/);
    assert.match(stdout, /\nChatGPT\n✓ /);
    assert.match(stdout, /\nNothing is in the way of ChatGPT, Claude, Cursor, VS Code and MCP Inspector\.\n/);
    assert.match(stdout, /This address is of this machine alone/);
    assert.doesNotMatch(stdout, /✗|\x1b/);
  });

  it('with a token goes on to the tools of the server behind', async () => {
    const all = await doctor(gateway.resource, '--token', token);
    assert.deepEqual(faults(all), []);
    assert.match(all.steps.find((step) => step.step === 'tools').seen, /^\d+ tools$/);
    const piped = await run(binary(), ['doctor', gateway.resource, '--token', '-'], { input: `${token}\n` });
    assert.equal(piped.code, 0, piped.output);
    assert.match(piped.stdout, /\nWith the token\n(✓ .*\n){4}/);
    assert.ok(!piped.output.includes(token));
  });

  it('tells tokens apart that do not fit', async () => {
    const first = async (url, bearer) => faults(await doctor(url, '--client', 'claude', '--token', bearer))[0];
    assert.equal(await first(gateway.resource, 'ghp_notOfThisServer'), 'initialize invalid_token_format');
    assert.equal(await first(`${gateway.origin}/t/acme/mcp`, token), 'initialize invalid_token');
  });

  it('takes a token made by hand to the tools, once its tenant is named', async () => {
    const url = `${gateway.origin}/by-hand/acme`;
    const words = [url, '--client', 'cursor', '--token', await mint(url)];
    const without = await doctor(...words);
    assert.equal(faults(without)[0], 'initialize invalid_token');
    assert.match(without.steps.find((step) => step.step === 'initialize').mend, /with --tenant HANDLE/);
    const another = await doctor(...words, '--tenant', 'globex');
    assert.equal(faults(another)[0], 'initialize invalid_token');
    const named = await doctor(...words, '--tenant', 'acme');
    assert.deepEqual(faults(named), []);
    assert.match(named.steps.find((step) => step.step === 'tools').seen, /^\d+ tools$/);
  });

  it('tells a server behind that is down', async () => {
    const gone = `${gateway.origin}/gone`;
    const bearer = await mint(gone);
    const found = await doctor(gone, '--client', 'claude', '--token', bearer);
    assert.deepEqual(faults(found), ['initialize server_behind_down']);
  });

  it('walks the address of a tenant, and says when there is no such tenant', async () => {
    const there = await doctor(`${gateway.origin}/t/acme/mcp`, '--client', 'claude');
    assert.deepEqual(faults(there), []);
    const away = await doctor(`${gateway.origin}/t/nobody/mcp`, '--client', 'claude');
    assert.ok(faults(away).includes('challenge resource_not_served'), faults(away).join());
  });

  it('a slash too many in what was typed is a fault: clients compare', async () => {
    const found = await doctor(`${gateway.resource}/`, '--client', 'claude');
    assert.deepEqual(faults(found), ['resource resource_slash']);
  });

  it('a gateway behind TLS of an authority of its own', async () => {
    const authority = await Authority.create();
    const own = await authority.issue('own', ['IP:127.0.0.1']);
    const secured = await Gateway.start({
      name: 'doctor-tls',
      upstream: upstream.url,
      configure: (config, self) => {
        self.origin = `https://127.0.0.1:${self.port}`;
        self.resource = `${self.origin}/mcp`;
        config.listen[0].tls = { certificates: [own] };
        config.authorization_servers.main.issuer = self.origin;
        config.resources[0].serve = self.resource;
      },
    });
    try {
      assert.deepEqual(faults(await doctor(secured.resource, '--ca', authority.file, '--client', 'claude')), []);
      const strange = await doctor(secured.resource, '--client', 'claude');
      assert.deepEqual(faults(strange), ['connection certificate']);
    } finally {
      await secured.stop();
    }
  });

  it('wrong usage is exit code 2, with a sentence', async () => {
    for (const words of [
      [],
      ['mcp'],
      ['http://ai.example.test/mcp'],
      ['https://{tenant}.example.test/mcp'],
      ['https://user@ai.example.test/mcp'],
      [gateway.resource, '--client', 'netscape'],
      [gateway.resource, '--token', 'two words'],
      [gateway.resource, '--token', '-'],
      [gateway.resource, '--tenant', 'acme'],
      [gateway.resource, '--token', 'x', '--tenant', 'no handle'],
    ]) {
      const { code, stdout, output } = await run(binary(), ['doctor', ...words]);
      assert.deepEqual([code, stdout], [2, ''], words.join(' '));
      assert.notEqual(output, '');
    }
    const { code, output } = await run(binary(), ['doctor', gateway.resource, '--ca', '/nothing/there.pem']);
    assert.equal(code, 1);
    assert.match(output, /^postern: --ca: .*\/nothing\/there\.pem/);
  });
});

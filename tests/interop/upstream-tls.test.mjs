// Servers behind at https://: whose certificate is taken, what the gateway shows of itself, how connections are kept.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Authority } from './lib/certificates.mjs';
import { Gateway, binary, patience } from './lib/gateway.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { freePort, run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const read = ({ certificate, key }) => ({ cert: readFileSync(certificate), key: readFileSync(key) });

describe('https to the server behind', { timeout: 120_000 * patience }, () => {
  let authority;
  let gateway;
  const servers = {};
  const resource = (name) => `${gateway.origin}/${name}`;

  before(async () => {
    authority = await Authority.create();
    const stranger = await Authority.create();
    const names = ['IP:127.0.0.1', 'DNS:localhost'];
    const good = read(await authority.issue('good', names));
    const own = await authority.issue('gateway', ['DNS:gateway.example.test']);
    const mutual = { ...good, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    const tls = { ca: authority.file };
    const behind = {
      good: [{ ...good }, tls],
      named: [{ ...good, host: 'localhost' }, tls],
      mutual: [mutual, { ...tls, ...own }],
      'nothing-shown': [mutual, tls],
      expired: [read(await authority.issue('expired', names, { expired: true })), tls],
      'wrong-host': [read(await authority.issue('other', ['DNS:other.example.test', 'IP:127.0.0.2'])), tls],
      'common-name': [{ ...read(await authority.issue('localhost', [])), host: 'localhost' }, tls],
      'self-signed': [read(await authority.issue('self', names, { selfSigned: true })), tls],
      'strange-authority': [read(await stranger.issue('strange', names)), tls],
      'system-authorities': [{ ...good }, {}],
      'old-versions': [{ ...good, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, tls],
    };
    for (const [name, [options]] of Object.entries(behind)) {
      servers[name] = await RecordingUpstream.start({ tls: options });
    }
    servers.plain = await RecordingUpstream.start();
    behind.plain = [{}, tls];
    gateway = await Gateway.start({
      name: 'upstream-tls',
      upstream: servers.good.url,
      configure: (config, self) => {
        self.own = own;
        for (const [name, [, settings]] of Object.entries(behind)) {
          const urls = [servers[name].url.replace('http:', 'https:')];
          config.upstreams[name] = { urls, tls: settings };
          config.resources.push({ ...config.resources[0], serve: `${self.origin}/${name}`, upstream: name, root: false });
        }
        delete config.upstreams.everything;
        config.resources.shift();
        config.workers = 1;
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    for (const server of Object.values(servers)) await server.stop();
  });
  beforeEach(() => {
    for (const server of Object.values(servers)) server.reset();
  });

  async function token(name) {
    const words = ['token', 'mint', '--user', 'alice', '--tenant', 'acme', '--resource', resource(name)];
    const said = await gateway.command([...words, '--scope', 'mcp.connect tools.read']);
    return said.trim().split('\n').at(-1);
  }
  const call = async (name, text) => callTool(resource(name), await token(name), 'echo', { message: text });
  const reasonFor = (name) =>
    until(`the reason for ${name} in the log`, () => {
      const written = gateway.logs().split('\n').slice(0, -1);
      const failures = written.filter((line) => line.includes('"event":"upstream_failed"'));
      return failures.map((line) => JSON.parse(line)).find(({ upstream }) => upstream === name)?.what;
    });

  it('a certificate of the authority that the configuration names is taken, for an address and for a name', async () => {
    for (const name of ['good', 'named']) {
      const answer = await call(name, 'private');
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.text, /private/);
      const [request] = servers[name].requests;
      assert.equal(request.socket.getProtocol(), 'TLSv1.3');
      assert.equal(request.socket.alpnProtocol, 'http/1.1');
      assert.equal(request.socket.servername, name === 'named' ? 'localhost' : false, 'an address is no server name');
      assert.equal(request.headers.host, new URL(servers[name].url).host);
    }
  });

  it('a connection is kept and used again', async () => {
    const bearer = await token('good');
    const before = servers.good.connections;
    for (let i = 0; i < 20; ++i) {
      assert.equal((await callTool(resource('good'), bearer, 'echo', { message: `${i}` })).status, 200);
    }
    assert.equal(servers.good.requests.length, 20);
    assert.ok(servers.good.connections <= before + 1, `${servers.good.connections - before} new connections`);
  });

  it('a large body and a large answer pass', async () => {
    const text = 'x'.repeat(1_000_000);
    const answer = await call('good', text);
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.message.result.content[0].text).message, text);
  });

  it('the gateway shows its own certificate to a server that asks for it', async () => {
    assert.equal((await call('mutual', 'both')).status, 200);
    const [request] = servers.mutual.requests;
    assert.ok(request.socket.authorized);
    assert.equal(request.socket.getPeerCertificate().subject.CN, 'gateway');
  });

  it('a server that asks for a certificate gets no request without one', async () => {
    const answer = await call('nothing-shown', 'alone');
    assert.equal(answer.status, 502, answer.text);
    assert.match(await reasonFor('nothing-shown'), /certificate required/);
    assert.equal(servers['nothing-shown'].requests.length, 0);
  });

  const refused = {
    expired: /certificate has expired/,
    'wrong-host': /IP address mismatch/,
    'common-name': /hostname mismatch/,
    'self-signed': /self.signed certificate/,
    'strange-authority': /unable to get (local )?issuer certificate|unable to verify the first certificate/,
    'system-authorities': /unable to get (local )?issuer certificate|unable to verify the first certificate/,
    'old-versions': /protocol version|unsupported protocol/,
    plain: /wrong version number|packet length too long|http request/,
  };
  for (const [name, why] of Object.entries(refused)) {
    it(`${name}: 502, and the log says why`, async () => {
      const answer = await call(name, 'secret words');
      assert.equal(answer.status, 502, answer.text);
      assert.equal(answer.message.error.data.error, 'upstream_unavailable');
      assert.match(await reasonFor(name), why);
      assert.equal(servers[name].requests.length, 0);
      assert.ok(!answer.text.includes('certificate'), 'what the network behind looks like is not for clients');
    });
  }

  it('a renewed certificate of the gateway is shown without a restart', async () => {
    const renewed = await authority.issue('renewed', ['DNS:gateway.example.test']);
    copyFileSync(renewed.certificate, gateway.own.certificate);
    copyFileSync(renewed.key, gateway.own.key);
    await until('the reload', () => /certificates_reloaded[^\n]*"upstream":"mutual"/.test(gateway.logs()));
    for (const socket of servers.mutual.sockets) socket.destroy();
    await until('a call with the new one', async () => (await call('mutual', 'again')).status === 200);
    assert.equal(servers.mutual.requests.at(-1).socket.getPeerCertificate().subject.CN, 'renewed');
  });

  it('`check` names the file that is no certificate, and where it is named', async () => {
    const { folder } = authority;
    writeFileSync(`${folder}/broken.pem`, 'no certificate\n');
    writeFileSync(
      `${folder}/postern.yaml`,
      [
        `listen: [{address: "127.0.0.1:${await freePort()}"}]`,
        'upstreams:',
        '  ca: {urls: ["https://a.example.test/"], tls: {ca: broken.pem}}',
        '  own: {urls: ["https://b.example.test/"], tls: {certificate: gateway.pem, key: good.key}}',
      ].join('\n'),
    );
    const { code, output } = await run(binary(), ['check', '-c', `${folder}/postern.yaml`]);
    assert.equal(code, 1);
    assert.match(output, /postern\.yaml:3:48: cannot use the certificate authorities \S*broken\.pem: /);
    assert.match(output, /postern\.yaml:4:49: cannot use the key \S*good\.key with the certificate \S*gateway\.pem: /);
  });

  it('answers that stream arrive event by event', async () => {
    const { promise, resolve: release } = Promise.withResolvers();
    servers.good.answer = (message, request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const event = (more) => response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...more })}\n\n`);
      event({ method: 'notifications/message', params: { level: 'info', data: 'first' } });
      promise.then(() => {
        event({ id: message.id, result: {} });
        response.end();
      });
      return true;
    };
    try {
      const answer = await post(resource('good'), rpc('ping'), {
        token: await token('good'),
        onOpen: ({ stream }) => stream.once('data', release),
      });
      assert.match(answer.text, /first/);
      assert.ok(answer.message.result);
    } finally {
      servers.good.answer = undefined;
    }
  });
});

// A listener that speaks TLS: versions, protocols, certificates and their renewal, and a whole sign-in through it.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { Authority } from './lib/certificates.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { root, run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

describe('TLS', { timeout: 120_000 * patience }, () => {
  let authority;
  let first;
  let second;
  let upstream;
  let gateway;

  before(async () => {
    authority = await Authority.create();
    first = await authority.issue('first', ['IP:127.0.0.1', 'DNS:first.example.test']);
    second = await authority.issue('second', ['DNS:second.example.test', 'DNS:*.wild.example.test']);
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'tls',
      upstream: upstream.url,
      configure: (config, self) => {
        self.origin = `https://127.0.0.1:${self.port}`;
        self.resource = `${self.origin}/mcp`;
        config.listen[0].tls = { certificates: [first, second] };
        config.authorization_servers.main.issuer = self.origin;
        config.resources[0].serve = self.resource;
        config.limits = { ...config.limits, handshake_deadline: '1s' };
        config.log = { level: 'debug' };
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** One handshake: the open socket. Whose certificate was shown is for `nameOf`, not checked here. */
  async function handshake(options = {}) {
    const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false, ...options });
    try {
      await within(10, 'the handshake', once(socket, 'secureConnect'));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.on('error', () => {});
    return socket;
  }

  const fingerprintIn = (file) => new X509Certificate(readFileSync(file)).fingerprint256;

  /** The fingerprint of the certificate shown to who asks for `servername`, which must come from our authority. */
  async function shown(servername) {
    const socket = await handshake({ servername, ca: authority.ca, checkServerIdentity: () => undefined });
    assert.ok(socket.authorized, String(socket.authorizationError));
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  /** A request on an open socket: what comes back until the end of the head. */
  async function ask(socket) {
    let text = '';
    const answered = new Promise((resolve, reject) => {
      socket.on('data', (part) => {
        text += part;
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
    });
    socket.write(`GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
    return within(10, 'the answer', answered).finally(() => socket.removeAllListeners('data'));
  }

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    it(`${version} is served`, async () => {
      const socket = await handshake({ minVersion: version, maxVersion: version, ca: authority.ca });
      assert.equal(socket.getProtocol(), version);
      assert.ok(socket.authorized, String(socket.authorizationError));
      assert.match(await ask(socket), /^HTTP\/1\.1 404 /);
      socket.destroy();
    });
  }

  for (const version of ['TLSv1', 'TLSv1.1']) {
    it(`${version} is refused by an alert`, async () => {
      await assert.rejects(
        handshake({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
        (error) => error.code === 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      );
    });
  }

  it('in TLS 1.2 only suites with forward secrecy and AEAD are taken', async () => {
    for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384']) {
      await assert.rejects(
        handshake({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }),
        (error) => error.code === 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' || /handshake failure/.test(error.message),
        ciphers,
      );
    }
    const socket = await handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
    socket.destroy();
  });

  it('ALPN: http/1.1 is chosen wherever it is offered, and needs no offer', async () => {
    const offers = [['h2', 'http/1.1'], ['http/1.1'], ['h3', 'h2', 'http/1.1', 'acme-tls/1']];
    for (const ALPNProtocols of offers) {
      const socket = await handshake({ ALPNProtocols });
      assert.equal(socket.alpnProtocol, 'http/1.1', ALPNProtocols.join());
      assert.match(await ask(socket), /^HTTP\/1\.1 404 /);
      socket.destroy();
    }
    const socket = await handshake();
    assert.equal(socket.alpnProtocol, false);
    assert.match(await ask(socket), /^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  it('ALPN: a client that speaks h2 alone is told so, by the alert no_application_protocol', async () => {
    await assert.rejects(
      handshake({ ALPNProtocols: ['h2'] }),
      (error) => error.code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    );
  });

  it('SNI picks the certificate; a name nobody has, and no name, get the first', async () => {
    const [one, two] = [fingerprintIn(first.certificate), fingerprintIn(second.certificate)];
    assert.notEqual(one, two);
    const expected = {
      'first.example.test': one,
      'second.example.test': two,
      'SECOND.Example.TEST': two,
      'any.wild.example.test': two,
      'two.labels.wild.example.test': one,
      'wild.example.test': one,
      'unknown.example.test': one,
      '': one,
    };
    for (const [name, fingerprint] of Object.entries(expected)) assert.equal(await shown(name), fingerprint, name);
  });

  it('certificates replaced on disk are served without a restart, and open connections go on', async () => {
    const open = await handshake({ servername: 'second.example.test' });
    const before = open.getPeerCertificate().fingerprint256;
    assert.match(await ask(open), /^HTTP\/1\.1 404 /);
    const pid = gateway.pid;
    const renewed = await authority.issue('renewed', ['DNS:second.example.test', 'DNS:*.wild.example.test']);
    copyFileSync(renewed.certificate, second.certificate);
    copyFileSync(renewed.key, second.key);
    const wanted = fingerprintIn(renewed.certificate);
    assert.notEqual(wanted, before);
    await until('the new certificate', async () => (await shown('second.example.test')) === wanted, { seconds: 20 });
    await gateway.logged('"event":"certificates_reloaded"');
    assert.match(await ask(open), /^HTTP\/1\.1 404 /, 'the connection of before');
    open.destroy();
    assert.equal(await shown('first.example.test'), fingerprintIn(first.certificate), 'the other one is as before');
    assert.equal(gateway.pid, pid);
  });

  it('a broken replacement keeps the old certificate and says so in the log, and its mending is noticed', async () => {
    const good = { certificate: readFileSync(second.certificate), key: readFileSync(second.key) };
    const served = await shown('second.example.test');
    const stranger = await authority.issue('stranger', ['DNS:second.example.test']);
    const complaints = () => gateway.logs().match(/"event":"certificates_not_reloaded"[^\n]*/g) ?? [];
    const broken = {
      'no PEM': [second.certificate, 'not a certificate\n'],
      'cut short': [second.certificate, good.certificate.subarray(0, good.certificate.length / 2)],
      'the key of another': [second.key, readFileSync(stranger.key)],
    };
    for (const [what, [file, content]] of Object.entries(broken)) {
      const heard = complaints().length;
      writeFileSync(file, content);
      await until(`a line in the log: ${what}`, () => complaints().length > heard, { seconds: 20 });
      assert.ok(complaints().at(-1).includes(file), `${what}: ${complaints().at(-1)}`);
      assert.equal(await shown('second.example.test'), served, what);
      assert.equal(await shown('first.example.test'), fingerprintIn(first.certificate), what);
      const reloaded = gateway.logs().split('"event":"certificates_reloaded"').length;
      writeFileSync(second.certificate, good.certificate);
      writeFileSync(second.key, good.key);
      await until(
        'the reload of the mended files',
        () => gateway.logs().split('"event":"certificates_reloaded"').length > reloaded,
      );
    }
    assert.ok(gateway.alive);
    assert.ok(!gateway.logs().includes('PRIVATE KEY'));
  });

  /** What the TLS port sends back before it closes; fails if it stays open. */
  async function closesAfter(bytes, what) {
    const socket = net.connect(gateway.port, '127.0.0.1');
    const received = [];
    socket.on('data', (part) => received.push(part));
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    if (bytes) socket.write(bytes);
    await within(10 * patience, `${what}: the end of the connection`, closed);
    return Buffer.concat(received);
  }

  it('plain HTTP on the TLS port is closed, without an answer in plain text', async () => {
    upstream.reset();
    const said = await closesAfter(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`, 'plain HTTP');
    assert.ok(!said.includes('HTTP/1.1'), said.toString('latin1'));
    await closesAfter(Buffer.alloc(4096, 0xff), 'noise');
    upstream.untouched('what was no TLS');
    assert.match(await ask(await handshake()), /^HTTP\/1\.1 404 /, 'the next client is served');
  });

  it('a handshake that does not come, or stops half way, is ended within its deadline', async () => {
    assert.equal((await closesAfter(undefined, 'no byte')).length, 0);
    // The first bytes of a ClientHello of 512 bytes.
    await closesAfter(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), 'half a ClientHello');
    await until('the reason in the log', () => /tls_handshake_failed[^\n]*deadline/.test(gateway.logs()));
    assert.match(await ask(await handshake()), /^HTTP\/1\.1 404 /, 'the next client is served');
  });

  it('a whole sign-in of SDK v1 through https', async () => {
    const script = path.join(root, 'tests/interop/lib/sign-in.mjs');
    const { code, stdout, output } = await run(process.execPath, [script, gateway.resource, 'through TLS'], {
      env: { NODE_EXTRA_CA_CERTS: authority.file },
    });
    assert.equal(code, 0, output);
    const seen = JSON.parse(stdout);
    assert.deepEqual(seen.events, ['registered', 'authorizing', 'tokens']);
    assert.match(seen.text, /through TLS/);
    assert.ok(seen.tools.includes('echo'));
    assert.ok(seen.authorizationUrl.startsWith(`${gateway.origin}/`), seen.authorizationUrl);
    assert.equal(seen.issuer, gateway.origin);
    assert.ok(seen.cookies.length > 0);
    for (const cookie of seen.cookies)
      assert.ok('secure' in cookie.attributes, `${cookie.name} would travel in the clear`);
  });

  it('every answer asks browsers to stay with https', async () => {
    for (const where of ['/mcp', '/nothing', '/.well-known/oauth-authorization-server']) {
      const answer = await send(gateway.origin + where, { ca: authority.ca });
      assert.match(header(answer, 'strict-transport-security'), /^max-age=\d{7,}/, where);
    }
  });
});

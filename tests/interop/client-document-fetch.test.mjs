// Fetching what a stranger names: never inside the network, never more than asked for, never for ever. The listeners
// here stand where a request must not come; one that does fails the test.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { authorizeUrl } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { until } from './lib/wait.mjs';

const json = { 'Content-Type': 'application/json' };

describe('fetches of client metadata documents', { timeout: 180_000 * patience }, () => {
  let started;
  let hosts;
  let upstream;
  let gateway;
  let inside;
  let reached = 0;

  before(async () => {
    inside = { port: await freePort(), servers: [] };
    for (const host of ['127.0.0.1', '::1']) {
      const server = net.createServer((socket) => {
        ++reached;
        socket.destroy();
      });
      server.on('error', () => {});
      server.listen(inside.port, host);
      inside.servers.push(server);
    }
    await once(inside.servers[0], 'listening');
    started = await startWithDocuments({ name: 'document-fetch', hosts: ['app.example.test'] });
    ({ hosts, upstream, gateway } = started);
  });
  after(async () => {
    await started?.stop();
    for (const server of inside?.servers ?? []) server.close();
  });

  const ask = (clientId, options) => send(authorizeUrl(gateway, clientId), options);
  /** Why that document was not fetched: the log says it, the page does not. */
  const reasonFor = (clientId) =>
    until('the reason in the log', () => {
      const written = gateway.logs().split('\n').slice(0, -1);
      const failures = written.filter((line) => line.includes('"event":"client_document_failed"'));
      return failures.map((line) => JSON.parse(line)).find(({ url }) => url === clientId)?.what;
    });

  const insideForms = {
    '127.0.0.1': /loopback/,
    '[::1]': /loopback/,
    '[::]': /reserved/,
    'localhost': /loopback/,
    '0.0.0.0': /this network/,
    '10.1.2.3': /private/,
    '172.16.0.1': /private/,
    '192.168.1.1': /private/,
    '169.254.169.254': /link-local/,
    '100.64.0.1': /shared by a provider/,
    '255.255.255.255': /broadcast/,
    '224.0.0.1': /multicast/,
    '[fe80::1]': /link-local/,
    '[fd00::1]': /private/,
    '[::ffff:7f00:1]': /loopback/,
    '[::7f00:1]': /reserved/,
    '[64:ff9b::7f00:1]': /loopback/,
    '[2002:7f00:1::]': /loopback/,
  };
  for (const [host, why] of Object.entries(insideForms)) {
    it(`case 55: ${host} is an error page, the log says why, and nothing is sent there`, async () => {
      const url = `https://${host}:${inside.port}/client.json`;
      const page = await ask(url);
      assert.equal(page.status, 400, page.text);
      assert.match(page.text, /could not be fetched/);
      assert.ok(!why.test(page.text), 'what is there is not for strangers');
      assert.match(await reasonFor(url), why);
      assert.equal(reached, 0);
    });
  }

  for (const host of ['0x7f.1', '127.1', '2130706433', '0177.0.0.1', '0x7f000001', 'localhost.', '[::ffff:127.0.0.1]']) {
    it(`case 55: ${host}, another spelling, is no client_id`, async () => {
      const page = await ask(`https://${host}:${inside.port}/client.json`);
      assert.equal(page.status, 400, page.text);
      assert.equal(reached, 0);
    });
  }

  // The name is looked up by a resolver of the test in unit/upstream/fetch/fetcher_test.cpp (case 56).

  const good = (url, changes) => JSON.stringify(publicDocument(url, changes));
  let count = 0;
  const freshUrl = (host = 'app.example.test') => `https://${host}/${++count}/client.json`;

  const answers = {
    '302 to the inside': (_, response) =>
      response.writeHead(302, { Location: `https://127.0.0.1:${inside.port}/client.json` }).end(),
    '301 on the same host': (_, response) => response.writeHead(301, { ...json, Location: '/other.json' }).end('{}'),
    204: (_, response) => response.writeHead(204).end(),
    206: (request, response, url) => response.writeHead(206, json).end(good(url)),
    404: (request, response, url) => response.writeHead(404, json).end(good(url)),
    500: (request, response, url) => response.writeHead(500, json).end(good(url)),
  };
  for (const [what, answer] of Object.entries(answers)) {
    it(`case 57: ${what} is refused, and not remembered`, async () => {
      const url = freshUrl();
      hosts.documents[url] = (request, response) => answer(request, response, url);
      const page = await ask(url);
      assert.equal(page.status, 400, page.text);
      assert.match(page.text, /could not be fetched/);
      assert.equal(hosts.asked(url), 1);
      assert.equal(reached, 0);
      hosts.documents[url] = publicDocument(url);
      assert.equal((await ask(url)).status, 303, 'mended, it is taken at once');
    });
  }

  const fill = (url, size) => {
    const least = good(url, { padding: '' }).length;
    return good(url, { padding: 'x'.repeat(size - least) });
  };

  it('case 58: 5120 bytes are taken, 5121 are not, with a length and without', async () => {
    for (const chunked of [false, true]) {
      for (const [size, status] of [
        [5120, 303],
        [5121, 400],
      ]) {
        const url = freshUrl();
        hosts.documents[url] = (_, response) => {
          const body = fill(url, size);
          assert.equal(Buffer.byteLength(body), size);
          response.writeHead(200, chunked ? json : { ...json, 'Content-Length': size });
          response.end(body);
        };
        assert.equal((await ask(url)).status, status, `${size}, ${chunked}`);
        if (status === 400) assert.match(await reasonFor(url), /larger than 5120 bytes/);
      }
    }
  });

  it('case 58: an answer without an end is ended after 5 KiB', async () => {
    const url = freshUrl();
    let closed = false;
    hosts.documents[url] = (_, response) => {
      response.writeHead(200, json);
      const more = () => response.write('x'.repeat(4096)) && setImmediate(more);
      response.on('drain', more).on('close', () => (closed = true));
      more();
    };
    assert.equal((await ask(url)).status, 400);
    await until('the end of the connection', () => closed);
  });

  it('case 58: a byte now and then is ended by the deadline, and so is silence', async () => {
    for (const answer of [
      (response) => {
        response.writeHead(200, json);
        const drip = setInterval(() => response.write(' '), 500);
        response.on('close', () => clearInterval(drip));
      },
      () => {},
    ]) {
      const url = freshUrl();
      hosts.documents[url] = (_, response) => answer(response);
      assert.equal((await ask(url, { seconds: 20 * patience })).status, 400);
      assert.match(await reasonFor(url), /deadline/);
    }
  });

  it('case 58: what is compressed is not unpacked', async () => {
    const url = freshUrl();
    hosts.documents[url] = (_, response) =>
      response.writeHead(200, { ...json, 'Content-Encoding': 'gzip' }).end(gzipSync(good(url)));
    assert.equal((await ask(url)).status, 400);
    assert.match(await reasonFor(url), /compressed/);
  });

  it('case 58: only JSON types are taken', async () => {
    for (const [type, status] of [
      ['text/html', 400],
      ['text/plain', 400],
      ['application/javascript', 400],
      ['application/json; charset=latin1', 400],
      [undefined, 400],
      ['application/json; charset=utf-8', 303],
      ['application/client+json', 303],
    ]) {
      const url = freshUrl();
      hosts.documents[url] = (_, response) => response.writeHead(200, type ? { 'Content-Type': type } : {}).end(good(url));
      assert.equal((await ask(url)).status, status, type);
    }
  });

  it('a host that shows the certificate of another is not believed', async () => {
    const url = freshUrl();
    hosts.server.setSecureContext(await hosts.contextFor(['other.example.test']));
    try {
      assert.equal((await ask(url)).status, 400);
      assert.match(await reasonFor(url), /[Hh]ostname mismatch/);
    } finally {
      hosts.server.setSecureContext(await hosts.contextFor(hosts.hosts));
    }
  });

  it('case 59: a client_id that differs from the URL by one byte is refused', async () => {
    for (const change of [(url) => `${url}/`, (url) => url.replace('client', 'Client'), (url) => url.slice(0, -1), () => '']) {
      const url = freshUrl();
      hosts.documents[url] = { ...publicDocument(url), client_id: change(url) };
      const page = await ask(url);
      assert.equal(page.status, 400);
      assert.match(page.text, /byte for byte/);
    }
  });

  it('case 59: URLs with fragment, user information, dot segments, without a path, or in another spelling are refused', async () => {
    const asked = hosts.requests.length;
    const origin = 'https://app.example.test';
    for (const url of [
      `${origin}/client.json#x`,
      `${origin}/client.json#`,
      'https://user@app.example.test/client.json',
      'https://user:pass@app.example.test/client.json',
      `${origin}/a/../client.json`,
      `${origin}/./client.json`,
      `${origin}/%2e%2e/client.json`,
      `${origin}/a%2fclient.json`,
      `${origin}//client.json`,
      origin,
      `${origin}/`,
      `${origin}?x=1`,
      `${origin}:443/client.json`,
      'https://APP.example.test/client.json',
      'https://app.example.test\\@evil.example.test/client.json',
      `${origin}/${'x'.repeat(600)}`,
    ]) {
      const page = await ask(url);
      assert.equal(page.status, 400, url);
      assert.equal(page.headers.location, undefined);
    }
    assert.equal(hosts.requests.length, asked, 'nothing was fetched');
    for (const url of ['http://app.example.test/client.json', 'HTTPS://app.example.test/client.json', 'ftp://x/y']) {
      assert.equal((await ask(url)).status, 400, url);
    }
    assert.equal(hosts.requests.length, asked);
  });
});

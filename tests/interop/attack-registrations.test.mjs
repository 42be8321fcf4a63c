// Registrations without end, and everything else that strangers can have written to the disk: places, networks, the
// size of the store and the lines of the log.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bytes, exchange } from '../raw/lib/raw.mjs';
import { UserAgent } from './lib/browserless.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { ping } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient, authorizeUrl } from './lib/oauth.mjs';
import { Registrations, crowd } from './lib/registrations.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const kilobytes = 12; // of metadata, nearly as much as a registration may have

/** The gateway's configuration with changes, for its next start. */
function reconfigure(gateway, change) {
  const config = JSON.parse(readFileSync(gateway.file, 'utf8'));
  change(config);
  writeFileSync(gateway.file, JSON.stringify(config, null, 2));
}

const bytesOnDisk = (gateway) =>
  ['', '-wal'].reduce((sum, end) => {
    const file = statSync(path.join(gateway.folder, `postern.db${end}`), { throwIfNoEntry: false });
    return sum + (file?.size ?? 0);
  }, 0);

const isThere = async (gateway, id) => {
  const page = await send(authorizeUrl(gateway, id));
  // To the sign-in, or a page about an unknown app: which of the two is what the tests ask.
  assert.ok([303, 400].includes(page.status), page.text.slice(0, 300));
  return page.status === 303;
};

describe('registrations of strangers', { timeout: 180_000 * patience }, () => {
  let upstream;
  const started = [];

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  after(async () => {
    for (const gateway of started) await gateway.stop();
    await upstream?.stop();
  });

  const start = async (name, limits, more) => {
    const gateway = await Gateway.start({
      name,
      upstream: upstream.url,
      configure: (config) => {
        config.trusted_proxies = ['127.0.0.0/8'];
        Object.assign(config.limits, limits);
        more?.(config);
      },
    });
    started.push(gateway);
    return gateway;
  };

  it('attack 7: a flood of registrations takes the places of its own network, and of no app that is being connected', async () => {
    const gateway = await start('registration-flood', { unused_clients: 64 });
    const registrations = new Registrations(gateway);
    const idle = await registrations.one(crowd(0));
    const quiet = await registrations.one('203.0.113.9');
    // In the very network that floods.
    const connecting = await OAuthClient.register(gateway);
    Object.assign(connecting, { id: await registrations.one(crowd(0), { redirect: connecting.redirectUri }) });
    const browser = new UserAgent();
    assert.equal((await browser.request(connecting.request().url)).status, 303, 'to the sign-in page');

    await registrations.flood(600, crowd);
    const listed = JSON.parse(await gateway.command(['client', 'list', '--json']));
    assert.ok(listed.length <= 64, `${listed.length} clients`);
    assert.equal(await isThere(gateway, idle), false, 'the oldest of the crowd gave way');
    assert.equal(await isThere(gateway, quiet), true, 'a network with one client keeps it');
    assert.ok((await metric(gateway, 'postern_clients_evicted_total')) >= 530);

    const tokens = await connecting.grant({ browser });
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200);
    await registrations.flood(200, crowd);
    await connecting.refresh(tokens.refresh_token);
  });

  it('attack 7: what a flood left in the store goes back to the disk', async () => {
    const gateway = await start('registration-disk', {});
    const registrations = new Registrations(gateway);
    const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
    await registrations.flood(600, crowd, { kilobytes });
    const flooded = bytesOnDisk(gateway);
    assert.ok(flooded > 600 * kilobytes * 1024, `${flooded} bytes`);

    reconfigure(gateway, (config) => {
      config.limits.unused_clients = 16;
    });
    await gateway.stop();
    await gateway.start();
    // Each makes room for as many as fit into one transaction.
    await registrations.flood(4, crowd);
    assert.ok(JSON.parse(await gateway.command(['client', 'list', '--json'])).length <= 17);
    await gateway.stop();
    await gateway.start(); // which purges
    await until('the store to become smaller', () => bytesOnDisk(gateway) < flooded / 4, { seconds: 30 * patience });
    assert.equal((await ping(gateway.resource, token)).status, 200);
  });

  it('attack 7: ever new networks of one provider share a rate, and cost others nothing', async () => {
    const gateway = await start('registration-networks', {}, (config) => {
      config.limits.rate = { ...config.limits.rate, register: '1/h burst 2' };
    });
    const registrations = new Registrations(gateway);
    const passed = async (count, addressOf) => {
      const answers = await registrations.flood(count, addressOf);
      assert.deepEqual([...answers.keys()].sort(), [201, 429]);
      return answers.get(201);
    };
    assert.equal(await passed(60, (n) => `2001:db8:0:${n}::1`), 16, 'a site: eight times as many');
    assert.equal(await passed(200, (n) => `2001:db8:${n + 1}::1`), 48, 'with it a provider: 32 times');
    assert.equal(await passed(60, (n) => `198.51.100.${n + 1}`), 16, 'a /24: eight times');
    assert.ok(await registrations.one('203.0.113.1'));
    assert.ok(await registrations.one('2001:db9::1'));
  });

  it('attack 7: what strangers can have logged has a budget, and the rest is counted', async () => {
    const gateway = await start('registration-log', {}, (config) => {
      config.authorization_servers.main.registration = { redirect_domains: ['app.example.test'] };
    });
    const registrations = new Registrations(gateway);
    const id = await registrations.one('203.0.113.1');
    const headers = { 'X-Forwarded-For': '203.0.113.2' };
    const elsewhere = authorizeUrl(gateway, id).replaceAll('app.example.test', 'evil.example.test');
    const refused = {
      'no token': [401, () => ping(gateway.resource, undefined, { headers })],
      'an unknown app': [400, () => send(authorizeUrl(gateway, 'nobody'), { headers })],
      'a redirect URI that is not allowed': [400, () => send(elsewhere, { headers })],
      'no registration': [400, () => send(`${gateway.origin}/oauth/register`, { json: {}, headers })],
      'no client': [400, () => send(`${gateway.origin}/oauth/token`, { form: { grant_type: 'x' }, headers })],
    };
    const each = 200;
    const begun = Date.now();
    for (const [what, [status, act]] of Object.entries(refused)) {
      for (let done = 0; done < each; done += 20)
        for (const answer of await Promise.all(Array.from({ length: 20 }, act))) assert.equal(answer.status, status, what);
    }
    for (let done = 0; done < each; done += 20) {
      const asked = () => send(`${gateway.origin}/.well-known/oauth-authorization-server`, { headers });
      for (const answer of await Promise.all(Array.from({ length: 20 }, asked))) assert.equal(answer.status, 200);
    }
    // These are of whoever sent them; no header says otherwise before it is read.
    for (let done = 0; done < each; ++done) await exchange(gateway.port, bytes('nonsense\r\n\r\n'), { answers: 1 });
    const budget = 100 + 10 * Math.ceil((Date.now() - begun) / 1000);
    const counted = await metric(gateway, 'postern_endpoint_requests_total{route="token",status="400"}');
    assert.equal(counted, each, 'the metrics count every one');

    await gateway.stop();
    const lines = gateway.log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const ids = (of) => new Set(lines.filter(of).map((line) => line.request_id)).size;
    const noise = (line) => line.peer === '203.0.113.2' && line.status >= 400;
    const answered = ids((line) => line.peer === '203.0.113.2' && line.status === 200);
    const malformed = ids((line) => line.event === 'bad_request');
    assert.ok(ids(noise) >= 100 && ids(noise) <= budget, `${ids(noise)} of ${5 * each} requests, budget ${budget}`);
    assert.ok(answered <= budget && malformed <= budget, `${answered}, ${malformed}, budget ${budget}`);
    for (const event of ['client_refused', 'redirect_uri_not_allowed', 'oauth_refused'])
      assert.ok(lines.filter((line) => line.event === event).length <= budget, event);
    const told = lines.filter((line) => line.event === 'requests_not_logged');
    const leftOut = (kind) => told.reduce((sum, line) => sum + line[kind], 0);
    assert.equal(ids(noise) + malformed + leftOut('refused'), 6 * each);
    assert.ok(answered + leftOut('answered') >= each);
  });
});

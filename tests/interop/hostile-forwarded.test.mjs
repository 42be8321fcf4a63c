// Whose address counts, behind a trusted proxy and without one; and what of a request gets into logs and metrics.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const redirect = 'http://127.0.0.1:7777/callback';

describe('addresses', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateways;

  before(async () => {
    upstream = await RecordingUpstream.start();
    const start = (name, trusted) =>
      Gateway.start({
        name,
        upstream: upstream.url,
        configure: (config) => {
          config.trusted_proxies = trusted;
          config.limits.rate.register = '1/h burst 2';
        },
      });
    gateways = {
      alone: await start('no-proxy', []),
      // The network as the IPv6 socket of a proxy would write it.
      behind: await start('behind-proxy', ['::ffff:127.0.0.0/104', '10.0.0.0/8', 'fd00::/8']),
    };
  });
  after(async () => {
    for (const gateway of Object.values(gateways ?? {})) await gateway.stop();
    await upstream?.stop();
  });

  let names = 0;
  const register = (gateway, headers) =>
    send(`${gateway.origin}/oauth/register`, {
      json: { client_name: `C${++names}`, redirect_uris: [redirect], token_endpoint_auth_method: 'none' },
      headers,
    });
  /** The address that the log has for a request with this X-Forwarded-For. */
  async function peerFor(gateway, values) {
    const headers = [values].flat().flatMap((value) => ['X-Forwarded-For', value]);
    const answer = await send(`${gateway.origin}/.well-known/oauth-authorization-server`, { headers });
    assert.equal(answer.status, 200, String(values).slice(0, 100));
    const id = header(answer, 'x-request-id');
    const line = await until('its line', () =>
      gateway
        .logs()
        .split('\n')
        .find((each) => each.includes(id)),
    );
    return JSON.parse(line).peer;
  }

  it('case 112: without a trusted proxy no field changes whom a limit counts', async () => {
    const lies = [
      { 'X-Forwarded-For': '203.0.113.1' },
      { 'X-Forwarded-For': '203.0.113.2', 'X-Real-IP': '203.0.113.2' },
      { Forwarded: 'for=203.0.113.3' },
      { 'X-Client-IP': '203.0.113.4', 'True-Client-IP': '203.0.113.4', 'CF-Connecting-IP': '203.0.113.4' },
    ];
    const statuses = [];
    for (const headers of lies) statuses.push((await register(gateways.alone, headers)).status);
    assert.deepEqual(statuses, [201, 201, 429, 429]);
    assert.equal(await peerFor(gateways.alone, '203.0.113.9'), '127.0.0.1');
  });

  it('case 113: behind a trusted proxy the right-most address that is none of them counts', async () => {
    const { behind } = gateways;
    for (const [values, peer] of [
      ['203.0.113.9', '203.0.113.9'],
      ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
      ['1.1.1.1, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
      [['1.1.1.1', '203.0.113.9', 'fd00::1'], '203.0.113.9'],
      ['2001:db8::9', '2001:db8::9'],
      ['::ffff:203.0.113.9', '203.0.113.9'],
      ['203.0.113.9, ::ffff:10.0.0.7', '203.0.113.9'],
      // A hop that is no address ends the search at the proxy that wrote it.
      ['203.0.113.9, unknown', '127.0.0.1'],
      ['fe80::1%eth0', /^(127\.0\.0\.1|fe80::1.*)$/],
      ['', '127.0.0.1'],
      [', ,', '127.0.0.1'],
      [`${'203.0.113.1, '.repeat(1000)}10.0.0.1`, '203.0.113.1'],
      [Array.from({ length: 60 }, () => '10.0.0.1'), '10.0.0.1'],
    ]) {
      const seen = await peerFor(behind, values);
      if (peer instanceof RegExp) assert.match(seen, peer);
      else assert.equal(seen, peer, String(values).slice(0, 100));
    }
    assert.equal((await register(behind, { 'X-Forwarded-For': '203.0.113.20' })).status, 201);
    assert.equal((await register(behind, { 'X-Forwarded-For': '203.0.113.20' })).status, 201);
    assert.equal((await register(behind, { 'X-Forwarded-For': '9.9.9.9, 203.0.113.20' })).status, 429);
    assert.equal((await register(behind, { 'X-Forwarded-For': '203.0.113.21' })).status, 201, 'another client');
  });
});

describe('what is written down', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-logs',
      upstream: upstream.url,
      configure: (config) => {
        config.log = { level: 'debug' };
      },
    });
    client = await OAuthClient.register(gateway);
    token = (await client.grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('case 117: the value of Authorization is in no log, metric, page or answer, good or bad', async () => {
    const basic = Buffer.from('alice:a-secret-of-alice').toString('base64');
    const secrets = [token, 'not-a-token-but-secret-4711', `mcpv1_${'S'.repeat(43)}`, basic];
    const texts = [];
    for (const secret of secrets) {
      for (const scheme of ['Bearer', 'Basic', 'bearer', 'Token']) {
        const headers = { Authorization: `${scheme} ${secret}` };
        for (const url of ['/mcp', '/login', '/oauth/authorize', '/oauth/token', '/oauth/introspect', '/nothing', '/'])
          texts.push((await send(gateway.origin + url, { headers })).text);
        texts.push((await send(`${gateway.origin}/oauth/token`, { headers, form: { client_id: 'x' } })).text);
        texts.push((await ping(gateway.resource, undefined, { headers })).text);
      }
      texts.push((await ping(`${gateway.resource}?access_token=${secret}`)).text);
      texts.push((await callTool(gateway.resource, secret, 'get-env')).text);
    }
    texts.push((await send(`${gateway.operations}/metrics`)).text, gateway.logs());
    for (const [index, text] of texts.entries())
      for (const secret of secrets) assert.ok(!text.includes(secret), `text ${index}: ${text.slice(0, 200)}`);
    assert.ok(texts.at(-1).length > 10_000, 'the log was on');
  });

  it('case 118: line ends and terminal codes of a client stay within one line of JSON', async () => {
    const evil =
      'x","event":"forged"}\r\n{"event":"forged","time":"2020"}\n\u001b[2K\u001b]0;evil\u0007\u009b31m\u2028';
    await callTool(gateway.resource, token, evil, { value: evil });
    await send(`${gateway.origin}/oauth/register`, { json: { client_name: evil, redirect_uris: [redirect] } });
    await send(`${gateway.origin}/${encodeURIComponent(evil)}`);
    await send(`${gateway.origin}/login?continue=${encodeURIComponent(evil)}`);
    await send(client.request({ scope: evil, state: evil, client_id: evil }).url);
    await ping(gateway.resource, token, { headers: { 'User-Agent': 'x\u009b31m', 'Mcp-Session-Id': '\\u001b[2K' } });
    await callTool(gateway.resource, token, 'last-of-them');
    await until('the last line', () => gateway.logs().includes('last-of-them'));
    const lines = gateway.logs().split('\n').slice(0, -1);
    const isEntry = (line) => !line.startsWith('listening on ');
    for (const line of lines) {
      if (isEntry(line)) assert.notEqual(JSON.parse(line).event, 'forged');
      assert.ok(!/[\u0000-\u001f\u007f-\u009f]/.test(line), `a byte a terminal obeys: ${JSON.stringify(line)}`);
    }
    assert.ok(
      lines.filter(isEntry).some((line) => JSON.parse(line).name === evil),
      'told whole, as a value',
    );
  });
});

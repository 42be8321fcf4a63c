// The operations listener and the log: what an operator sees, and what neither may ever hold.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bytes, exchange } from '../raw/lib/raw.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { callTool, initialize, ping, post, rpc } from './lib/mcp.mjs';
import { parseMetrics } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

describe('operations', { timeout: 120_000 * patience }, () => {
  const upstreamCredential = `upstream-${randomBytes(16).toString('hex')}`;
  const upstreamSession = `session-${randomBytes(16).toString('hex')}`;
  let upstream;
  let gateway;
  let client;
  let token;

  before(async () => {
    upstream = await RecordingUpstream.start({
      answer: (message, _, response) => {
        if (message?.method === 'initialize') response.setHeader('Mcp-Session-Id', upstreamSession);
        if (message?.params?.name === 'broken') response.destroy();
        return message?.params?.name === 'broken';
      },
    });
    gateway = await Gateway.start({
      name: 'operations',
      upstream: upstream.url,
      configure: (config, self) => {
        config.log = { level: 'debug', audit: path.join(self.folder, 'audit.log') };
        config.upstreams.everything.credential = { bearer: upstreamCredential };
      },
    });
    client = await OAuthClient.register(gateway);
    token = (await client.grant()).access_token;
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const metrics = async () => parseMetrics((await send(`${gateway.operations}/metrics`)).text);
  const auditText = () => readFileSync(path.join(gateway.folder, 'audit.log'), 'utf8');
  const linesOf = (text) => text.trimEnd().split('\n').filter(Boolean);
  const logLines = () => linesOf(gateway.logs()).filter((line) => !line.startsWith('listening on '));

  /** The audit line of one answer, by the request id the client was given. */
  async function auditOf(answer) {
    const id = header(answer, 'x-request-id');
    assert.ok(id, 'every answer carries its request id');
    const found = () => linesOf(auditText()).filter((line) => line.includes(`"request_id":"${id}"`));
    await until(`the audit line of ${id}`, () => found().length > 0);
    assert.equal(found().length, 1, 'one line a request');
    return JSON.parse(found()[0]);
  }

  it('health, readiness and metrics are served, and nothing else', async () => {
    for (const where of ['/livez', '/readyz', '/metrics']) {
      const answer = await send(gateway.operations + where);
      assert.equal(answer.status, 200, where);
      assert.match(header(answer, 'content-type'), /^text\/plain/, where);
      const head = await send(gateway.operations + where, { method: 'HEAD' });
      assert.deepEqual([head.status, head.text], [200, ''], where);
      const posted = await send(gateway.operations + where, { form: { a: 'b' } });
      assert.equal(posted.status, 405, where);
      assert.equal(header(posted, 'allow'), 'GET, HEAD');
    }
    for (const where of ['/', '/mcp', '/login', '/oauth/token', '/metrics/', '/.well-known/oauth-authorization-server'])
      assert.equal((await send(gateway.operations + where)).status, 404, where);
    assert.match(header(await send(`${gateway.operations}/metrics`), 'content-type'), /version=0\.0\.4/);
  });

  it('none of it can be reached through the public listener', async () => {
    for (const [where, status] of Object.entries({
      '/livez': 404,
      '/readyz': 404,
      '/metrics': 404,
      '/mcp/metrics': 404,
      '//metrics': 400,
      '/%6detrics': 404,
      '/mcp/../metrics': 400,
    })) {
      for (const [host, elsewhere] of [
        [`127.0.0.1:${gateway.port}`, status],
        [`127.0.0.1:${gateway.operationsPort}`, status === 404 ? 421 : status],
      ]) {
        const sent = bytes(`GET ${where} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        const { responses } = await exchange(gateway.port, sent, { answers: 1 });
        assert.equal(responses[0]?.status, elsewhere, `${where} at ${host}`);
        assert.ok(!/postern_|alive|ready\n/.test(responses[0].body), where);
      }
    }
  });

  it('the metrics are what Prometheus reads, and every family says what it is', async () => {
    const { types, samples } = await metrics();
    for (const family of [
      'requests_total',
      'decisions_total',
      'connections',
      'endpoint_requests_total',
      'token_cache_total',
    ])
      assert.ok(types.has(`postern_${family}`), family);
    for (const [name, type] of types) assert.equal(type === 'counter', name.endsWith('_total'), name);
    assert.ok([...samples.values()].every(Number.isFinite));
  });

  it('the counters move by what happened', async () => {
    const name = (outcome) => `postern_requests_total{outcome="${outcome}",resource="${gateway.resource}"}`;
    const verdict = (v) => `postern_decisions_total{resource="${gateway.resource}",shadow="false",verdict="${v}"}`;
    const before = await metrics();
    for (let count = 0; count < 3; ++count) await callTool(gateway.resource, token, 'echo');
    await ping(gateway.resource);
    await callTool(gateway.resource, token, 'get-sum');
    await callTool(gateway.resource, token, 'get-env');
    await callTool(gateway.resource, token, 'broken');
    await send(`${gateway.origin}/oauth/token`, { form: {} });
    await exchange(gateway.port, bytes('nonsense\r\n\r\n'), { answers: 1 });
    const grown = {
      [name('ok')]: 3,
      [name('unauthorized')]: 1,
      [name('step_up')]: 1,
      [name('forbidden')]: 1,
      [name('upstream_error')]: 1,
      [verdict('allow')]: 4,
      [verdict('step_up')]: 1,
      [verdict('deny')]: 1,
      'postern_endpoint_requests_total{route="token",status="400"}': 1,
      'postern_bad_requests_total{status="400"}': 1,
      [`postern_request_seconds_count{resource="${gateway.resource}"}`]: 7,
    };
    const normal = (map) => new Map([...map].map(([key, value]) => [sorted(key), value]));
    const sorted = (key) =>
      key.replace(
        /\{(.*)\}/,
        (_, labels) =>
          `{${labels
            .match(/\w+="[^"]*"/g)
            .sort()
            .join()}}`,
      );
    await until('the counters', async () => {
      const [old, now] = [normal(before.samples), normal((await metrics()).samples)];
      for (const [key, by] of Object.entries(grown))
        assert.equal((now.get(sorted(key)) ?? 0) - (old.get(sorted(key)) ?? 0), by, key);
      return true;
    });
    assert.equal((await metrics()).samples.get('postern_connections') >= 1, true);
  });

  it('no client makes a series: whatever it sends, the labels stay the same few', async () => {
    const mark = 'mark7f3a';
    const visit = async (index) => {
      const odd = `${mark}${index}`;
      await send(`${gateway.origin}/${odd}`);
      await send(gateway.origin + '/oauth/token', { form: { grant_type: odd, client_id: odd } });
      await send(`${gateway.origin}/login`, { method: index % 2 ? 'PUT' : odd.toUpperCase() }).catch(() => {});
      await send(gateway.resource, { method: 'GET', headers: { Host: `${odd}.example` } });
      await callTool(gateway.resource, token, odd, {}, { headers: { 'User-Agent': odd, 'Mcp-Name': odd } });
      await post(gateway.resource, rpc(odd), { token, session: odd, headers: { 'MCP-Protocol-Version': odd } });
      await ping(gateway.resource, odd, { headers: { Origin: `https://${odd}.example` } });
      await OAuthClient.register(gateway, { metadata: { client_name: odd } });
      await exchange(gateway.port, bytes(`${odd} / HTTP/1.1\r\n\r\n`), { answers: 1 });
    };
    await visit(0);
    await visit(1);
    const before = await metrics();
    // Few enough that the refused ones stay within the lines that one network may have: the next test reads one.
    for (let index = 2; index < 16; ++index) await visit(index);
    const now = await metrics();
    assert.deepEqual([...now.samples.keys()].sort(), [...before.samples.keys()].sort());
    for (const [label, values] of now.labels)
      for (const value of values) assert.ok(!value.toLowerCase().includes(mark), `${label}="${value}"`);
  });

  it('a decision has one audit line, with who, what and why', async () => {
    const session = await initialize(gateway.resource, token);
    const expected = [
      ['echo', { decision: 'allow', status: 200, outcome: 'ok', error: '' }],
      ['get-sum', { decision: 'step_up', status: 403, outcome: 'step_up', error: 'insufficient_scope' }],
      ['get-env', { decision: 'deny', status: 403, outcome: 'forbidden', error: 'access_denied' }],
      ['broken', { decision: 'allow', status: 502, outcome: 'upstream_error', error: 'upstream_unavailable' }],
    ];
    for (const [tool, wanted] of expected) {
      const line = await auditOf(await callTool(gateway.resource, token, tool, {}, { session }));
      const { tenant, user, client: by, http, method, name, resource, peer } = line;
      assert.deepEqual(
        { tenant, by, http, method, name, resource, peer },
        {
          tenant: 'acme',
          by: client.id,
          http: 'POST',
          method: 'tools/call',
          name: tool,
          resource: gateway.resource,
          peer: '127.0.0.1',
        },
        tool,
      );
      assert.match(user, /alice/);
      const { decision, status, outcome, error } = line;
      assert.deepEqual({ decision, status, outcome, error }, wanted, tool);
      assert.ok(line.rule, tool);
      assert.ok(!Number.isNaN(Date.parse(line.time)) && line.level === 'audit' && line.grant && line.ms >= 0);
    }
    const anonymous = await auditOf(await ping(gateway.resource));
    assert.deepEqual([anonymous.decision, anonymous.status, anonymous.user], ['none', 401, '']);
  });

  it('what a client sends cannot forge a line, nor hide one', async () => {
    const evil = 'x","level":"audit"}\n{"time":"2020","event":"forged"}\u001b[2K\u2028\u009b';
    const answer = await callTool(gateway.resource, token, evil, { evil });
    const line = await auditOf(answer);
    assert.equal(line.name, evil);
    const raw = linesOf(auditText()).find((each) => each.includes(line.request_id));
    assert.ok(!/[\u0000-\u001f\u007f-\u009f]/.test(raw), 'no byte a terminal obeys');
    await OAuthClient.register(gateway, { metadata: { client_name: `A client ${'y'.repeat(100)}` } });
    for (const each of [...logLines(), ...linesOf(auditText())]) assert.notEqual(JSON.parse(each).event, 'forged');
  });

  it('every line of the log is JSON with time, level and event', async () => {
    await until('lines', () => logLines().length > 20);
    for (const line of logLines()) {
      const { time, level, event } = JSON.parse(line);
      assert.ok(!Number.isNaN(Date.parse(time)), line);
      assert.ok(['debug', 'info', 'warning', 'error'].includes(level), line);
      assert.match(event, /^[a-z_]+$/, line);
    }
    for (const line of linesOf(auditText())) JSON.parse(line);
    const session = await initialize(gateway.resource, token);
    const failed = await callTool(gateway.resource, token, 'broken', {}, { session });
    assert.equal(failed.status, 502);
    const { request_id: id } = failed.message.error.data;
    await until('the reason of a 502 under the id the client was given', () =>
      logLines().some((line) => JSON.parse(line).event === 'upstream_failed' && JSON.parse(line).request_id === id),
    );
  });
});

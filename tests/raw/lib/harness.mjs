// A gateway between raw bytes and an upstream that must not be reached.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Gateway, sanitized } from '../../interop/lib/gateway.mjs';
import { OAuthClient } from '../../interop/lib/oauth.mjs';
import { RecordingUpstream } from '../../interop/lib/upstream.mjs';
import { pause } from '../../interop/lib/wait.mjs';
import { bytes, exchange, head } from './raw.mjs';

const policy = {
  policy: 'raw',
  scopes: { 'mcp.connect': 'Connect' },
  default_scopes: ['mcp.connect'],
  connect: ['mcp.connect'],
  rules: [{ tools: ['*'], scopes: ['mcp.connect'] }],
  otherwise: 'allow',
};

/** What the body of a refusal says for each status, whether it answers a JSON-RPC request or not. */
const errors = {
  400: 'invalid_request',
  401: 'invalid_token',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  414: 'target_too_long',
  417: 'expectation_failed',
  421: 'misdirected_request',
  431: 'head_too_large',
  501: 'not_implemented',
  505: 'http_version_not_supported',
};
const seen = ({ status, body }) => {
  const { error } = JSON.parse(body);
  return [status, error.data?.error ?? error];
};

export class Harness {
  /** Two resources: `/t1/mcp`, for which `token` is good, and `/t2/mcp`, for which it is not. */
  static async start({ name, upstreamUrl, limits = {} } = {}) {
    const harness = new Harness();
    if (!upstreamUrl) harness.upstream = await RecordingUpstream.start();
    harness.gateway = await Gateway.start({
      name,
      upstream: upstreamUrl ?? harness.upstream.url,
      policy,
      configure: (config, gateway) => {
        const [resource] = config.resources;
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        config.resources = [
          { ...resource, serve: `${gateway.origin}/t1/mcp`, root: undefined },
          { ...resource, serve: `${gateway.origin}/t2/mcp`, tenant: 'globex', root: undefined },
        ];
        gateway.resource = `${gateway.origin}/t1/mcp`;
        config.limits = { ...config.limits, ...limits };
      },
    });
    harness.port = harness.gateway.port;
    harness.pid = harness.gateway.pid;
    harness.host = `127.0.0.1:${harness.port}`;
    harness.token = (await (await OAuthClient.register(harness.gateway)).grant({ scope: 'mcp.connect' })).access_token;
    await harness.settle();
    return harness;
  }

  async stop() {
    await this.gateway?.stop();
    await this.upstream?.stop();
  }

  /** The gateway may look at the upstream by itself after a sign-in: wait until it has finished. */
  async settle() {
    if (!this.upstream) return;
    for (let quiet = 0; quiet < 5; ++quiet) {
      if (this.upstream.bytes > 0) quiet = 0;
      this.upstream.reset();
      await pause(100);
    }
  }

  message(tool, id = 1) {
    return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {} } });
  }

  /** Header lines of a good request; `without` names those left out. */
  fields({ without = [], token = this.token, more = [] } = {}) {
    const fields = [
      `Host: ${this.host}`,
      `Authorization: Bearer ${token}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
    ];
    return [...fields.filter((line) => !without.includes(line.split(':')[0])), ...more];
  }

  /** A complete call of `tool`, framed by Content-Length. */
  call(tool, options = {}) {
    const body = this.message(tool, options.id);
    return Buffer.concat([
      head(options.line ?? 'POST /t1/mcp HTTP/1.1', ...this.fields(options), `Content-Length: ${body.length}`),
      bytes(body),
    ]);
  }

  /** A head with the given extra lines and whatever body: the usual shape of a hostile request. */
  request(lines, body = '', options = {}) {
    return Buffer.concat([
      head(options.line ?? 'POST /t1/mcp HTTP/1.1', ...this.fields(options), ...lines),
      bytes(body),
    ]);
  }

  /**
   * The bytes must be answered with `status` and its error, and the connection closed; a good request behind them on
   * the same connection must not run, and nothing may reach the upstream.
   * `mayReset`: so much is sent that the answer may be lost to a reset.
   */
  async refuses(what, sent, status = 400, { mayReset = false, seconds = 10 } = {}) {
    this.upstream.reset();
    const result = await exchange(this.port, [...(Array.isArray(sent) ? sent : [sent]), this.call('smuggled')], {
      seconds,
    });
    this.upstream.untouched(what);
    assert.ok(result.closed, `${what}: the connection stays open after ${JSON.stringify(result.responses)}`);
    if (mayReset && result.responses.length === 0) return;
    assert.deepEqual(
      result.responses.map(seen),
      [[status, errors[status]]],
      `${what}: one answer expected, rest: ${result.rest.toString('latin1').slice(0, 200)}`,
    );
  }

  /** As `refuses`, for requests whose framing is sound: the connection may live on. */
  async answers(what, sent, status, { seconds = 10 } = {}) {
    this.upstream.reset();
    const { responses } = await exchange(this.port, sent, { answers: 1, seconds });
    this.upstream.untouched(what);
    assert.deepEqual(responses.map(seen), [[status, errors[status]]], what);
  }

  /** The same process still does its work. */
  async lives() {
    this.upstream.reset();
    assert.ok(this.gateway.alive, `the gateway is gone\n${this.gateway.logs().slice(-4000)}`);
    assert.equal(this.gateway.pid, this.pid);
    const { responses } = await exchange(this.port, this.call('good'), { answers: 1 });
    assert.equal(responses[0]?.status, 200, JSON.stringify(responses));
    assert.deepEqual(this.upstream.calls, ['good']);
  }

  /** Resident memory of the gateway in MiB; sanitizers hold on to what is freed, so that there it says nothing. */
  resident() {
    if (sanitized) return 0;
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'))[1]) / 1024;
  }
}

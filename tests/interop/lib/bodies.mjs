// Bodies as bytes, to a gateway whose policy denies the tool `danger`, in front of a server that must not be reached.
import assert from 'node:assert/strict';
import http from 'node:http';
import { codeOf, denied } from './expect.mjs';
import { Gateway, sanitized } from './gateway.mjs';
import { send } from './http.mjs';
import { OAuthClient } from './oauth.mjs';
import { RecordingUpstream } from './upstream.mjs';

const policy = {
  policy: 'bodies',
  scopes: { connect: 'Connect' },
  default_scopes: ['connect'],
  connect: ['connect'],
  rules: [{ tools: ['danger'], deny: true }],
  otherwise: 'allow',
};

export const danger = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}';
export const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
export const call = (members) => `{"jsonrpc":"2.0","id":1,${members}}`;

export class Bodies {
  static async start(name) {
    const bodies = new Bodies();
    bodies.upstream = await RecordingUpstream.start();
    bodies.gateway = await Gateway.start({
      name,
      upstream: bodies.upstream.url,
      policy,
      // Whatever is nested must not be read by recursion. Sanitizers need more stack for themselves.
      launcher: sanitized ? [] : ['prlimit', '--stack=262144:262144', '--'],
    });
    bodies.token = await bodies.newToken();
    bodies.agent = new http.Agent({ keepAlive: true });
    return bodies;
  }

  async stop() {
    this.agent?.destroy();
    await this.gateway?.stop();
    await this.upstream?.stop();
  }

  async newToken() {
    return (await (await OAuthClient.register(this.gateway)).grant({ scope: 'connect' })).access_token;
  }

  send(body, headers = {}) {
    return send(this.gateway.resource, {
      body,
      agent: this.agent,
      method: 'POST',
      headers: {
        Accept: 'application/json, text/event-stream',
        'Content-Type': 'application/json',
        Authorization: `Bearer ${this.token}`,
        ...headers,
      },
    });
  }

  /** Each is refused with the status (and JSON-RPC code), repeats nothing, and reaches nobody. */
  async refuses(bodies, { status = 400, code, headers } = {}) {
    for (const body of bodies) {
      this.upstream.reset();
      const what = `${String(body).slice(0, 100)} ${JSON.stringify(headers ?? {})}`;
      const answer = await this.send(body, headers);
      assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 200)}`);
      if (code) assert.equal(codeOf(answer), code, `${what}: ${answer.text.slice(0, 200)}`);
      assert.ok(!answer.text.includes('danger'), `${what}: echoed`);
      this.upstream.untouched(what);
    }
  }

  /** Each is understood, and denied by the policy. */
  async denies(bodies) {
    for (const body of bodies) {
      this.upstream.reset();
      const answer = await this.send(body);
      denied(answer, String(body));
      this.upstream.untouched(String(body));
    }
  }

  async passes(body, headers) {
    this.upstream.reset();
    const answer = await this.send(body, headers);
    assert.equal(answer.status, 200, `${String(body).slice(0, 100)}: ${answer.text.slice(0, 200)}`);
    assert.equal(this.upstream.requests[0].body, String(body), 'byte for byte');
  }
}

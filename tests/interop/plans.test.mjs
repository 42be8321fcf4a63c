// Plans: those of a rule deny a call inside a session, those of a policy take the whole resource away.
import assert from 'node:assert/strict';
import { writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { denied, refusalOf } from './lib/expect.mjs';
import { binary, everythingPolicy, Gateway, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool, initialize, ping } from './lib/mcp.mjs';
import { modern } from './lib/modern.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { run } from './lib/process.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const policy = {
  ...everythingPolicy,
  plans: ['business', 'enterprise'],
  rules: [{ tools: ['get-sum'], plans: ['enterprise'] }, { tools: ['echo'] }],
};

describe('plans', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: modern() });
    gateway = await Gateway.start({
      name: 'plans',
      upstream: upstream.url,
      policy,
      configure: (config, { origin }) => {
        config.tenants.push({ handle: 'small', name: 'Small', plan: 'free' });
        config.resources.push({ ...config.resources[0], serve: `${origin}/small`, tenant: 'small', root: false });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('compat 16: a call that a rule’s plans exclude is denied, and its session goes on', async () => {
    const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
    const session = await initialize(gateway.resource, token);
    upstream.reset();
    const answer = await callTool(gateway.resource, token, 'get-sum', { a: 1, b: 2 }, { session });
    denied(answer);
    assert.match(refusalOf(answer.message).message, /plan does not include/);
    upstream.untouched('what the plan does not include');
    assert.equal((await ping(gateway.resource, token, { session })).status, 200);
  });

  for (const version of ['v1', 'v2']) {
    it(`compat 16: the SDK ${version} reads that the plan does not include it, and goes on`, async () => {
      const sdk = await SdkClient.connect(version, gateway.resource);
      const { sessionId } = sdk.transport;
      assert.ok(!(await sdk.tools()).includes('get-sum'), 'it is not listed');
      const answer = await sdk.client.callTool({ name: 'get-sum', arguments: { a: 1, b: 2 } });
      assert.equal(answer.isError, true);
      assert.match(answer.content[0].text, /plan does not include/);
      const echo = await sdk.client.callTool({ name: 'echo', arguments: { message: 'on' } });
      assert.equal(echo.content[0].text, 'on');
      assert.equal(sdk.transport.sessionId, sessionId);
      await sdk.close();
    });
  }

  it('compat 16: the plans of the policy itself stay a 404, for the resource and its metadata', async () => {
    const url = `${gateway.origin}/small`;
    assert.equal((await ping(url)).status, 404);
    const metadata = await send(`${gateway.origin}/.well-known/oauth-protected-resource/small`);
    assert.equal(metadata.status, 404);
  });

  it('compat 16: cases that still expect not_found are explained by check, test and explain', async () => {
    const folder = path.join(gateway.folder, 'cases');
    mkdirSync(folder);
    const one = '{name: of the larger plan, tool: get-sum, scopes: [mcp.connect], role: admin, plan: business';
    writeFileSync(path.join(folder, 'policy.yaml'), `policy: everything\ncases:\n  - ${one}, expect: not_found}\n`);
    const checked = await run(binary(), ['check', '-c', gateway.file]);
    assert.equal(checked.code, 0, checked.output);
    const sentence = /policy\.yaml:3:5: .*of the larger plan: expected not_found, got deny by rules\[0\] .*`expect: deny`/;
    assert.match(checked.output, sentence);
    assert.match(checked.output, /: warning: /);
    const tested = await run(binary(), ['policy', 'test', '-c', gateway.file]);
    assert.equal(tested.code, 1);
    assert.match(tested.stdout, sentence);
    writeFileSync(path.join(folder, 'policy.yaml'), `policy: everything\ncases:\n  - ${one}, expect: deny}\n`);
    assert.equal((await run(binary(), ['policy', 'test', '-c', gateway.file])).code, 0);
    assert.doesNotMatch((await run(binary(), ['check', '-c', gateway.file])).output, /warning/);
    const words = ['--tenant', 'acme', '--user', 'alice', '--scope', 'mcp.connect', '--tool', 'get-sum'];
    const explained = await run(binary(), ['policy', 'explain', '-c', gateway.file, ...words]);
    assert.equal(explained.code, 1);
    assert.match(explained.stdout, /^deny by rules\[0\]\nbecause the tenant's plan does not include this\n/);
  });
});

// A token with little scope meets a tool that needs more: each client asks the person, and then holds both.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge } from './lib/http.mjs';
import { callTool, initialize } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';

describe('step-up', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({
      name: 'step-up',
      upstream: upstream.url,
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'vera', members: ['acme:viewer'] },
      ],
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const clients = [
    ['v1', {}],
    ['v2', { versionNegotiation: { mode: 'legacy' } }],
    ['v2', { versionNegotiation: { mode: 'auto' } }],
  ];
  for (const [version, options] of clients) {
    const mode = options.versionNegotiation?.mode ?? 'the only mode';
    it(`SDK ${version} (${mode}): from tools.read to tools.write, keeping both and the session`, async () => {
      const sdk = await SdkClient.connect(version, gateway.resource, { options });
      assert.ok(!sdk.provider.scopes.has('tools.write'));
      const session = sdk.transport.sessionId;
      assert.match(textOf(await sdk.call('get-sum', { a: 40, b: 2 })), /42/);
      assert.ok(
        sdk.provider.scopes.has('tools.write') && sdk.provider.scopes.has('tools.read'),
        [...sdk.provider.scopes].join(' '),
      );
      assert.equal(
        sdk.provider.events.filter((event) => event === 'authorizing').length,
        2,
        'the person was asked once more',
      );
      assert.equal(sdk.transport.sessionId, session);
      assert.match(textOf(await sdk.call('echo', { message: 'still' })), /still/);
      await sdk.close();
    });
  }

  it('the challenge names all scopes the call needs and those held', async () => {
    const client = await OAuthClient.register(gateway);
    const { access_token: token } = await client.grant();
    const session = await initialize(gateway.resource, token);
    const answer = await callTool(gateway.resource, token, 'get-sum', { a: 1, b: 2 }, { session });
    assert.equal(answer.status, 403);
    const challenge = bearerChallenge(answer);
    assert.equal(challenge.error, 'insufficient_scope');
    assert.deepEqual(challenge.scope.split(' ').sort(), ['mcp.connect', 'tools.read', 'tools.write']);
    assert.equal(challenge.resource_metadata, client.challenge.resource_metadata);
    assert.equal(answer.message.error.code, -32003);
    assert.equal(answer.message.error.data.error, 'insufficient_scope');
  });

  it('a role that cannot hold the scope is denied, not sent round in circles', async () => {
    const sdk = await SdkClient.connect('v1', gateway.resource, { provider: new Provider({ user: 'vera' }) });
    assert.ok(!(await sdk.tools()).includes('get-sum'), 'what the role can never use is not listed');
    const answer = await callTool(
      gateway.resource,
      sdk.provider.tokens().access_token,
      'get-sum',
      { a: 1, b: 2 },
      { session: sdk.transport.sessionId },
    );
    assert.equal(answer.status, 403);
    assert.equal(bearerChallenge(answer), undefined);
    assert.equal(answer.message.error.data.error, 'access_denied');
    await sdk.close();
  });

  it('the first refresh after a challenge answers invalid_grant once, and the family lives on', async () => {
    const client = await OAuthClient.register(gateway);
    const tokens = await client.grant();
    const session = await initialize(gateway.resource, tokens.access_token);
    assert.equal(
      (await callTool(gateway.resource, tokens.access_token, 'get-sum', { a: 1, b: 2 }, { session })).status,
      403,
    );
    const first = await client.refresh(tokens.refresh_token);
    assert.deepEqual([first.status, first.body.error], [400, 'invalid_grant']);
    const second = await client.refresh(tokens.refresh_token);
    assert.equal(second.status, 200, second.text);
    assert.equal(
      (await callTool(gateway.resource, second.body.access_token, 'echo', { message: 'x' }, { session })).status,
      200,
    );
  });
});

// A token with little scope meets a tool that needs more: each client asks the person, and then holds both.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { denied } from './lib/expect.mjs';
import { everythingPolicy, Gateway, password, patience } from './lib/gateway.mjs';
import { bearerChallenge } from './lib/http.mjs';
import { callTool, initialize, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { Provider, SdkClient, textOf } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

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
    denied(answer);
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

  // A client that answers a challenge by refreshing, and then authorizes for the scopes of the plain challenge.
  const challenged = async (client) => {
    const tokens = await client.grant();
    const session = await initialize(gateway.resource, tokens.access_token);
    const refused = await callTool(gateway.resource, tokens.access_token, 'get-sum', { a: 1, b: 2 }, { session });
    assert.equal(refused.status, 403);
    return { ...tokens, session };
  };
  const sums = async (token, session) => {
    const answer = await callTool(gateway.resource, token, 'get-sum', { a: 40, b: 2 }, { session });
    assert.equal(answer.status, 200, answer.text);
    assert.match(textOf(answer.message.result), /42/);
  };
  /** The consent page of an authorization request with the plain challenge's scopes, or without any. */
  const consentPage = async (client, { scope, decision = 'approve' } = {}) => {
    const request = client.request(scope ? { scope } : {});
    if (!scope) delete request.parameters.scope;
    const browser = new UserAgent();
    const end = await browser.authorize(client.authorizeUrl(request.parameters), {
      username: 'alice',
      password,
      decision,
    });
    const page = browser.pages.findLast((each) => /name="flow"/.test(each.text)).text;
    return { ...request, page, answer: Object.fromEntries(end.redirect.searchParams) };
  };
  const offersWrite = /<code>tools\.write<\/code> <small>The app was just refused a call that needs this\.<\/small>/;

  for (const [what, plain] of [
    ['without a scope', () => undefined],
    ["with the plain challenge's scopes", (client) => client.challenge.scope],
  ]) {
    it(`compat 19: after a refused refresh, an authorization ${what} offers what was wanted, and it is granted`, async () => {
      const client = await OAuthClient.register(gateway);
      const { refresh_token: refresh, session } = await challenged(client);
      assert.equal((await client.refresh(refresh)).body.error, 'invalid_grant');
      const asked = await consentPage(client, { scope: plain(client) });
      assert.match(asked.page, offersWrite);
      const tokens = await client.exchange({ code: asked.answer.code, verifier: asked.verifier });
      assert.deepEqual(tokens.body.scope.split(' ').sort(), ['mcp.connect', 'tools.read', 'tools.write']);
      await sums(tokens.body.access_token, session);
      const next = await consentPage(client, { scope: plain(client) });
      assert.doesNotMatch(next.page, /tools\.write/, 'once granted it is pending no more');
    });
  }

  it('compat 19: what the user denies is not offered again, and the app keeps what it had', async () => {
    const client = await OAuthClient.register(gateway);
    const { access_token: token, session } = await challenged(client);
    const denied = await consentPage(client, { decision: 'deny' });
    assert.match(denied.page, offersWrite);
    assert.equal(denied.answer.error, 'access_denied');
    const asked = await consentPage(client);
    assert.doesNotMatch(asked.page, /tools\.write/);
    const tokens = await client.exchange({ code: asked.answer.code, verifier: asked.verifier });
    assert.equal(tokens.body.scope, 'mcp.connect tools.read');
    assert.equal((await callTool(gateway.resource, token, 'echo', { message: 'x' }, { session })).status, 200);
  });

  it('compat 19: it is pending for that client alone, and a request for other scopes gets no more', async () => {
    const client = await OAuthClient.register(gateway);
    await challenged(client);
    const other = await OAuthClient.register(gateway, { redirectUris: ['http://127.0.0.1:7777/other'] });
    assert.doesNotMatch((await consentPage(other)).page, /tools\.write/);
    assert.doesNotMatch((await consentPage(client, { scope: 'mcp.connect' })).page, /tools\.write/);
    assert.match((await consentPage(client)).page, offersWrite, 'and it is still pending then');
  });

  it('compat 19: a gateway that was killed still knows what is pending', async () => {
    const client = await OAuthClient.register(gateway);
    await challenged(client);
    await gateway.kill();
    await gateway.start();
    assert.match((await consentPage(client)).page, offersWrite);
  });
});

describe('step-up with tokens that expire', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({
      name: 'step-up-expired',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.authorization_servers.main.access_token = { lifetime: `${5 * patience}s` };
        config.authorization_servers.signing = {
          issuer: `${origin}/signing`,
          endpoints: Object.fromEntries(
            ['authorize', 'token', 'register', 'revoke', 'introspect'].map((name) => [name, `/signing/${name}`]),
          ),
          access_token: { format: 'jwt', lifetime: `${5 * patience}s` },
        };
        config.resources[0].authorization_server = 'main';
        config.resources.push({
          ...config.resources[0],
          serve: `${origin}/signed`,
          root: undefined,
          authorization_server: 'signing',
        });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const path of ['/mcp', '/signed']) {
    it(`compat 19: the 401 of an expired token at ${path} asks for what was wanted too, until it is settled`, async () => {
      const resource = gateway.origin + path;
      const client = await OAuthClient.register({ origin: gateway.origin, resource });
      const { access_token: token } = await client.grant();
      assert.equal((await callTool(resource, token, 'get-sum', { a: 1, b: 2 })).status, 403);
      const plain = bearerChallenge(await ping(resource)).scope;
      assert.equal(plain, 'mcp.connect tools.read');
      const expired = await until(
        'the end of the token',
        async () => {
          const answer = await ping(resource, token);
          return answer.status === 401 && answer;
        },
        { seconds: 30 * patience },
      );
      const { error, scope } = bearerChallenge(expired);
      assert.deepEqual([error, scope], ['invalid_token', 'mcp.connect tools.read tools.write']);
      assert.equal(bearerChallenge(await ping(resource)).scope, plain, 'a request without a token is told nothing of it');

      const tokens = await client.grant({ scope });
      assert.equal(tokens.scope, scope);
      assert.equal(bearerChallenge(await ping(resource, token)).scope, plain);
    });
  }
});

describe('step-up where a grant for `connect` has the full reach of its role', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({
      name: 'step-up-narrow',
      upstream: upstream.url,
      policy: { ...everythingPolicy, default_scopes: ['mcp.connect'], scope_mode: 'narrow' },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('compat 19: what a narrowed grant wants does not narrow the next one that asks for no more', async () => {
    const client = await OAuthClient.register(gateway);
    const narrowed = await client.grant({ scope: 'mcp.connect tools.read' });
    assert.equal((await callTool(gateway.resource, narrowed.access_token, 'get-sum', { a: 1, b: 2 })).status, 403);
    const wide = await client.grant({ scope: 'mcp.connect' });
    assert.equal(wide.scope, 'mcp.connect');
    const session = await initialize(gateway.resource, wide.access_token);
    for (const [tool, words] of [['get-sum', { a: 1, b: 2 }], ['echo', { message: 'x' }]]) {
      const answer = await callTool(gateway.resource, wide.access_token, tool, words, { session });
      assert.equal(answer.status, 200, `${tool}: ${answer.text}`);
    }
  });
});

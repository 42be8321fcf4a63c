// The command line beside a gateway that serves the same store: what it changes counts there within a second.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { isDead, refusalOf, refused, works } from './lib/expect.mjs';
import { Gateway, binary, everythingPolicy, password, patience } from './lib/gateway.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const soon = { seconds: 5 * patience };
const becomes = (what, status, ask) => until(what, async () => (await ask()).status === status, soon);

describe('commands beside a gateway that serves', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let anyTenant;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'commands',
      upstream: upstream.url,
      policy: { ...everythingPolicy, plans: ['business'] },
      configure: (config, { origin }) => {
        config.tenants[0].members = [{ user: 'fay', role: 'viewer' }];
        config.resources.push({
          serve: `${origin}/any/mcp`,
          upstream: 'everything',
          policy: 'everything',
        });
      },
    });
    client = await OAuthClient.register(gateway);
    anyTenant = await OAuthClient.register({ resource: `${gateway.origin}/any/mcp` });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** `words` are a list, or a text of words without blanks. */
  const postern = (words, input = '') => {
    const list = Array.isArray(words) ? words : words.split(' ');
    return run(binary(), [...list, '-c', gateway.file], { cwd: gateway.folder, input });
  };
  const done = async (words, input) => {
    const { code, output, stdout } = await postern(words, input);
    assert.equal(code, 0, `${words}: ${output}`);
    return stdout;
  };
  const json = async (words, input) => JSON.parse(await done(`${words} --json`, input));
  const cannotSignIn = async (user, secret) => {
    const page = await new UserAgent().authorize(client.request().url, { username: user, password: secret });
    assert.equal(page.redirect, undefined, `${user} was signed in`);
  };

  it('a user added signs in at once; disabled, he cannot, and his tokens are dead', async () => {
    const secret = /^Password: (\S+)$/m.exec(await done('user add bob --member acme:viewer --password-generate'))[1];
    const tokens = await client.grant({ user: 'bob', secret });
    await works(gateway.resource, tokens.access_token, 'the new user calls');
    await done('user disable bob');
    assert.match((await postern('policy explain --tenant acme --user bob --scope mcp.connect --tool echo --policy everything')).output, /bob is disabled/);
    await becomes('the end of his access token', 401, () => ping(gateway.resource, tokens.access_token));
    refused(await client.refresh(tokens.refresh_token), 'invalid_grant');
    await cannotSignIn('bob', secret);
    const listed = (await json('user list')).find((each) => each.user === 'local:bob');
    assert.deepEqual([listed.disabled, listed.members], [true, [{ tenant: 'acme', role: 'viewer' }]]);
    await done('user enable bob');
    await isDead(gateway.resource, tokens.access_token, 'who comes back signs in anew');
    await works(gateway.resource, (await client.grant({ user: 'bob', secret })).access_token, 'the user is back');
  });

  it('a new password: the old one and the browsers signed in with it count no more, grants live on', async () => {
    await done('user add carol --member acme:viewer --password-stdin', `${password}\n`);
    const { browser, ...authorized } = await client.authorize({ user: 'carol' });
    const tokens = (await client.exchange(authorized)).body;
    const again = await browser.open(client.request().url);
    assert.doesNotMatch(again.text, /name="password"/, 'the browser is signed in');
    await done('user set-password carol --password-stdin', 'a better password\n');
    const page = await browser.open(client.request().url);
    assert.match(page.text, /name="password"/, 'the browser has to sign in again');
    await cannotSignIn('carol', password);
    await client.authorize({ user: 'carol', secret: 'a better password' });
    await works(gateway.resource, tokens.access_token, 'what was consented to is not undone');
  });

  it('a role that is raised or lowered counts for tokens that are out already', async () => {
    await done('user add dave --member acme:viewer --password-stdin', `${password}\n`);
    const { access_token: token } = await client.grant({ user: 'dave', scope: 'mcp.connect tools.read' });
    const refusal = async (tool = 'get-sum') =>
      refusalOf((await callTool(gateway.resource, token, tool)).message)?.data.error;
    assert.equal(await refusal(), 'access_denied', 'a viewer can never call it');
    await done('member add dave acme:admin');
    await until('the step-up an admin is offered', async () => (await refusal()) === 'insufficient_scope', soon);
    assert.equal((await json('member add dave acme')).role, 'admin', 'a role that is not given stays');
    assert.equal(await refusal(), 'insufficient_scope');
    assert.equal((await json('member add dave acme:')).role, '', 'taken away in words');
    await until('the refusal of one without a role', async () => (await refusal('echo')) === 'access_denied', soon);
    await done('member remove dave acme');
    await becomes('the end of his token', 401, () => ping(gateway.resource, token));
    const { code, output } = await postern('member remove dave acme');
    assert.deepEqual([code, output], [1, 'postern: dave is not a member of acme\n']);
    await done('member add dave acme:viewer');
    await isDead(gateway.resource, token, 'who comes back signs in anew');
    await done('member remove dave acme:viewer');
  });

  it('a tenant of the store: added, on another plan, removed', async () => {
    assert.deepEqual(await json('tenant add globex --name Globex --plan business'), {
      handle: 'globex',
      name: 'Globex',
      plan: 'business',
    });
    await done('user add erin --member globex:viewer --password-stdin', `${password}\n`);
    const tokens = await anyTenant.grant({ user: 'erin', tenant: 'globex' });
    const ask = () => ping(anyTenant.resource, tokens.access_token);
    assert.equal((await ask()).status, 200);
    await done('tenant set globex --plan free');
    await becomes('the end of what the plan does not include', 404, ask);
    await done('tenant set globex --plan business');
    await becomes('the way back', 200, ask);
    for (const words of [['--no-plan'], ['--plan', '']]) {
      await done('tenant set globex --plan business');
      const command = ['tenant', 'set', 'globex', ...words];
      assert.equal(await done(command), 'changed globex\n');
      await becomes('the end of what no plan includes', 404, ask);
      assert.equal(await done(command), 'globex has these values already\n');
    }
    assert.deepEqual(await json('tenant set globex --plan business --no-name'), {
      handle: 'globex',
      name: 'globex',
      plan: 'business',
    });
    const nothing = await postern('tenant set globex');
    assert.deepEqual([nothing.code, nothing.stdout], [2, '']);
    for (const option of ['--name', '--no-name', '--plan', '--no-plan']) assert.ok(nothing.output.includes(option));
    await becomes('the way back', 200, ask);
    await done('tenant remove globex');
    await becomes('the end of its tokens', 401, ask);
    refused(await anyTenant.refresh(tokens.refresh_token), 'invalid_grant');
    assert.deepEqual(
      (await json('tenant list')).map((each) => [each.handle, each.from]),
      [['acme', 'file']],
    );
  });

  it('memberships of the file are listed with those of the store', async () => {
    await done('user add fay --password-stdin', `${password}\n`);
    const listed = (await json('user list')).find((each) => each.user === 'local:fay');
    assert.deepEqual(listed.members, [{ tenant: 'acme', role: 'viewer' }]);
  });

  it('a tenant of the file is not changed, and none is made with a bad handle or twice', async () => {
    for (const [words, sentence] of [
      ['tenant set acme --plan free', /the file wins/],
      ['tenant add acme', /the file wins/],
      ['tenant add Acme', /a handle has 1 to 63 lower-case letters/],
      ['tenant set none --plan free', /there is no tenant `none`/],
      ['tenant remove none', /no tenant `none`/],
      ['member add fay acme:admin', /the configuration file makes local:fay a member of acme as viewer, and the file/],
      ['member remove fay acme', /the file wins/],
      ['user add fay --member acme --password-generate', /the file wins/],
      ['member add alice acme:nobody', /has the role `nobody`/],
      ['user add gus --member acme:nobody --password-generate', /has the role `nobody`/],
      ['member add alice none', /there is no tenant `none`/],
      ['member add nobody acme', /there is no user `nobody`/],
      ['user add alice --password-generate', /there is a user `alice` already/],
      ['user disable nobody', /there is no user `nobody`/],
      ['user set-password nobody --password-generate', /there is no user `nobody`/],
    ]) {
      const { code, output, stdout } = await postern(words);
      assert.deepEqual([code, stdout], [1, ''], words);
      assert.match(output, sentence);
    }
  });

  it('a minted token calls a tool, for as long as was said', async () => {
    const mint = async (changes = {}) => {
      const options = { user: 'alice', tenant: 'acme', resource: gateway.resource, scope: 'mcp.connect', ...changes };
      const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      const { code, stdout } = await postern(['token', 'mint', ...words]);
      return { code, stdout, token: stdout.trimEnd().split('\n').at(-1) };
    };
    const small = await mint();
    const both = await mint({ scope: 'mcp.connect tools.read' });
    for (const each of [small, both]) assert.match(each.token, /^mcpv1_\S+$/);
    assert.equal((await callTool(gateway.resource, both.token, 'echo', { message: 'x' })).status, 200);
    const refusal = await callTool(gateway.resource, small.token, 'echo');
    assert.equal(refusal.message.error.data.error, 'insufficient_scope');
    const short = await mint({ lifetime: '1s' });
    await becomes('its end', 401, () => ping(gateway.resource, short.token));

    await done(['token', 'revoke', both.token]);
    await done('token revoke', `${small.token}\n`);
    for (const { token } of [both, small])
      await becomes('the end of a revoked token', 401, () => ping(gateway.resource, token));
    assert.equal((await postern('token revoke', 'mcpv1_unknown\n')).code, 1);

    for (const changes of [
      { scope: 'mcp.connect tools.all' },
      { lifetime: 'soon' },
      { lifetime: '0s' },
      { user: 'nobody' },
      { tenant: 'none' },
      { resource: `${gateway.origin}/none` },
    ]) {
      const { code, stdout } = await mint(changes);
      assert.deepEqual([code, stdout], [1, ''], JSON.stringify(changes));
    }
  });

  /** A client made by an operator, in the hands of the test. */
  const known = (id) =>
    Object.assign(new OAuthClient(), {
      gateway,
      id,
      resource: client.resource,
      server: client.server,
      challenge: client.challenge,
      redirectUri: client.redirectUri,
    });

  it('a public client added by hand works without registering, until it is removed', async () => {
    const { client_id: id } = await json(`client add --name Desk --redirect-uri ${client.redirectUri}`);
    const tokens = await known(id).grant();
    await works(gateway.resource, tokens.access_token, 'its token');
    const { code, output } = await postern(`client rotate-secret ${id}`);
    assert.deepEqual([code, output], [1, 'postern: this client is public: it has no secret\n']);
    await done(`client remove ${id}`);
    await becomes('the end of its tokens', 401, () => ping(gateway.resource, tokens.access_token));
    const renewed = await known(id).refresh(tokens.refresh_token);
    assert.deepEqual([renewed.status, renewed.body.error], [401, 'invalid_client']);
    const page = await new UserAgent().open(known(id).request().url);
    assert.deepEqual([page.status, page.redirect], [400, undefined]);
    assert.equal((await postern(`client remove ${id}`)).code, 1);
  });

  it('a confidential client proves itself by Basic or in the form, and its secret is replaced', async () => {
    const text = await done(`client add --name Server --redirect-uri ${client.redirectUri} --confidential`);
    const [, id, first] = /^client_id: (\S+)\nclient_secret: (\S+)\n$/.exec(text);
    const own = known(id);
    const encoded = (secret) => Buffer.from(`${id}:${secret}`).toString('base64');
    const basic = (form, secret) => own.token(form, { headers: { Authorization: `Basic ${encoded(secret)}` } });
    const code = async () => {
      const { code: value, verifier } = await own.authorize();
      return { grant_type: 'authorization_code', code: value, code_verifier: verifier, resource: own.resource };
    };
    const byBasic = await basic(await code(), first);
    assert.equal(byBasic.status, 200, byBasic.text);
    const inForm = await own.exchange(await own.authorize(), { client_secret: first });
    assert.equal(inForm.status, 200, inForm.text);
    await works(gateway.resource, inForm.body.access_token, 'its token');

    const unproven = [
      await own.exchange(await own.authorize()),
      await own.exchange(await own.authorize(), { client_secret: 'wrong' }),
      await basic(await code(), 'wrong'),
    ];
    assert.deepEqual(
      unproven.map((each) => [each.status, each.body.error]),
      Array(3).fill([401, 'invalid_client']),
    );
    assert.match(unproven[2].headers['www-authenticate'][0], /^Basic /, 'RFC 6749 section 5.2');

    const { client_secret: second } = await json(`client rotate-secret ${id}`);
    assert.notEqual(second, first);
    const renew = (secret) => own.refresh(inForm.body.refresh_token, { client_secret: secret });
    assert.equal((await renew(first)).status, 401, 'the old secret');
    assert.equal((await renew(second)).status, 200, 'the new one, with the refresh token of before');

    const listed = (await json('client list')).find((each) => each.client_id === id);
    assert.deepEqual([listed.name, listed.dynamic, listed.confidential], ['Server', false, true]);
    const everything = (await done('client list')) + JSON.stringify(await json('client list')) + gateway.logs();
    for (const secret of [first, second]) assert.ok(!everything.includes(secret), 'a secret is printed once');
  });

  it('grants are listed by user, tenant and client, and revoked', async () => {
    const own = await OAuthClient.register(gateway);
    const tokens = await own.grant();
    const [grant, ...others] = await json(`grant list --user alice --tenant acme --client ${own.id}`);
    assert.deepEqual(
      [others.length, grant.user, grant.tenant, grant.client_id, grant.scope, grant.resource],
      [0, 'local:alice', 'acme', own.id, 'mcp.connect tools.read', gateway.resource],
    );
    assert.deepEqual(await json('grant list --user nobody'), []);
    await done(`grant revoke ${grant.grant}`);
    await becomes('the end of its token', 401, () => ping(gateway.resource, tokens.access_token));
    refused(await own.refresh(tokens.refresh_token), 'invalid_grant');
    assert.deepEqual(await json(`grant list --client ${own.id}`), []);
    assert.equal((await postern('grant revoke none')).code, 1);
  });

  it('ten commands at the same time all take effect', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `crowd${index}`);
    await Promise.all(names.map((name) => done(`user add ${name} --password-stdin`, `${password}\n`)));
    const users = new Set((await json('user list')).map((each) => each.user));
    for (const name of names) assert.ok(users.has(`local:${name}`), name);
  });
});

// Users sign in at a real OpenID provider, and consent here.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Traveller, consentForm } from './lib/elsewhere.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header } from './lib/http.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { OpenIdProvider } from './lib/provider.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const secret = 'a secret with +/ and % in it, and some more';
const ways = {
  entra: { authentication: 'client_secret_basic', alg: 'RS256' },
  okta: { authentication: 'client_secret_post', alg: 'ES256', send_resource: true },
  public: { authentication: 'none', alg: 'ES256' },
};

describe('signing in at a provider', { timeout: 240_000 * patience }, () => {
  let provider;
  let upstream;
  let gateway;
  let client;

  before(async () => {
    provider = await OpenIdProvider.start({ clients: [] });
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'sign-in',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        config.tenants[0].members = ['okta:alice', 'public:alice'].map((user) => ({ user, role: 'viewer' }));
        config.upstreams.everything.headers = {
          ...{ 'X-User': '{user.key}', 'X-Name': '{user.name}', 'X-Email': '{user.email|-}' },
          ...{ 'X-Tenant': '{tenant.handle}', 'X-Role': '{role|-}' },
        };
        config.identity = {
          local: true,
          callback: `${origin}/oauth/callback`,
          providers: Object.entries(ways).map(([name, { authentication, send_resource = false }]) => ({
            ...{ name, label: `Sign-in of ${name}`, issuer: provider.issuer, client_id: name, authentication },
            ...(authentication === 'none' ? {} : { client_secret: secret }),
            ...{ send_resource, scopes: ['openid', 'profile', 'email', 'groups'] },
            ...(name === 'entra'
              ? { claims: { tenants: 'groups', tenant_map: { g1: 'acme', g2: 'globex', g3: 'nobody' }, role: 'role' } }
              : {}),
          })),
        };
        config.resources.push({ serve: `${origin}/any`, upstream: 'everything', policy: 'everything' });
        provider.clients = Object.entries(ways).map(([name, { authentication, alg }]) => ({
          client_id: name,
          ...(authentication === 'none' ? {} : { client_secret: secret }),
          redirect_uris: [config.identity.callback],
          grant_types: ['authorization_code'],
          response_types: ['code'],
          token_endpoint_auth_method: authentication,
          id_token_signed_response_alg: alg,
        }));
        provider.rotate();
      },
    });
    client = await OAuthClient.register(gateway);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    await provider?.stop();
  });

  const users = async () => JSON.parse(await gateway.command(['user', 'list', '--json']));
  /** Signs in and consents: the tokens. */
  async function grant({ as: login, at = 'entra', traveller = new Traveller(), resource, tenant } = {}) {
    const request = client.request(resource ? { resource } : {});
    const page = await traveller.signIn(request.url, at, login);
    const { code } = await traveller.decide(page, { tenant });
    const answer = await client.exchange({ ...request, code }, resource ? { resource } : {});
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }

  it('the sign-in page says who asks, and nothing leads to the provider but its button', async () => {
    const traveller = new Traveller();
    const asked = provider.requests.length;
    const page = await traveller.open(client.request().url);
    assert.match(page.text, new RegExp(client.information.client_name));
    assert.match(page.text, /127\.0\.0\.1/);
    for (const name of Object.keys(ways)) assert.match(page.text, new RegExp(`Sign-in of ${name}`));
    assert.deepEqual(provider.requests.slice(asked).filter((each) => each.url.startsWith('/auth')), []);
    assert.ok(!traveller.cookies().some((cookie) => cookie.name.startsWith('postern_sign_in')), 'not yet');
    const there = await traveller.leave(client.request().url, 'entra');
    assert.equal(there.origin, provider.issuer);
    const asks = Object.fromEntries(there.searchParams);
    assert.equal(asks.redirect_uri, `${gateway.origin}/oauth/callback`);
    assert.deepEqual([asks.code_challenge_method, asks.response_type, asks.resource], ['S256', 'code', undefined]);
    const cookie = traveller.cookies().find((each) => each.name.startsWith('postern_sign_in'));
    assert.deepEqual([cookie.attributes.samesite, 'httponly' in cookie.attributes], ['Lax', true]);
    const other = await new Traveller().leave(client.request().url, 'okta');
    assert.equal(other.searchParams.get('resource'), gateway.resource);
  });

  it('each way to prove itself works, with RS256 and ES256, and the server behind learns who calls', async () => {
    provider.accounts.alice = { name: 'Alice A.', email: 'alice@example.test', email_verified: true, groups: ['g1'], role: 'viewer' };
    for (const at of Object.keys(ways)) {
      const { access_token: token } = await grant({ as: 'alice', at });
      upstream.reset();
      assert.equal((await callTool(gateway.resource, token, 'echo')).status, 200, at);
      const { headers } = upstream.requests[0];
      assert.deepEqual(
        ['x-user', 'x-name', 'x-email', 'x-tenant', 'x-role'].map((name) => headers[name]),
        [`${at}:alice`, 'Alice A.', 'alice@example.test', 'acme', 'viewer'],
      );
    }
    const known = (await users()).map((each) => each.user).sort();
    assert.deepEqual(known, ['entra:alice', 'local:alice', 'okta:alice', 'public:alice']);
  });

  it('nobody is joined with somebody else by an address, and one that is not verified is none', async () => {
    provider.accounts.bob = { name: 'Bob', email: 'alice@example.test', email_verified: false, groups: ['g1'], role: 'viewer' };
    const { access_token: token } = await grant({ as: 'bob' });
    upstream.reset();
    await callTool(gateway.resource, token, 'echo');
    assert.equal(upstream.requests[0].headers['x-user'], 'entra:bob');
    assert.equal(upstream.requests[0].headers['x-email'], '-');
  });

  it('memberships that claims give hold as of the last sign-in; those of an operator stay', async () => {
    provider.accounts.carol = { groups: ['g1', 'g2', 'g3', 'unknown'], role: 'viewer' };
    const at = { resource: `${gateway.origin}/any` };
    const acme = await grant({ as: 'carol', ...at, tenant: 'acme' });
    const globex = await grant({ as: 'carol', ...at, tenant: 'globex' });
    const call = async ({ access_token: token }) => (await callTool(at.resource, token, 'echo')).status;
    assert.deepEqual([await call(acme), await call(globex)], [200, 200]);

    provider.accounts.carol = { groups: ['g2'], role: 'viewer' };
    const page = await new Traveller().signIn(client.request().url, 'entra', 'carol');
    assert.equal(page.status, 403, 'no member of the tenant of this resource');
    assert.deepEqual([await call(acme), await call(globex)], [401, 200], 'what hung on the group has ended');

    await gateway.command(['member', 'add', 'entra:carol', 'acme:viewer']);
    provider.accounts.carol = {};
    const again = await new Traveller().signIn(client.request().url, 'entra', 'carol');
    assert.ok(consentForm(again), 'the operator made her a member');
    assert.equal(await call(globex), 401);
  });

  it('a user who is disabled is signed out, and does not get in again', async () => {
    provider.accounts.dave = { groups: ['g1'], role: 'viewer' };
    const traveller = new Traveller();
    const tokens = await grant({ as: 'dave', traveller });
    assert.equal((await callTool(gateway.resource, tokens.access_token, 'echo')).status, 200);
    await gateway.command(['user', 'disable', 'entra:dave']);
    const page = await traveller.signIn(client.request().url, 'entra', 'dave');
    assert.equal(page.status, 403);
    assert.match(page.text, /disabled/);
    const call = () => callTool(gateway.resource, tokens.access_token, 'echo');
    await until('the token to be dead', async () => (await call()).status === 401);
  });

  it('signing in goes on when the provider has new keys', async () => {
    provider.accounts.erin = { groups: ['g1'] };
    await grant({ as: 'erin' });
    provider.rotate();
    await grant({ as: 'erin' });
  });

  it('two sign-ins of one browser do not end each other', async () => {
    const traveller = new Traveller();
    provider.accounts.frank = { groups: ['g1'] };
    const first = await traveller.leave(client.request().url, 'entra');
    const second = await traveller.leave(client.request().url, 'entra');
    for (const url of [second, first]) {
      const page = await traveller.comeBack(await traveller.signInThere(url, 'frank'));
      assert.ok(consentForm(page), `${page.status}`);
    }
  });

  it('what the user says no to at the provider is a page and no loop', async () => {
    const traveller = new Traveller();
    const there = await traveller.leave(client.request().url, 'entra');
    const state = there.searchParams.get('state');
    const query = new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer });
    const page = await traveller.comeBack(`${gateway.origin}/oauth/callback?${query}`);
    assert.equal(page.status, 403);
    assert.match(page.text, /not signed in at Sign-in of entra/);
    assert.equal(header(page, 'location'), undefined);
  });

  it('neither the provider\'s tokens nor its codes are in the log or the store', async () => {
    const dump = gateway.logs();
    assert.doesNotMatch(dump, /eyJ[\w-]{10}/);
    assert.ok(!dump.includes(secret));
  });
});

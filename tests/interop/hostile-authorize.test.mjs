// The authorization endpoint, further: requests in the body of a POST, two issuers, where signing in leads, and how
// often one may ask.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const evil = 'https://evil.example/cb';

describe('hostile authorization requests', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-authorize',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        // A second issuer on the same origin, whose clients an administrator adds.
        config.authorization_servers.second = {
          issuer: `${origin}/second`,
          endpoints: Object.fromEntries(
            ['authorize', 'token', 'register', 'revoke', 'introspect'].map((name) => [name, `/second/${name}`]),
          ),
          registration: { dynamic: 'closed' },
        };
        const [resource] = config.resources;
        config.resources.push({
          ...resource,
          serve: `${origin}/other`,
          authorization_server: 'second',
          root: undefined,
        });
      },
    });
    client = await OAuthClient.register(gateway);
    upstream.reset();
  });
  after(async () => {
    upstream?.untouched('an authorization request');
    await gateway?.stop();
    await upstream?.stop();
  });

  const post = (who, changes) => {
    const { parameters } = who.request(changes);
    return send(who.server.authorization_endpoint, { form: parameters });
  };
  const errorOf = (answer, who = client) => {
    assert.equal(answer.status, 303, `${answer.status} ${answer.text.slice(0, 300)}`);
    const target = new URL(header(answer, 'location'));
    assert.equal(target.origin + target.pathname, who.redirectUri);
    assert.equal(target.searchParams.get('code'), null);
    return Object.fromEntries(target.searchParams);
  };
  const isPage = (answer, what) => {
    assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.headers.location ?? ''}`);
    assert.match(header(answer, 'content-type'), /^text\/html/, what);
    assert.equal(answer.headers.location, undefined, what);
    assert.equal(answer.headers['set-cookie'], undefined, what);
  };

  it('case 4: each parameter sent twice, once good and once evil, whichever comes first', async () => {
    const { parameters } = client.request({ prompt: 'consent' });
    for (const name of ['client_id', 'redirect_uri']) {
      for (const pairs of [
        [...Object.entries(parameters), [name, evil]],
        [[name, evil], ...Object.entries(parameters)],
      ])
        isPage(await send(client.authorizeUrl(pairs)), name);
    }
    for (const name of ['response_type', 'scope', 'state', 'code_challenge', 'code_challenge_method', 'prompt']) {
      const pairs = [[name, 'again'], ...Object.entries(parameters)];
      assert.equal(errorOf(await send(client.authorizeUrl(pairs))).error, 'invalid_request', name);
    }
    // Pairs without a name hide nothing.
    const hidden = [['', '1'], ['', '2'], ...Object.entries(parameters), ['state', 'again']];
    assert.equal(errorOf(await send(client.authorizeUrl(hidden))).error, 'invalid_request');
    const doubled = [...Object.entries(parameters), ['nonce', '1'], ['nonce', '1']];
    assert.equal(errorOf(await send(client.authorizeUrl(doubled))).error, 'invalid_request', 'unknown ones too');
  });

  it('case 9: the loopback address of IPv6 may use any port as well', async () => {
    const six = await OAuthClient.register(gateway, { redirectUris: ['http://[::1]/cb'] });
    const page = await new UserAgent().open(six.request({ redirect_uri: 'http://[::1]:51234/cb' }).url);
    assert.equal(page.status, 200);
    for (const uri of ['http://[::1]:51234/other', 'http://[0:0:0:0:0:0:0:1]:51234/cb', 'http://[::ffff:127.0.0.1]/cb'])
      isPage(await send(six.request({ redirect_uri: uri }).url), uri);
  });

  it('case 15: a client of one issuer is unknown at the other', async () => {
    const url = (id, changes = {}) =>
      `${gateway.origin}/second/authorize?${new URLSearchParams({
        ...client.request({ resource: `${gateway.origin}/other`, ...changes }).parameters,
        client_id: id,
      })}`;
    isPage(await send(url(client.id)), 'at the page');
    const form = { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43), client_id: client.id };
    for (const path of ['token', 'revoke']) {
      const answer = await send(`${gateway.origin}/second/${path}`, { form: { ...form, token: 'x' } });
      assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'], path);
    }
    const closed = await send(`${gateway.origin}/second/register`, { json: { redirect_uris: [client.redirectUri] } });
    assert.deepEqual([closed.status, closed.json().error], [404, 'not_found'], 'nor can it register there');
    const added = ['client', 'add', '--name', 'By hand', '--redirect-uri', client.redirectUri, '--json'];
    const known = JSON.parse(await gateway.command(added)).client_id;
    assert.equal((await send(url(known))).status, 303, 'one that an administrator added is known at both');
  });

  it('case 22: prompt=none with a session is no silent code either', async () => {
    const { browser } = await client.authorize();
    const answer = await browser.request(client.request({ prompt: 'none' }).url);
    assert.equal(errorOf(answer).error, 'login_required');
    assert.equal(errorOf(await browser.request(client.request({ prompt: 'none login' }).url)).error, 'invalid_request');
  });

  it('case 23: a state over its limit, in the body of a POST, is refused and not echoed', async () => {
    const state = `"><script>alert(1)</script>\r\nSet-Cookie: a=b${'x'.repeat(8192)}`;
    const answer = await post(client, { state });
    const { error, state: echoed } = errorOf(answer);
    assert.deepEqual([error, echoed], ['invalid_request', undefined]);
    assert.equal(answer.headers['set-cookie'], undefined);
    const long = 'y'.repeat(4096);
    const within = errorOf(await post(client, { state: long, response_type: 'token' }));
    assert.deepEqual([within.error, within.state], ['unsupported_response_type', long]);
  });

  it('case 24: success and every error carry the issuer, byte for byte as its metadata has it', async () => {
    const { issuer } = (await send(`${gateway.origin}/.well-known/oauth-authorization-server`)).json();
    for (const [changes, error] of [
      [{ code_challenge: undefined }, 'invalid_request'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ scope: 'nonsense' }, 'invalid_scope'],
      [{ prompt: 'none' }, 'login_required'],
      [{ request: 'e30.e30.' }, 'request_not_supported'],
      [{ request_uri: 'http://169.254.169.254/' }, 'request_uri_not_supported'],
      [{ resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
    ]) {
      const answer = errorOf(await send(client.request(changes).url));
      assert.deepEqual([answer.error, answer.iss], [error, issuer]);
    }
    const browser = new UserAgent();
    const denied = { username: 'alice', password, decision: 'deny' };
    const end = await browser.authorize(client.request().url, denied);
    assert.deepEqual([...end.redirect.searchParams.getAll('iss')], [issuer], 'access_denied');
    const request = client.request();
    const approved = await browser.authorize(request.url, { ...denied, decision: 'approve' });
    assert.deepEqual([...approved.redirect.searchParams.getAll('iss')], [issuer], 'a code');
    assert.ok(approved.redirect.searchParams.get('code'));
  });

  it('case 26: ten thousand scopes nobody knows are invalid_scope', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `s${index}`);
    assert.equal(errorOf(await post(client, { scope: many.join(' ') })).error, 'invalid_scope');
  });

  it('case 27: a request_uri in the body is not fetched either', async () => {
    const stranger = await RecordingUpstream.start();
    assert.equal(errorOf(await post(client, { request_uri: stranger.url })).error, 'request_uri_not_supported');
    stranger.untouched('request_uri');
    await stranger.stop();
  });

  it('case 28: a POST that is no form, or has a query as well', async () => {
    const { parameters, url } = client.request();
    const endpoint = client.server.authorization_endpoint;
    for (const [what, status, answer] of [
      ['json', 415, await send(endpoint, { json: parameters })],
      ['no type', 415, await send(endpoint, { body: new URLSearchParams(parameters).toString() })],
      ['both', 400, await send(url, { form: { client_id: client.id } })],
      ['half', 400, await send(`${endpoint}?client_id=${client.id}`, { form: { ...parameters, client_id: '' } })],
    ]) {
      assert.equal(answer.status, status, what);
      assert.equal(answer.headers.location, undefined, what);
    }
  });

  it('case 152: signing in leads to a path of our own, wherever it was told to lead', async () => {
    for (const target of [
      ...[
        '//evil',
        '/\\evil',
        '\\\\evil',
        'https:evil',
        'https://evil.example/',
        'HTTPS://evil',
        '/\t/evil',
        '/\n/evil',
      ],
      ...[
        '\t//evil',
        ' //evil',
        '///evil',
        '/%0d%0aLocation: https://evil',
        'javascript:alert(1)',
        'data:text/html,x',
        '@evil',
        '.evil',
      ],
    ]) {
      const browser = new UserAgent();
      const page = await browser.request(`${gateway.origin}/login?continue=${encodeURIComponent(target)}`);
      const form = parseForms(page.text).find((each) => each.has('password'));
      const forced = {
        ...form,
        fields: form.fields.map((each) => (each.name === 'continue' ? { ...each, value: target } : each)),
      };
      if (!form.has('continue')) forced.fields.push({ kind: 'hidden', name: 'continue', value: target });
      for (const sent of [form, forced]) {
        const fields = new URLSearchParams(
          sent.fields.filter((each) => each.kind === 'hidden').map(({ name, value }) => [name, value]),
        );
        fields.append('username', 'alice');
        fields.append('password', password);
        const answer = await browser.request(`${gateway.origin}/login`, {
          method: 'POST',
          form: fields,
          site: 'same-origin',
        });
        assert.equal(answer.status, 303, target);
        assert.equal(answer.headers.location.length, 1, target);
        assert.equal(
          new URL(answer.location, `${gateway.origin}/login`).origin,
          gateway.origin,
          `${target}: ${answer.location}`,
        );
      }
    }
  });
});

describe('how often one may ask', { timeout: 60_000 * patience }, () => {
  it('requests beyond limits.rate.authorize are told when to come back, whatever they ask and with whatever method', async () => {
    const upstream = await RecordingUpstream.start();
    const gateway = await Gateway.start({
      name: 'authorize-rate',
      upstream: upstream.url,
      configure: (config) => {
        config.limits.rate.authorize = '1/h burst 5';
      },
    });
    const agent = new http.Agent({ keepAlive: true });
    const endpoint = `${gateway.origin}/oauth/authorize`;
    const statuses = [];
    for (let index = 0; index < 8; ++index) {
      const answer = await send(`${endpoint}?client_id=nobody${index}`, {
        agent,
        ...(index % 2 ? { form: { client_id: 'nobody' } } : {}),
      });
      statuses.push(answer.status);
      if (answer.status !== 429) continue;
      assert.match(header(answer, 'retry-after'), /^[1-9][0-9]*$/);
      assert.match(header(answer, 'content-type'), /^text\/html/);
    }
    assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429, 429, 429]);
    assert.equal((await send(`${gateway.origin}/login`, { agent })).status, 200, 'other addresses go on');
    agent.destroy();
    upstream.untouched('an authorization request');
    await gateway.stop();
    await upstream.stop();
  });
});

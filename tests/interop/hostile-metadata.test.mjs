// What is published about many tenants and two issuers behind TLS, and what a challenge says: each its own, and no more.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Authority } from './lib/certificates.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { rpc } from './lib/mcp.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const main = 'https://ai.example.test';
const second = `${main}/second`;
const own = ['https://acme.tools.example.test', 'https://globex.tools.example.test', main];
const resources = {
  'https://acme.tools.example.test/mcp': [main, 'acme'],
  'https://globex.tools.example.test/mcp': [main, 'globex'],
  'https://ai.example.test/t/acme/mcp': [second, 'acme'],
  'https://ai.example.test/t/globex/mcp': [second, 'globex'],
};

describe('hostile metadata', { timeout: 120_000 * patience }, () => {
  let authority;
  let upstream;
  let gateway;

  before(async () => {
    authority = await Authority.create();
    const certificate = await authority.issue('all', ['IP:127.0.0.1']);
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'hostile-metadata',
      upstream: upstream.url,
      users: [{ name: 'alice', members: ['acme:admin', 'globex:admin'] }],
      configure: (config) => {
        config.listen[0].tls = { certificates: [certificate] };
        config.authorization_servers.main.issuer = main;
        config.authorization_servers.second = {
          issuer: second,
          endpoints: Object.fromEntries(
            ['authorize', 'token', 'register', 'revoke', 'introspect'].map((name) => [name, `/second/${name}`]),
          ),
        };
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        const { upstream: name, policy } = config.resources[0];
        config.resources = Object.entries(resources).map(([serve, [issuer, tenant]]) => ({
          ...{ serve, tenant, upstream: name, policy },
          authorization_server: issuer === second ? 'second' : 'main',
        }));
      },
    });
    upstream.reset();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** The URL as it is known outside; the connection goes to the loopback. */
  const at = (url, { headers = {}, ...options } = {}) => {
    const { host, pathname, search } = new URL(url);
    const where = `https://127.0.0.1:${gateway.port}${pathname}${search}`;
    return send(where, { ca: authority.ca, headers: { Host: host, ...headers }, ...options });
  };
  const metadataOf = (url) => {
    const { origin, pathname } = new URL(url);
    return `${origin}/.well-known/oauth-protected-resource${pathname}`;
  };
  const mint = async (resource, tenant, scope = 'mcp.connect', lifetime = '5m') => {
    const words = ['--user', 'alice', '--tenant', tenant, '--resource', resource, '--scope', scope];
    return (await gateway.command(['token', 'mint', ...words, '--lifetime', lifetime])).trimEnd();
  };
  const call = (resource, token, message = rpc('ping'), headers = {}) =>
    at(resource, {
      json: message,
      headers: {
        Accept: 'application/json, text/event-stream',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  const issuers = {
    [main]: [`${main}/.well-known/oauth-authorization-server`, `${main}/.well-known/openid-configuration`],
    [second]: [
      `${main}/.well-known/oauth-authorization-server/second`,
      `${main}/.well-known/openid-configuration/second`,
      `${main}/second/.well-known/openid-configuration`,
    ],
  };
  const isMissing = (answer, what) => {
    // A host on which nothing at all is served is misdirected.
    assert.equal(answer.status, what.includes('nobody.tools') ? 421 : 404, what);
    assert.match(header(answer, 'content-type'), /^application\/json/, what);
    assert.doesNotMatch(answer.text, /acme|globex|authorization_servers/, what);
  };

  it("case 61: each tenant's resource publishes itself, byte for byte, and an unknown one nothing", async () => {
    for (const [resource, [issuer]] of Object.entries(resources)) {
      const answer = await at(metadataOf(resource));
      assert.equal(answer.status, 200, resource);
      assert.equal(answer.json().resource, resource);
      assert.deepEqual(answer.json().authorization_servers, [issuer]);
    }
    for (const url of [
      'https://nobody.tools.example.test/mcp',
      'https://acme.tools.example.test/other',
      'https://acme.tools.example.test/mcp/deeper',
      'https://acme.tools.example.test/MCP',
      'https://acme.tools.example.test/t/acme/mcp',
      `${main}/t/nobody/mcp`,
      `${main}/t/acme`,
      `${main}/t/acme/mcp/x`,
      `${main}/mcp`,
    ])
      isMissing(await at(metadataOf(url)), url);
    isMissing(await at(`${main}/.well-known/oauth-protected-resource`), 'two share the origin: none is at its root');
  });

  it('case 62: each issuer publishes itself, in every place where clients look', async () => {
    for (const [issuer, places] of Object.entries(issuers)) {
      for (const place of places) {
        const answer = await at(place);
        assert.equal(answer.status, 200, place);
        const document = answer.json();
        assert.equal(document.issuer, issuer, place);
        assert.deepEqual(document.code_challenge_methods_supported, ['S256'], place);
        assert.equal(document.authorization_response_iss_parameter_supported, true, place);
        assert.ok(document.token_endpoint.startsWith(`${issuer}/`) || issuer === main, place);
      }
    }
    for (const place of [
      'oauth-authorization-server/third',
      'openid-configuration/second/x',
      'oauth-authorization-server/t',
    ])
      isMissing(await at(`${main}/.well-known/${place}`), place);
    isMissing(await at('https://acme.tools.example.test/.well-known/oauth-authorization-server'), 'no issuer there');
  });

  it('case 63: a host that is none of ours gets no document, and no field makes it one', async () => {
    const places = [...Object.keys(resources).map(metadataOf), ...Object.values(issuers).flat()];
    for (const place of places) {
      for (const host of ['evil.example', 'evil.example:443', 'ai.example.test.evil.example', 'ai.example.test:8443']) {
        const answer = await at(place, { headers: { Host: host } });
        assert.equal(answer.status, 421, `${host}: ${answer.status}`);
        assert.doesNotMatch(answer.text + JSON.stringify(answer.raw), /evil/, host);
      }
      const plain = (await at(place)).text;
      const lied = await at(place, {
        headers: {
          'X-Forwarded-Host': 'evil.example',
          'X-Forwarded-Proto': 'http',
          'X-Forwarded-Port': '666',
          Forwarded: 'host=evil.example;proto=http',
          'X-Original-URL': '/evil',
          'X-Forwarded-Prefix': '/evil',
        },
      });
      assert.equal(lied.text, plain, place);
    }
  });

  it('case 64: every URL in documents and challenges is https, on an origin of our own', async () => {
    const texts = [];
    for (const place of [...Object.keys(resources).map(metadataOf), ...Object.values(issuers).flat()])
      texts.push((await at(place)).text);
    for (const resource of Object.keys(resources)) {
      for (const token of [undefined, 'nonsense', `mcpv1_${'A'.repeat(43)}`]) {
        const answer = await call(resource, token);
        assert.equal(answer.status, 401);
        assert.equal(bearerChallenge(answer).resource_metadata, metadataOf(resource));
        texts.push(header(answer, 'www-authenticate'), answer.text);
      }
    }
    let count = 0;
    for (const text of texts) {
      for (const [url] of text.matchAll(/[a-z]+:\/\/[^"\\ ]+/g)) {
        assert.ok(own.includes(new URL(url).origin), url);
        ++count;
      }
    }
    assert.ok(count > 40, `only ${count} URLs were looked at`);
  });

  it('case 66: without a token there is one challenge, without an error, whatever else is sent', async () => {
    const [resource] = Object.keys(resources);
    for (const headers of [{}, { Cookie: 'token=x' }, { 'X-Api-Key': 'x' }, { 'Proxy-Authorization': 'Bearer x' }]) {
      const answer = await call(resource, undefined, rpc('ping'), headers);
      assert.equal(answer.status, 401);
      const challenge = header(answer, 'www-authenticate');
      assert.match(challenge, /^Bearer /);
      assert.doesNotMatch(challenge, /error/);
      assert.deepEqual(bearerChallenge(answer), {
        resource_metadata: metadataOf(resource),
        scope: 'mcp.connect tools.read',
        ...(bearerChallenge(answer).realm ? { realm: bearerChallenge(answer).realm } : {}),
      });
    }
    upstream.untouched('no token');
  });

  it('case 67: a token at its end, and one of another tenant or issuer, is invalid_token', async () => {
    const [resource, sibling, elsewhere] = Object.keys(resources);
    const short = await mint(resource, 'acme', 'mcp.connect', '1s');
    const isInvalid = (answer) => answer.status === 401 && bearerChallenge(answer).error === 'invalid_token';
    await until('the end of the token', async () => isInvalid(await call(resource, short)));
    const good = await mint(resource, 'acme');
    assert.equal((await call(resource, good)).status, 200);
    upstream.reset();
    for (const other of [sibling, elsewhere]) assert.ok(isInvalid(await call(other, good)), other);
    upstream.untouched('a token of another resource');
  });

  it('case 67: quotes and line ends in a token do not get into the challenge', async () => {
    const [resource] = Object.keys(resources);
    for (const token of ['a"b', 'x", error="none', 'a\\', 'mcpv1_"quoted"', 'a,b', 'a b', '=', '"']) {
      const answer = await call(resource, Buffer.from(token).toString('latin1'));
      assert.equal(answer.status, 401, token);
      const challenge = header(answer, 'www-authenticate');
      assert.match(challenge, /^Bearer ([a-z_]+="([^"\\]|\\["\\])*"(, )?)+$/, token);
      assert.equal(bearerChallenge(answer).error, 'invalid_token', token);
    }
    upstream.untouched('tokens with quotes');
  });

  it('case 68: a scope too few is a 403 with all that are needed, and where to learn more', async () => {
    for (const [resource, [, tenant]] of Object.entries(resources)) {
      const token = await mint(resource, tenant, 'mcp.connect tools.read');
      upstream.reset();
      const message = rpc('tools/call', { name: 'get-sum', arguments: {} });
      const answer = await call(resource, token, message);
      assert.equal(answer.status, 403, resource);
      const challenge = bearerChallenge(answer);
      assert.equal(challenge.error, 'insufficient_scope');
      assert.deepEqual(challenge.scope.split(' ').sort(), ['mcp.connect', 'tools.read', 'tools.write']);
      assert.equal(challenge.resource_metadata, metadataOf(resource));
      upstream.untouched('a call without its scope');
    }
  });
});

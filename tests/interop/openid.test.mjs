// Libraries of OpenID Connect that are given nothing but the issuer: Spring Security, Nimbus, Authlib and go-oidc read
// openid-configuration, and refuse the whole document where a member is missing that OpenID Connect Discovery requires.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OpenIdProviderDiscoveryMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { parse } from './lib/jose.mjs';
import { Child, python, pythonProgram } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const endpointsBelow = (path) =>
  Object.fromEntries(['authorize', 'token', 'register', 'revoke', 'introspect'].map((name) => [name, `${path}/${name}`]));

describe('OpenID Connect discovery', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let documents;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'openid',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        // Its `endpoints.jwks` is that of the others, which have no keys.
        config.authorization_servers.main.access_token = { format: 'jwt' };
        config.authorization_servers.plain = { issuer: `${origin}/plain`, endpoints: endpointsBelow('/plain') };
        config.authorization_servers.edwards = {
          issuer: `${origin}/edwards`,
          endpoints: { ...endpointsBelow('/edwards'), jwks: '/edwards/jwks' },
          access_token: { format: 'jwt', algorithm: 'EdDSA' },
        };
        config.resources[0].authorization_server = 'main';
        for (const name of ['plain', 'edwards']) {
          const serve = `${origin}/of/${name}`;
          config.resources.push({ ...config.resources[0], serve, root: undefined, authorization_server: name });
        }
      },
    });
    documents = {
      [gateway.origin]: [`${gateway.origin}/.well-known/openid-configuration`],
      ...Object.fromEntries(
        ['plain', 'edwards'].map((name) => [
          `${gateway.origin}/${name}`,
          [
            `${gateway.origin}/${name}/.well-known/openid-configuration`,
            `${gateway.origin}/.well-known/openid-configuration/${name}`,
          ],
        ]),
      ),
    };
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const read = async (url) => {
    const answer = await send(url);
    assert.equal(answer.status, 200, url);
    return answer.json();
  };
  const serverMetadata = (issuer) => {
    const { origin, pathname } = new URL(issuer);
    return read(`${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`);
  };

  it('compat 18: each document is what OpenID Connect Discovery requires, in every position', async () => {
    for (const [issuer, places] of Object.entries(documents)) {
      for (const place of places) {
        const document = await read(place);
        assert.equal(document.issuer, issuer, place);
        assert.deepEqual(document.subject_types_supported, ['public'], place);
        const algorithms = document.id_token_signing_alg_values_supported;
        for (const name of ['RS256', 'ES256']) assert.ok(algorithms.includes(name), `${place}: ${algorithms}`);
        assert.equal(new URL(document.jwks_uri).origin, gateway.origin, place);
        assert.ok(!document.scopes_supported.includes('openid'), 'no ID tokens are issued');
        assert.ok(!('userinfo_endpoint' in document), place);
        OpenIdProviderDiscoveryMetadataSchema.parse(document);
      }
    }
  });

  it('compat 18: Authlib takes each document', async () => {
    for (const place of Object.values(documents).flat()) {
      const program = new Child(python, [pythonProgram('openid')], { input: JSON.stringify(await read(place)) });
      await program.exited;
      assert.equal(program.output.trim(), 'ok', place);
    }
  });

  it('compat 18: the algorithm of our tokens is in the list and their key in the set, as go-oidc wants it', async () => {
    for (const [resource, issuer, algorithm] of [
      [gateway.resource, gateway.origin, 'ES256'],
      [`${gateway.origin}/of/edwards`, `${gateway.origin}/edwards`, 'EdDSA'],
    ]) {
      const words = ['--user', 'alice', '--tenant', 'acme', '--resource', resource, '--scope', 'mcp.connect'];
      const printed = await gateway.command(['token', 'mint', ...words]);
      const { header: head } = parse(printed.trimEnd().split('\n').at(-1));
      assert.equal(head.alg, algorithm);
      const document = await read(`${issuer}/.well-known/openid-configuration`);
      assert.ok(document.id_token_signing_alg_values_supported.includes(head.alg));
      assert.equal(document.jwks_uri, (await serverMetadata(issuer)).jwks_uri);
      const { keys } = await read(document.jwks_uri);
      assert.ok(keys.some((key) => key.kid === head.kid && key.alg === algorithm));
    }
  });

  it('compat 18: a server of opaque tokens serves the empty set, and never the keys of another', async () => {
    const document = await read(documents[`${gateway.origin}/plain`][0]);
    const answer = await send(document.jwks_uri);
    assert.equal(answer.status, 200);
    assert.match(header(answer, 'content-type'), /json/);
    assert.equal(header(answer, 'access-control-allow-origin'), '*');
    assert.deepEqual(answer.json(), { keys: [] });
    assert.equal((await send(document.jwks_uri, { method: 'HEAD' })).status, 200);
  });

  it('compat 18: the document of RFC 8414 has none of it', async () => {
    for (const [issuer, [place]] of Object.entries(documents)) {
      const plain = await serverMetadata(issuer);
      const { subject_types_supported, id_token_signing_alg_values_supported, ...rest } = await read(place);
      assert.ok(subject_types_supported && id_token_signing_alg_values_supported);
      if (issuer.endsWith('/plain')) {
        assert.ok(!('jwks_uri' in plain));
        delete rest.jwks_uri;
      }
      assert.deepEqual(plain, rest, 'all else is the same');
    }
  });
});

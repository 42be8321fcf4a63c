// Clients that publish their keys at a `jwks_uri`: fetched like their documents, never inside the network, and asked for
// again when the client has changed them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { clientAssertion, newKey } from './lib/jose.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { until } from './lib/wait.mjs';

const host = 'app.example.test';
const keysAt = (name) => `https://${host}/${name}/jwks.json`;

describe('clients that publish their keys', { timeout: 180_000 * patience }, () => {
  let started;
  let hosts;
  let upstream;
  let gateway;

  before(async () => {
    started = await startWithDocuments({ name: 'client-keys', hosts: [host] });
    ({ hosts, upstream, gateway } = started);
  });
  after(() => started?.stop());

  const registered = (jwksUri) =>
    OAuthClient.register(gateway, { metadata: { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: jwksUri } });
  const publish = (name, ...keys) => {
    hosts.documents[keysAt(name)] = { keys: keys.map((key) => key.jwk) };
  };
  /** "ok", or the status and error of the token endpoint. */
  async function outcome(client, key, changes) {
    const authentication = clientAssertion(key, client.id, client.server.token_endpoint, changes);
    const { status, body } = await client.token({ grant_type: 'refresh_token', refresh_token: 'none', ...authentication });
    return body.error === 'invalid_grant' ? 'ok' : `${status} ${body.error}`;
  }
  const failures = () =>
    gateway
      .logs()
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.includes('"event":"client_keys_failed"'))
      .map((line) => JSON.parse(line));

  it('register, sign in, call a tool, refresh and revoke', async () => {
    const key = newKey('ES256', 'k1');
    publish('whole', key);
    const client = await registered(keysAt('whole'));
    const signed = () => clientAssertion(key, client.id, client.server.token_endpoint);
    const code = await client.authorize();
    const unsigned = await client.exchange(code);
    assert.deepEqual([unsigned.status, unsigned.body.error], [401, 'invalid_client']);
    const tokens = await client.exchange(code, signed());
    assert.equal(tokens.status, 200, tokens.text);
    assert.equal((await callTool(gateway.resource, tokens.body.access_token, 'echo')).status, 200);
    const again = await client.refresh(tokens.body.refresh_token, signed());
    assert.equal(again.status, 200, again.text);
    assert.equal((await client.revoke(again.body.refresh_token, signed())).status, 200);
    assert.equal((await callTool(gateway.resource, again.body.access_token, 'echo')).status, 401);
    assert.equal(hosts.asked(keysAt('whole')), 1);
  });

  it('a forger is refused, and fifty requests at once fetch once', async () => {
    const key = newKey('ES256', 'k1');
    publish('many', key);
    const client = await registered(keysAt('many'));
    const answers = await Promise.all(Array.from({ length: 50 }, () => outcome(client, key)));
    assert.deepEqual(new Set(answers), new Set(['ok']));
    assert.equal(await outcome(client, newKey('ES256', 'k1')), '401 invalid_client');
    assert.equal(await outcome(client, newKey('ES256', 'other')), '401 invalid_client');
    assert.equal(hosts.asked(keysAt('many')), 1, 'an unknown kid asks again once a minute at most');
  });

  it('keys that cannot be had are told in one sentence, without what is inside the network', async () => {
    const key = newKey('ES256');
    hosts.documents[keysAt('broken')] = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"keys":');
    };
    assert.equal(await outcome(await registered(keysAt('broken')), key), '401 invalid_client');
    hosts.documents[keysAt('large')] = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`);
    };
    assert.equal(await outcome(await registered(keysAt('large')), key), '401 invalid_client');
    assert.equal(await outcome(await registered(keysAt('absent')), key), '401 invalid_client');
    hosts.documents[keysAt('down')] = (_, response) => response.writeHead(503).end();
    assert.equal(await outcome(await registered(keysAt('down')), key), '401 invalid_client');
    const nowhere = await registered('https://no-such-name.test/jwks.json');
    assert.equal(await outcome(nowhere, key), '401 invalid_client');
  });

  it('a jwks_uri inside the network is never asked', async () => {
    let reached = 0;
    const inside = net.createServer((socket) => {
      ++reached;
      socket.destroy();
    });
    inside.listen(0, '127.0.0.1');
    await once(inside, 'listening');
    try {
      for (const name of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
        const url = `https://${name}:${inside.address().port}/jwks.json`;
        const client = await registered(url);
        const answer = await client.token({
          grant_type: 'refresh_token',
          refresh_token: 'none',
          ...clientAssertion(newKey('ES256'), client.id, client.server.token_endpoint),
        });
        assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_client']);
        assert.doesNotMatch(answer.text, /loopback|private|127\.0/);
        const failure = await until('the reason in the log', () => failures().find((each) => each.url === url));
        assert.match(failure.what, /loopback/);
      }
      assert.equal(reached, 0);
    } finally {
      inside.close();
    }
  });

  it('a client that its document describes has to sign when the document offers nothing else', async () => {
    const key = newKey('EdDSA', 'd1');
    publish('described', key);
    const id = `https://${host}/described/client.json`;
    const redirectUri = `https://${host}/callback`;
    hosts.documents[id] = publicDocument(id, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: keysAt('described'),
    });
    const client = await OAuthClient.described(gateway, { id, redirectUri });
    const code = await client.authorize();
    assert.deepEqual((await client.exchange(code)).body.error, 'invalid_client');
    const answer = await client.exchange(code, clientAssertion(key, id, client.server.issuer));
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await callTool(gateway.resource, answer.body.access_token, 'echo')).status, 200);
    assert.ok(upstream.requests.length > 0);
  });

  it('keys of a domain that is not trusted are refused at registration', async () => {
    const closed = await startWithDocuments({
      name: 'client-keys-domains',
      hosts: [host],
      configure: (config) => {
        config.authorization_servers.main.registration = { metadata_document_domains: ['claude.ai'] };
      },
    });
    try {
      const answer = await send(`${closed.gateway.origin}/oauth/register`, {
        json: {
          redirect_uris: [`https://${host}/callback`],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: keysAt('untrusted'),
        },
      });
      assert.equal(answer.status, 400);
      assert.match(answer.json().error_description, /register the keys as jwks/);
    } finally {
      await closed.stop();
    }
  });
});

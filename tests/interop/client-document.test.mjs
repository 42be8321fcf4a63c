// Clients that are named by the URL of a document about them: the whole way from the first request to the last.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { password, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient, discover } from './lib/oauth.mjs';

const id = 'https://app.example.test/oauth/client.json';
const redirectUri = 'https://app.example.test/callback';

describe('client metadata documents', { timeout: 120_000 * patience }, () => {
  let started;
  let hosts;
  let upstream;
  let gateway;

  before(async () => {
    started = await startWithDocuments({
      name: 'client-document',
      hosts: ['app.example.test', 'desk.example.test', 'untrusted.example.org'],
      configure: (config) => {
        config.upstreams.everything.headers = { 'X-Client': '{client.id}', 'X-Client-Name': '{client.name}' };
        config.authorization_servers.main.registration = {
          metadata_document_domains: ['app.example.test', 'desk.example.test'],
        };
      },
    });
    ({ hosts, upstream, gateway } = started);
  });
  after(() => started?.stop());
  beforeEach(() => {
    hosts.requests.length = 0;
    hosts.documents = { [id]: publicDocument(id) };
    upstream.reset();
  });

  const client = (more) => OAuthClient.described(gateway, { id, redirectUri, ...more });
  /** A URL that nobody has asked for yet, with a document at it. */
  let fresh = 0;
  function publish(document, host = 'app.example.test') {
    const url = `https://${host}/clients/${++fresh}.json`;
    hosts.documents[url] = typeof document === 'function' ? document : publicDocument(url, document);
    return url;
  }
  /** The page that somebody signed in sees. */
  async function consentPage(url) {
    const browser = new UserAgent();
    await browser.authorize((await client()).request().url, { username: 'alice', password, decision: 'deny' });
    return browser.open(url);
  }

  it('the metadata says that documents are taken', async () => {
    const { server } = await discover(gateway.resource);
    assert.equal(server.client_id_metadata_document_supported, true);
    assert.ok(server.token_endpoint_auth_methods_supported.includes('none'));
  });

  it('authorize, token, call, refresh, revoke: without registering', async () => {
    const described = await client();
    const tokens = await described.grant();
    assert.equal(tokens.scope, 'mcp.connect tools.read');
    assert.equal((await callTool(gateway.resource, tokens.access_token, 'echo')).status, 200);
    const [request] = upstream.requests;
    assert.equal(request.headers['x-client'], id);
    assert.equal(request.headers['x-client-name'], 'app.example.test', 'the host, not what the client calls itself');

    const second = await described.refresh(tokens.refresh_token);
    assert.equal(second.status, 200, second.text);
    assert.equal((await described.revoke(second.body.refresh_token)).status, 200);
    assert.equal((await callTool(gateway.resource, second.body.access_token, 'echo')).status, 401);
    assert.ok(hosts.asked(id) <= 1, 'kept from one request to the next');
    assert.match(await gateway.command(['grant', 'list', '--client', id, '--json']), /^\[\]/);
  });

  it('what is sent to fetch it: nothing but the request, and no request for compression', async () => {
    const url = publish({});
    await client({ id: url }).then((described) => send(described.request().url));
    const [request] = hosts.requests;
    assert.equal(request.url, url);
    assert.deepEqual(Object.keys(request.headers).sort(), ['accept', 'accept-encoding', 'host', 'user-agent']);
    assert.equal(request.headers.accept, 'application/json');
    assert.equal(request.headers['accept-encoding'], 'identity');
  });

  it('many who ask for one document at the same time are served by one fetch', async () => {
    const { promise, resolve: release } = Promise.withResolvers();
    const url = publish(async (_, response) => {
      await promise;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(publicDocument(url)));
    });
    const described = await client({ id: url });
    const pages = Array.from({ length: 20 }, () => send(described.request().url));
    const metadata = await send(described.server.issuer + '/.well-known/oauth-authorization-server');
    assert.equal(metadata.status, 200, 'others are answered meanwhile');
    release();
    for (const page of await Promise.all(pages)) assert.equal(page.status, 303, page.text);
    assert.equal(hosts.asked(url), 1);
  });

  it('case 147: consent shows the name, the host of the client_id and where the browser is sent', async () => {
    const url = publish({ client_name: 'Handy desk' });
    const page = await consentPage((await client({ id: url })).request({ redirect_uri: redirectUri }).url);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /Handy desk/);
    assert.match(page.text, /identified by app\.example\.test/);
    assert.match(page.text, /Sends you to[\s\S]*app\.example\.test/);
    assert.doesNotMatch(page.text, /class="note caution"/);
  });

  it('case 147: an app on the computer is called that, with the warning that any program may claim its name', async () => {
    const url = publish({ redirect_uris: ['http://localhost/callback'] }, 'desk.example.test');
    const described = await client({ id: url, redirectUri: 'http://localhost:51234/callback' });
    const page = await consentPage(described.request().url);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /identified by desk\.example\.test/);
    assert.match(page.text, /an app on this computer \(localhost:51234\)/);
    assert.match(page.text, /class="note caution">[^<]*any program/);
  });

  it('a redirect URI that the document does not name is not redirected to', async () => {
    const described = await client();
    for (const uri of [`${redirectUri}/more`, 'https://evil.example.test/callback', 'http://localhost:1/callback']) {
      const page = await send(described.request({ redirect_uri: uri }).url);
      assert.equal(page.status, 400, uri);
      assert.equal(page.headers.location, undefined);
    }
  });

  it('documents of a domain that the operator does not trust are not even fetched', async () => {
    const url = publish({ redirect_uris: [redirectUri] }, 'untrusted.example.org');
    const page = await send((await client({ id: url })).request().url);
    assert.equal(page.status, 400);
    assert.match(page.text, /does not take clients from this domain/);
    assert.equal(hosts.requests.length, 0);
  });

  const refused = {
    'no JSON': [() => (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{'), /JSON object/],
    'a name of its own too few': [() => ({ client_name: undefined }), /client_name is missing/],
    'no redirect URI': [() => ({ redirect_uris: undefined }), /redirect_uris must name/],
    'a dangerous redirect URI': [() => ({ redirect_uris: ['javascript:alert(1)'] }), /cannot be a redirect URI/],
    'a secret': [() => ({ client_secret: 'hunter2' }), /must not hold a client_secret/],
    'a shared secret to authenticate with': [() => ({ token_endpoint_auth_method: 'client_secret_basic' }), /must be none/],
  };
  for (const [what, [make, why]] of Object.entries(refused)) {
    it(`a document with ${what} is refused, and says why`, async () => {
      const url = publish(make());
      const described = await client({ id: url });
      const page = await send(described.request().url);
      assert.equal(page.status, 400, page.text);
      assert.match(page.text, why);
      assert.ok(!page.text.includes('hunter2'));
      const answer = await described.token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: url });
      assert.equal(answer.status, 401);
      assert.equal(answer.body.error, 'invalid_client');
      assert.match(answer.body.error_description, why);
    });
  }

  it('a secret for a client that has none is refused', async () => {
    const described = await client();
    const code = await described.authorize();
    const answer = await described.exchange(code, { client_secret: 'anything' });
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error, 'invalid_client');
    assert.equal((await described.exchange(code)).status, 200);
  });

  it('HTTP Basic proves nothing of a client that is described', async () => {
    const described = await client();
    for (const name of [id, encodeURIComponent(id)]) {
      const headers = { Authorization: `Basic ${Buffer.from(`${name}:`).toString('base64')}` };
      const form = { grant_type: 'refresh_token', refresh_token: 'x' };
      const answer = await described.token(form, { headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.body.error, 'invalid_client');
    }
  });

  it('a client that is described cannot use the code or the refresh token of another', async () => {
    const described = await client();
    const other = publish({});
    const stolen = await described.exchange(await described.authorize(), { client_id: other });
    assert.equal(stolen.status, 400);
    assert.equal(stolen.body.error, 'invalid_grant');
    const tokens = await described.grant();
    assert.equal((await described.refresh(tokens.refresh_token, { client_id: other })).body.error, 'invalid_grant');
    assert.equal((await described.refresh(tokens.refresh_token)).status, 200);
  });
});

// Clients that are named by a document about them, each with the document that it publishes and the requests it sends.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startWithDocuments } from './lib/documents.mjs';
import { patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { clientAssertion, newKey } from './lib/jose.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';

const grants = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

const claude = {
  client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
  client_name: 'Claude',
  client_uri: 'https://claude.ai',
  logo_uri: 'https://claude.ai/images/logo.png',
  redirect_uris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
  ...grants,
  token_endpoint_auth_method: 'none',
};
// Without ports: every request has one.
const claudeCode = {
  client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
  client_name: 'Claude Code',
  client_uri: 'https://claude.ai',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  ...grants,
  token_endpoint_auth_method: 'none',
};
const chatgpt = {
  client_id: 'https://chatgpt.com/oauth/cb_9f3a1c/client.json',
  client_name: 'ChatGPT',
  client_uri: 'https://chatgpt.com',
  redirect_uris: [
    'https://chatgpt.com/connector/oauth/cb_9f3a1c',
    'https://chatgpt.com/connector_platform_oauth_redirect',
  ],
  ...grants,
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  token_endpoint_auth_signing_alg: 'RS256',
  jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
};
const codex = {
  client_id: 'https://chatgpt.com/oauth/codex/client.json',
  client_name: 'Codex',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
  ...grants,
  token_endpoint_auth_method: 'none',
};
const vscode = {
  client_id: 'https://vscode.dev/oauth/client-metadata.json',
  client_name: 'Visual Studio Code',
  client_uri: 'https://code.visualstudio.com',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1:33418/', 'http://127.0.0.1/', 'https://vscode.dev/redirect'],
  ...grants,
  token_endpoint_auth_method: 'none',
};
const documents = [claude, claudeCode, chatgpt, codex, vscode];
const chatgptKey = newKey('RS256', 'chatgpt-1');

describe('clients that are described by a document', { timeout: 120_000 * patience }, () => {
  let started;
  let hosts;
  let upstream;
  let gateway;

  before(async () => {
    started = await startWithDocuments({
      name: 'clients-described',
      hosts: ['claude.ai', 'chatgpt.com', 'vscode.dev'],
      documents: {
        ...Object.fromEntries(documents.map((document) => [document.client_id, document])),
        [chatgpt.jwks_uri]: { keys: [chatgptKey.jwk] },
      },
    });
    ({ hosts, upstream, gateway } = started);
  });
  after(() => started?.stop());
  beforeEach(() => upstream.reset());

  /** Signs in, calls a tool, refreshes and revokes, at that redirect URI. `authentication` is made for each request. */
  async function works(document, redirectUri, authentication = () => ({})) {
    const client = await OAuthClient.described(gateway, { id: document.client_id, redirectUri });
    const code = await client.authorize();
    const tokens = await client.exchange(code, authentication(client));
    assert.equal(tokens.status, 200, tokens.text);
    assert.equal((await callTool(gateway.resource, tokens.body.access_token, 'echo')).status, 200);
    const again = await client.refresh(tokens.body.refresh_token, authentication(client));
    assert.equal(again.status, 200, again.text);
    assert.equal((await client.revoke(again.body.refresh_token, authentication(client))).status, 200);
    assert.equal((await callTool(gateway.resource, again.body.access_token, 'echo')).status, 401);
    return client;
  }
  async function refused(document, redirectUri) {
    const client = await OAuthClient.described(gateway, { id: document.client_id, redirectUri });
    const page = await send(client.request().url);
    assert.equal(page.status, 400, redirectUri);
    assert.equal(page.headers.location, undefined);
  }

  it('Claude: both of its callbacks, as a public client', async () => {
    for (const uri of claude.redirect_uris) await works(claude, uri);
    await refused(claude, 'https://claude.ai/api/mcp/auth_callback/');
  });

  it('Claude Code: an ephemeral port at localhost and at 127.0.0.1, though its document names none', async () => {
    await works(claudeCode, 'http://localhost:55611/callback');
    await works(claudeCode, 'http://127.0.0.1:52163/callback');
    await refused(claudeCode, 'http://localhost:55611/other');
    await refused(claudeCode, 'http://localhost.evil.test:55611/callback');
    await refused(claudeCode, 'http://[::1]:55611/callback');
    await refused(claudeCode, 'https://localhost:55611/callback');
  });

  it('ChatGPT: with PKCE alone, which its document offers beside private_key_jwt, at both callbacks', async () => {
    for (const uri of chatgpt.redirect_uris) {
      const client = await works(chatgpt, uri);
      assert.equal(client.resource, gateway.resource);
    }
    await refused(chatgpt, 'https://chatgpt.com/connector/oauth/cb_another');
  });

  it('ChatGPT: with an assertion for exactly the token endpoint, signed by a key of its jwks_uri', async () => {
    const signed = (client) => clientAssertion(chatgptKey, chatgpt.client_id, client.server.token_endpoint);
    for (const uri of chatgpt.redirect_uris) await works(chatgpt, uri, signed);
    // The Python SDK and some others leave client_id out beside an assertion.
    await works(chatgpt, chatgpt.redirect_uris[0], (client) => ({ ...signed(client), client_id: undefined }));
  });

  it('ChatGPT: the metadata at the root, the issuer in the answer, endpoints without doubled slashes', async () => {
    const root = await send(`${gateway.origin}/.well-known/oauth-protected-resource`);
    assert.equal(root.status, 200);
    assert.equal(root.json().resource, gateway.resource);
    const client = await OAuthClient.described(gateway, {
      id: chatgpt.client_id,
      redirectUri: chatgpt.redirect_uris[0],
    });
    assert.equal(client.server.authorization_response_iss_parameter_supported, true);
    for (const name of ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint']) {
      assert.doesNotMatch(new URL(client.server[name]).pathname, /\/\//, name);
    }
    await client.authorize(); // checks `iss`
  });

  it('Codex: an ephemeral port of the loopback', async () => {
    await works(codex, 'http://127.0.0.1:40123/callback');
    await refused(codex, 'http://127.0.0.1:40123/callback/6MFBM1In3Ey-');
  });

  it('VS Code: its web redirect, its port, and another when that one is taken', async () => {
    for (const uri of ['https://vscode.dev/redirect', 'http://127.0.0.1:33418/', 'http://127.0.0.1:59656/']) {
      await works(vscode, uri);
    }
  });

  it('each document was fetched once', () => {
    for (const { client_id: url } of documents) assert.equal(hosts.asked(url), 1, url);
    assert.equal(hosts.asked(chatgpt.jwks_uri), 1, 'and the keys of the one that signed');
    assert.equal(hosts.requests.length, documents.length + 1, 'and nothing else: no logo');
  });
});

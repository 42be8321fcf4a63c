// Clients that register themselves (RFC 7591), each with the metadata and the requests it is known to send.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, header, send } from './lib/http.mjs';
import { callTool } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

describe('clients that register', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'clients-registered', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => upstream.reset());

  /** Signs in with each of the redirect URIs in turn, calls a tool and refreshes. */
  async function works(client, redirectUris) {
    for (const redirectUri of redirectUris) {
      client.redirectUri = redirectUri;
      const tokens = await client.grant();
      assert.equal((await callTool(gateway.resource, tokens.access_token, 'echo')).status, 200, redirectUri);
      assert.equal((await client.refresh(tokens.refresh_token)).status, 200, redirectUri);
    }
  }
  const register = (redirectUris, metadata) => OAuthClient.register(gateway, { redirectUris, metadata });

  it('Claude: its two callbacks, absolute resource_metadata, the full URL as resource', async () => {
    const callbacks = ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'];
    for (const callback of callbacks) {
      const client = await register([callback], {
        client_name: 'Claude',
        client_uri: 'https://claude.ai',
        token_endpoint_auth_method: 'client_secret_post',
        scope: 'mcp.connect tools.read',
      });
      assert.equal(client.resource, gateway.resource, 'compared with what was typed, byte for byte');
      assert.ok(URL.canParse(client.challenge.resource_metadata));
      assert.ok(client.server.token_endpoint_auth_methods_supported.includes('none'));
      const secret = client.information.client_secret;
      assert.ok(secret);
      client.redirectUri = callback;
      const tokens = await client.exchange(await client.authorize(), { client_secret: secret });
      assert.equal(tokens.status, 200, tokens.text);
      assert.equal((await callTool(gateway.resource, tokens.body.access_token, 'echo')).status, 200);
      const again = await client.refresh(tokens.body.refresh_token, { client_secret: secret });
      assert.equal(again.status, 200, again.text);
    }
  });

  it('Claude: a client that is gone is told so with 401 invalid_client, upon which it registers anew', async () => {
    const client = await register(['https://claude.ai/api/mcp/auth_callback'], { client_name: 'Claude, removed' });
    const tokens = await client.grant();
    await gateway.command(['client', 'remove', client.id]);
    const answer = await client.refresh(tokens.refresh_token);
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error, 'invalid_client');
  });

  it('Cursor: three redirect URIs at once, a private-use scheme among them', async () => {
    const uris = [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ];
    const client = await register(uris, { client_name: 'Cursor' });
    assert.deepEqual(client.information.redirect_uris, uris);
    await works(client, uris);
  });

  it('VS Code: its web redirect and any port of the loopback', async () => {
    const uris = [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ];
    const client = await register(uris, {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      application_type: 'native',
    });
    assert.deepEqual(client.information.redirect_uris, uris);
    await works(client, [uris[1], uris[3], 'http://127.0.0.1:59656/']);
  });

  it('Codex: a callback of its own on an ephemeral port of the loopback', async () => {
    const uri = 'http://127.0.0.1:37819/callback/6MFBM1In3Ey-';
    const client = await register([uri], { client_name: 'Codex', application_type: 'native' });
    await works(client, [uri, uri.replace('37819', '63546')]);
  });

  it('MCP Inspector: registers as a native client and signs in on its fixed port', async () => {
    const uri = 'http://127.0.0.1:6276/oauth/callback';
    const client = await register([uri, 'http://localhost:6274/oauth/callback'], {
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      application_type: 'native',
    });
    await works(client, [uri, 'http://localhost:6274/oauth/callback']);
  });

  it('MCP Inspector: the places of metadata that it tries are a document or a clean 404, and never the upstream', async () => {
    const probes = {
      '/.well-known/oauth-authorization-server/mcp': 404,
      '/.well-known/openid-configuration/mcp': 404,
      '/mcp/.well-known/openid-configuration': 404,
      '/mcp/.well-known/oauth-authorization-server': 404,
      '/mcp/.well-known/oauth-protected-resource': 404,
      '/.well-known/oauth-protected-resource/mcp/more': 404,
      '/.well-known/mcp.json': 404,
      '/.well-known/oauth-authorization-server': 200,
      '/.well-known/openid-configuration': 200,
      '/.well-known/oauth-protected-resource': 200,
      '/.well-known/oauth-protected-resource/mcp': 200,
    };
    for (const [path, status] of Object.entries(probes)) {
      const answer = await send(gateway.origin + path, {
        headers: { 'MCP-Protocol-Version': '2025-11-25', Origin: 'http://localhost:6274', Accept: 'application/json' },
      });
      assert.equal(answer.status, status, path);
      assert.equal(header(answer, 'www-authenticate'), undefined, path);
      assert.equal(header(answer, 'access-control-allow-origin'), '*', path);
      assert.ok(answer.json(), path);
    }
    upstream.untouched('probes');
  });

  it('who asks without a token is told where to go on, at the resource and with a slash behind it', async () => {
    for (const where of [gateway.resource, `${gateway.resource}/`]) {
      const answer = await send(where, { headers: { Accept: 'text/event-stream' } });
      assert.equal(answer.status, 401, where);
      const challenge = bearerChallenge(answer);
      assert.equal((await send(challenge.resource_metadata)).json().resource, gateway.resource);
    }
  });
});

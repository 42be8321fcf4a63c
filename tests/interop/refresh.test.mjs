// Refresh tokens and revocation. The numbers order the cases; each stands alone.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { isDead, refused, works } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { pause, until } from './lib/wait.mjs';

describe('refresh and revocation', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let other;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'refresh',
      upstream: upstream.url,
      users: ['alice', 'carol', 'dora'].map((name) => ({ name, members: ['acme:admin'] })),
      configure: (config) => {
        config.authorization_servers.main.refresh_token = { lifetime: '30d', idle: '14d', grace: '2s' };
      },
    });
    client = await OAuthClient.register(gateway);
    other = await OAuthClient.register(gateway);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('case 41: a refresh rotates, and may narrow but not widen', async () => {
    const tokens = await client.grant();
    refused(
      await client.refresh(tokens.refresh_token, { scope: 'mcp.connect tools.read tools.write' }),
      'invalid_scope',
    );
    const answer = await client.refresh(tokens.refresh_token);
    assert.equal(answer.status, 200);
    assert.notEqual(answer.body.refresh_token, tokens.refresh_token);
    assert.deepEqual(answer.body.scope.split(' ').sort(), ['mcp.connect', 'tools.read']);
    await works(gateway.resource, answer.body.access_token);
  });

  it('case 42: refresh tokens nobody issued', async () => {
    for (const token of ['unknown', 'x'.repeat(43), 'ä', 'x'.repeat(65_536)])
      refused(await client.refresh(token), 'invalid_grant', token.slice(0, 20));
    refused(await client.token({ grant_type: 'refresh_token', client_id: client.id }), 'invalid_request', 'none');
    refused(await client.refresh('a\0'), 'invalid_request', 'NUL');
  });

  it('case 43: a refresh token in the hands of another client harms nobody', async () => {
    const tokens = await client.grant();
    refused(await other.refresh(tokens.refresh_token), 'invalid_grant');
    assert.equal((await client.refresh(tokens.refresh_token)).status, 200);
  });

  it('case 45: an answer that was lost can be asked for again within the grace', async () => {
    const tokens = await client.grant();
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
      client_id: client.id,
      resource: client.resource,
    }).toString();
    await new Promise((resolve) => {
      const { port, pathname, host } = new URL(client.server.token_endpoint);
      const socket = net.connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        socket.once('data', () => socket.resetAndDestroy());
      });
      socket.once('close', resolve);
      socket.on('error', () => {});
    });
    const first = await client.refresh(tokens.refresh_token);
    const second = await client.refresh(tokens.refresh_token);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.equal(first.body.refresh_token, second.body.refresh_token);
  });

  it('case 46: an old refresh token after the grace ends the whole family', async () => {
    const tokens = await client.grant();
    const next = (await client.refresh(tokens.refresh_token)).body;
    await pause(3500);
    refused(await client.refresh(tokens.refresh_token), 'invalid_grant');
    await isDead(gateway.resource, next.access_token);
    refused(await client.refresh(next.refresh_token), 'invalid_grant');
    await until('the audit line', () => gateway.logs().includes('refresh_reuse'), { seconds: 5 });
  });

  it('case 47: after the user or the client is gone', async () => {
    const dora = await client.grant({ user: 'dora' });
    await gateway.command(['user', 'disable', 'dora']);
    await until(
      "the end of a disabled user's token",
      async () => (await ping(gateway.resource, dora.access_token)).status === 401,
      { seconds: 5 },
    );
    refused(await client.refresh(dora.refresh_token), 'invalid_grant');
    const gone = await OAuthClient.register(gateway);
    const tokens = await gone.grant({ user: 'carol' });
    await gateway.command(['client', 'remove', gone.id]);
    await until(
      "the end of a removed client's token",
      async () => (await ping(gateway.resource, tokens.access_token)).status === 401,
      { seconds: 5 },
    );
    const answer = await gone.refresh(tokens.refresh_token);
    assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_client']);
  });

  it('case 48: revocation: of nothing, by a stranger, of a refresh token, with a wrong hint', async () => {
    assert.equal((await client.revoke('unknown')).status, 200);
    const tokens = await client.grant();
    assert.equal((await other.revoke(tokens.refresh_token)).status, 200);
    await works(gateway.resource, tokens.access_token, 'a stranger cannot revoke');
    assert.equal((await client.revoke(tokens.refresh_token, { token_type_hint: 'access_token' })).status, 200);
    await isDead(gateway.resource, tokens.access_token);
    refused(await client.refresh(tokens.refresh_token), 'invalid_grant');
    const second = await client.grant();
    assert.equal((await client.revoke(second.access_token)).status, 200);
    await isDead(gateway.resource, second.access_token);
  });

  it('each authorization is a family of its own', async () => {
    const [first, second] = [await client.grant(), await client.grant()];
    await works(gateway.resource, first.access_token);
    assert.equal((await client.revoke(second.refresh_token)).status, 200);
    await works(gateway.resource, first.access_token);
  });
});

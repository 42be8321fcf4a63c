// The token endpoint: what is used, guessed at or revoked once counts for every worker and every connection at once.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { isDead, refused, works } from './lib/expect.mjs';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const redeemers = 64;
const rounds = sanitized ? 2 : 6;

describe('hostile token requests', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let other;
  let agent;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'hostile-token', upstream: upstream.url });
    client = await OAuthClient.register(gateway);
    other = await OAuthClient.register(gateway);
    agent = new http.Agent({ keepAlive: true, maxSockets: redeemers });
  });
  after(async () => {
    agent?.destroy();
    await gateway?.stop();
    await upstream?.stop();
  });

  const endpoint = () => `${gateway.origin}/oauth/token`;
  const formOf = ({ code, verifier }, changes = {}) => ({
    grant_type: 'authorization_code',
    code,
    client_id: client.id,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
    resource: client.resource,
    ...changes,
  });
  const ask = (form) => send(endpoint(), { form, agent });

  it('case 29: an unknown client, a foreign one and none at all are told apart by status, never by guesses', async () => {
    const grant = await client.authorize();
    for (const [what, changes, status, error] of [
      ['unknown', { client_id: 'nobody' }, 401, 'invalid_client'],
      ['64 KB of it', { client_id: 'x'.repeat(65_000) }, 401, 'invalid_client'],
      ['empty', { client_id: '' }, 400, 'invalid_request'],
      ['a secret for a public one', { client_secret: 'guess' }, 401, 'invalid_client'],
    ]) {
      const answer = await send(client.server.token_endpoint, { form: formOf(grant, changes) });
      assert.deepEqual([answer.status, answer.json().error], [status, error], what);
      assert.match(header(answer, 'content-type'), /^application\/json/, what);
      assert.match(header(answer, 'cache-control'), /no-store/, what);
    }
    assert.equal((await client.exchange(grant)).status, 200, 'the code is still good');
  });

  it('case 30: the second use of a code ends what came of the first', async () => {
    const grant = await client.authorize();
    const first = await client.exchange(grant);
    assert.equal(first.status, 200);
    await works(gateway.resource, first.body.access_token, 'known, so that it is cached');
    const second = await ask(formOf(grant));
    assert.deepEqual([second.status, second.json().error], [400, 'invalid_grant']);
    await isDead(gateway.resource, first.body.access_token);
    refused(await client.refresh(first.body.refresh_token), 'invalid_grant');
  });

  it(`case 31: ${redeemers} parallel redemptions, ${rounds} times: exactly one success`, async () => {
    for (let round = 0; round < rounds; ++round) {
      const grant = await client.authorize();
      const answers = await Promise.all(Array.from({ length: redeemers }, () => ask(formOf(grant))));
      assert.equal(answers.filter((each) => each.status === 200).length, 1, `round ${round}`);
      for (const answer of answers.filter((each) => each.status !== 200))
        assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant']);
    }
  });

  it('case 32: wrong verifiers are counted', async () => {
    const grant = await client.authorize();
    for (let tries = 0; tries < 10; ++tries) {
      const answer = await ask(formOf(grant, { code_verifier: 'c'.repeat(43) }));
      assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant']);
    }
    refused(await client.exchange(grant), 'invalid_grant', 'after ten guesses');
  });

  it('case 36: a verifier that is the challenge itself, or close to the right one', async () => {
    const grant = await client.authorize();
    const { verifier, parameters } = grant;
    const last = verifier.endsWith('A') ? 'B' : 'A';
    for (const wrong of [
      parameters.code_challenge,
      verifier.slice(0, -1) + last,
      `${verifier}A`,
      verifier.toUpperCase(),
    ])
      refused(await client.exchange(grant, { code_verifier: wrong }), 'invalid_grant', wrong);
    assert.equal((await client.exchange(grant)).status, 200);
  });

  it('case 43: a stranger with a rotated refresh token ends nothing', async () => {
    const tokens = await client.grant();
    const next = (await client.refresh(tokens.refresh_token)).body;
    for (const token of [tokens.refresh_token, next.refresh_token])
      refused(await other.refresh(token), 'invalid_grant');
    await works(gateway.resource, next.access_token, 'the family lives');
    assert.equal((await client.refresh(next.refresh_token)).status, 200);
  });

  it('case 44: parallel refreshes end with one successor', async () => {
    const tokens = await client.grant();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: client.id };
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(form)));
    for (const answer of answers) assert.equal(answer.status, 200, answer.text);
    assert.equal(new Set(answers.map((each) => each.json().refresh_token)).size, 1);
  });

  it('case 47: after the grant was revoked at the command line, the running gateway refuses', async () => {
    const tokens = await client.grant();
    await works(gateway.resource, tokens.access_token, 'known, so that it is cached');
    const grants = JSON.parse(await gateway.command(['grant', 'list', '--client', client.id, '--json']));
    for (const { grant } of grants) await gateway.command(['grant', 'revoke', grant]);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: client.id };
    const answer = await ask(form);
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_grant']);
    await until('its end', async () => (await ping(gateway.resource, tokens.access_token)).status === 401);
  });

  it('case 48: a revoked token ends what hangs on it; what is not there is revoked without an error', async () => {
    const tokens = await client.grant();
    await works(gateway.resource, tokens.access_token, 'known, so that it is cached');
    assert.equal((await client.revoke(tokens.refresh_token)).status, 200);
    await isDead(gateway.resource, tokens.access_token);
    for (const [what, form] of Object.entries({
      unknown: { token: 'unknown', client_id: client.id },
      'of nobody': { token: 'x'.repeat(65_000), client_id: client.id },
    }))
      assert.equal((await send(client.server.revocation_endpoint, { form })).status, 200, what);
    const stranger = await send(client.server.revocation_endpoint, { form: { token: 'x', client_id: 'nobody' } });
    assert.deepEqual([stranger.status, stranger.json().error], [401, 'invalid_client']);
  });
});

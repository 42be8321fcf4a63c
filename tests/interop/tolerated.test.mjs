// What clients do that a strict reading would refuse, although it harms nobody: Python's and mcp-go's end of a session
// without a token, registrations with an empty scope, a call that is sent once more after it was refused.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from './lib/gateway.mjs';
import { bearerChallenge, send } from './lib/http.mjs';
import { callTool, initialize, post, rpc } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { textOf } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';

describe('what is tolerated', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let client;
  let tokens;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({ name: 'tolerated', upstream: upstream.url });
    client = await OAuthClient.register(gateway);
    tokens = await client.grant();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const end = (session, headers = {}) =>
    send(gateway.resource, { method: 'DELETE', headers: { 'Mcp-Session-Id': session, ...headers } });
  const echoes = async (session) => {
    const answer = await callTool(gateway.resource, tokens.access_token, 'echo', { message: 'still' }, { session });
    assert.equal(answer.status, 200, answer.text);
    assert.match(textOf(answer.message.result), /still/);
  };

  it('compat 22: a DELETE without a token is a plain 401 at once, and ends nobody else\'s session', async () => {
    const session = await initialize(gateway.resource, tokens.access_token);
    const answer = await end(session);
    assert.equal(answer.status, 401);
    assert.equal(bearerChallenge(answer).error, undefined);
    assert.equal(answer.json().error, 'missing_bearer_token');
    await echoes(session);
    const known = { Authorization: `Bearer ${tokens.access_token}` };
    assert.equal((await end(session, known)).status, 200, 'with its token its owner ends it');
    const gone = await callTool(gateway.resource, tokens.access_token, 'echo', { message: 'x' }, { session });
    assert.equal(gone.status, 404);
  });

  it('compat 22: any number of them costs the client nothing', async () => {
    const session = await initialize(gateway.resource, tokens.access_token);
    const answers = await Promise.all(Array.from({ length: 30 }, () => end(session)));
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([401]));
    await echoes(session);
  });

  it('compat 22: an empty scope in a registration asks for nothing, and the client gets the default scopes', async () => {
    const registered = await OAuthClient.register(gateway, { metadata: { scope: '' } });
    assert.ok(!('scope' in registered.information), 'no member of the answer is empty');
    assert.equal((await registered.grant({ scope: '' })).scope, 'mcp.connect tools.read');
    const wide = await registered.grant({ scope: 'mcp.connect tools.read tools.write' });
    assert.equal(wide.scope, 'mcp.connect tools.read tools.write', 'and it may ask for more later');
  });

  it('compat 22: a POST that is sent once more after a 403 gets the same 403, and the session goes on', async () => {
    const session = await initialize(gateway.resource, tokens.access_token);
    const message = rpc('tools/call', { name: 'get-sum', arguments: { a: 1, b: 2 } });
    const answers = [];
    for (let tries = 0; tries < 2; ++tries)
      answers.push(await post(gateway.resource, message, { token: tokens.access_token, session }));
    for (const answer of answers) {
      assert.equal(answer.status, 403);
      assert.equal(answer.message.id, message.id);
      assert.equal(answer.message.error.data.error, 'insufficient_scope');
    }
    const challenges = answers.map((answer) => bearerChallenge(answer).scope);
    assert.equal(challenges[0], challenges[1]);
    await echoes(session);
    const refreshed = [await client.refresh(tokens.refresh_token), await client.refresh(tokens.refresh_token)];
    assert.deepEqual(
      refreshed.map(({ status }) => status),
      [400, 200],
      'the two count as one challenge: one refresh is refused',
    );
  });
});

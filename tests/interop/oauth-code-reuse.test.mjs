// One code, many redeemers at the same moment: exactly one of them gets tokens.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { ping } from './lib/mcp.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const rounds = sanitized ? 2 : 8;
const redeemers = 64;

describe('code reuse', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'code-reuse', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it(`case 31: ${redeemers} parallel redemptions of one code, ${rounds} times: exactly one success`, async () => {
    const client = await OAuthClient.register(gateway);
    const agent = new http.Agent({ keepAlive: true, maxSockets: redeemers });
    for (let round = 0; round < rounds; ++round) {
      const grant = await client.authorize();
      client.agent = agent;
      const answers = await Promise.all(Array.from({ length: redeemers }, () => client.exchange(grant)));
      client.agent = undefined;
      const won = answers.filter((answer) => answer.status === 200);
      assert.equal(won.length, 1);
      for (const answer of answers)
        if (answer.status !== 200) assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_grant']);
      assert.equal((await ping(gateway.resource, won[0].body.access_token)).status, 401, 'reuse ended the family');
    }
    agent.destroy();
  });
});

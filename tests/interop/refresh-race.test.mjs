// Several processes of one client refresh with the same token at the same moment: all go on, on one and the same chain.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const rounds = sanitized ? 2 : 6;
const racers = 50;

describe('refresh race', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'refresh-race', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it(`case 44: ${racers} parallel refreshes, ${rounds} rounds along one chain: all succeed, one successor lives`, async () => {
    const client = await OAuthClient.register(gateway);
    let { refresh_token: current } = await client.grant();
    const agent = new http.Agent({ keepAlive: true, maxSockets: racers });
    client.agent = agent;
    for (let round = 0; round < rounds; ++round) {
      const answers = await Promise.all(Array.from({ length: racers }, () => client.refresh(current)));
      for (const answer of answers) assert.equal(answer.status, 200, answer.text);
      const successors = new Set(answers.map((answer) => answer.body.refresh_token));
      assert.equal(successors.size, 1, 'the chain did not fork');
      const [next] = successors;
      assert.notEqual(next, current);
      const tokens = new Set(answers.map((answer) => answer.body.access_token));
      for (const token of [...tokens].slice(0, 5)) assert.equal((await ping(gateway.resource, token)).status, 200);
      current = next;
    }
    agent.destroy();
  });
});

// The machine's clock is set to another time and back: what is good stays, and what was used stays used.
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { Gateway, patience, sanitized } from './lib/gateway.mjs';
import { callTool } from './lib/mcp.mjs';
import { metric } from './lib/metrics.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { ShiftedClock, fortyDays, hours } from './lib/shifted-clock.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

const skip = sanitized && 'a sanitizer must be loaded before the library that sets the clock';

describe('a clock that jumps', { timeout: 120_000 * patience, skip }, () => {
  let clock;
  let upstream;
  let gateway;
  let client;
  let tokens;

  before(async () => {
    clock = await ShiftedClock.create();
  });
  beforeEach(async () => {
    clock.shift(0);
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({ name: 'clock', upstream: upstream.url, launcher: clock.launcher });
    client = await OAuthClient.register(gateway);
    tokens = await client.grant();
  });
  afterEach(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const call = async (token = tokens.access_token) => (await callTool(gateway.resource, token, 'echo')).status;
  /** Expired things are deleted soon after the start. The time by which that was done, in milliseconds. */
  const deleted = () =>
    until('the deletion of what has expired', async () => {
      return 1000 * (await metric(gateway, 'postern_deleted_until_seconds'));
    });
  const jumped = (times) =>
    until('the jump to be noticed', async () => (await metric(gateway, 'postern_clock_jumps_total')) === times);
  async function restart() {
    await gateway.stop();
    await gateway.start();
  }
  async function allIsThere() {
    assert.equal(await call(), 200);
    const refreshed = await client.refresh(tokens.refresh_token);
    assert.equal(refreshed.status, 200, refreshed.text);
    assert.equal(await call(refreshed.body.access_token), 200);
  }

  it('attack 13: forty days ahead for seconds: nothing is deleted and no grant ends', async () => {
    await restart();
    clock.shift(fortyDays);
    await jumped(1);
    assert.ok((await deleted()) < Date.now() + hours(1), 'by the time of before');
    assert.equal(await call(), 401, 'the token has expired, as far as the clock tells');
    assert.equal((await client.refresh(tokens.refresh_token)).status, 400);
    clock.shift(0);
    await jumped(2);
    await allIsThere();
    await gateway.logged('"event":"clock_jumped","seconds":-34');
    assert.match(gateway.logs(), /"level":"error","event":"clock_jumped","seconds":34[56]\d{4},/);
    assert.match(gateway.logs(), /"event":"clock_jumped","seconds":-34[56]\d{4},/);
  });

  it('attack 13: a process that starts with a clock forty days ahead deletes nothing that is good', async () => {
    await deleted();
    await gateway.stop();
    clock.shift(fortyDays);
    await gateway.start();
    assert.ok((await deleted()) < Date.now() + hours(1), 'by the time that the process before has kept');
    await gateway.stop();
    clock.shift(0);
    await gateway.start();
    await allIsThere();
  });

  it('attack 13: two hours back: a token that was rotated is not good again, and its successor is', async () => {
    const next = await client.refresh(tokens.refresh_token);
    assert.equal(next.status, 200, next.text);
    clock.shift(hours(-2));
    await jumped(1);
    const again = await client.refresh(tokens.refresh_token);
    assert.equal(again.status, 400, again.text);
    assert.equal(again.body.error, 'invalid_grant');
    clock.shift(0);
    await jumped(2);
    tokens = next.body;
    await allIsThere();
  });
});

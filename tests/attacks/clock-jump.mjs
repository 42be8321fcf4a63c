// The machine's clock is set forty days ahead for seconds while what has expired is deleted, and two hours back. Prints
// how many of the grants of before still work, and how many tokens that were used work again. Starts all that it needs;
// POSTERN_BINARY names the gateway.
import { Gateway } from '../interop/lib/gateway.mjs';
import { metric } from '../interop/lib/metrics.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { ShiftedClock, fortyDays, hours } from '../interop/lib/shifted-clock.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { pause } from '../interop/lib/wait.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const grants = 10;
const jump = 8000; // milliseconds: what has expired is deleted within the first few after the start

const clock = await ShiftedClock.create();
const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({ name: 'attack-clock', upstream: upstream.url, launcher: clock.launcher });

async function refreshed(client, tokens) {
  let good = 0;
  const next = [];
  for (const each of tokens) {
    const answer = await client.refresh(each.refresh_token);
    if (answer.status === 200) ++good;
    next.push(answer.status === 200 ? answer.body : each);
  }
  return { good, next };
}

try {
  const client = await OAuthClient.register(gateway);
  const tokens = [];
  for (let i = 0; i < grants; ++i) tokens.push(await client.grant());
  await gateway.stop();
  await gateway.start();
  clock.shift(fortyDays);
  await pause(jump);
  clock.shift(0);
  const ahead = await refreshed(client, tokens);
  // What was rotated, with a clock that went back to before that.
  const { result: back, ...calls } = await meanwhile(gateway.resource, ahead.next[0].access_token, async () => {
    clock.shift(hours(-2));
    const again = await refreshed(client, tokens);
    clock.shift(0);
    return again;
  });
  const living = await refreshed(client, ahead.next);
  const figure = {
    grants,
    good_after_a_jump_ahead: ahead.good,
    used_tokens_good_after_a_jump_back: ahead.good === 0 ? 'none were left' : back.good,
    good_after_both: living.good,
    jumps_noticed: await metric(gateway, 'postern_clock_jumps_total'),
    calls,
  };
  console.log(JSON.stringify({ attack: 13, figure, p99_ms: calls.p99_ms }));
} finally {
  clock.shift(0);
  await gateway.stop();
  await upstream.stop();
}

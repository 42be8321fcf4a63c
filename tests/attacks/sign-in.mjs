// Sign-in denied: 100 connections with unknown names, and then guesses at one name from ever new networks.
// Prints how much of the sign-in page and of others' sign-ins was answered meanwhile, and whether the owner of the
// name was let in. Starts all that it needs; POSTERN_BINARY names the gateway.
import { performance } from 'node:perf_hooks';
import { Gateway, password } from '../interop/lib/gateway.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { Visitor, guessUntilPaused, startGuessing } from '../interop/lib/visitor.mjs';
import { meanwhile, percentile } from './lib/meanwhile.mjs';

const rounds = 20;

/** Does it over and over: `{asked, answered, p99_ms}`. */
async function ask(act, wanted) {
  const took = [];
  let answered = 0;
  for (let i = 0; i < rounds; ++i) {
    const begun = performance.now();
    if ((await act(i)).status === wanted) ++answered;
    took.push(performance.now() - begun);
  }
  return { asked: rounds, answered, p99_ms: Number(percentile(took, 0.99).toFixed(1)) };
}

async function crowd(gateway, home) {
  const guessing = startGuessing(gateway, { connections: 100, addressOf: (n) => `203.0.113.${n % 250}` });
  const [pages, signIns] = await Promise.all([
    ask((i) => new Visitor(gateway, `198.51.100.${i}`).look(), 200),
    ask(() => home.signIn('bob', password), 303),
  ]);
  await guessing.stop();
  const guesses = Object.fromEntries([...guessing.answers].map(([status, { count }]) => [status, count]));
  return { guesses, pages, sign_ins: signIns };
}

/** Who of those is let in while strangers guess. */
async function guesses(gateway, home) {
  const paused_after = await guessUntilPaused(gateway, 'alice');
  const letIn = async (visitor) => (await visitor.signIn('alice', password)).status === 303;
  const network = new Visitor(gateway, home.from);
  home.from = '198.51.100.200';
  return { paused_after, known_browser: await letIn(home), known_network: await letIn(network) };
}

const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({
  name: 'attack-sign-in',
  upstream: upstream.url,
  users: ['alice', 'bob'].map((name) => ({ name, members: ['acme:admin'] })),
  configure: (config) => {
    config.trusted_proxies = ['127.0.0.0/8'];
  },
});
try {
  const client = await OAuthClient.register(gateway);
  const { access_token: token } = await client.grant();
  const of = { alice: new Visitor(gateway, '198.51.100.7'), bob: new Visitor(gateway, '198.51.100.8') };
  for (const [name, visitor] of Object.entries(of)) await visitor.signIn(name, password);
  const { result, ...calls } = await meanwhile(gateway.resource, token, async () => ({
    crowd: await crowd(gateway, of.bob),
    guesses: await guesses(gateway, of.alice),
  }));
  console.log(JSON.stringify({ attack: 3, figure: { ...result, calls }, p99_ms: calls.p99_ms }));
} finally {
  await gateway.stop();
  await upstream.stop();
}

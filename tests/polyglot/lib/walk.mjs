// One walk of a client in another language: from the first 401 to calls that are allowed and calls that are denied.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from '../../interop/lib/browserless.mjs';
import { Gateway, password, patience } from '../../interop/lib/gateway.mjs';
import { send } from '../../interop/lib/http.mjs';
import { callTool, initialize } from '../../interop/lib/mcp.mjs';
import { OAuthClient } from '../../interop/lib/oauth.mjs';
import { Child, freePort, temporaryFolder } from '../../interop/lib/process.mjs';
import { startEverything } from '../../interop/lib/upstream.mjs';
import { until, within } from '../../interop/lib/wait.mjs';

/** Denies `echo` for other than small letters, and `get-sum` for tenants on the plan that `Gateway` gives them. */
export const policy = {
  policy: 'polyglot',
  scopes: { 'mcp.connect': 'Connect', 'tools.use': 'Use the tools' },
  default_scopes: ['mcp.connect', 'tools.use'],
  connect: ['mcp.connect'],
  rules: [
    { tools: ['echo'], scopes: ['tools.use'], arguments: { properties: { message: { pattern: '^[a-z ]+$' } } } },
    { tools: ['get-sum'], scopes: ['tools.use'], plans: ['enterprise'] },
  ],
  otherwise: 'deny',
  // An agent asks for nothing that its list does not hold.
  hide: 'never',
};

export const steps = [
  { label: 'allowed', tool: 'echo', arguments: { message: 'first' } },
  { label: 'argument', tool: 'echo', arguments: { message: '1; DROP TABLE' } },
  { label: 'plan', tool: 'get-sum', arguments: { a: 1, b: 2 } },
  { label: 'again', tool: 'echo', arguments: { message: 'last' } },
];

/** A gateway with the policy above in front of the reference server, which has sessions. */
export async function startWorld(name) {
  const server = await startEverything();
  const gateway = await Gateway.start({ name, upstream: server.url, policy });
  const stop = async () => {
    await gateway.stop();
    await server.stop();
  };
  return { gateway, stop };
}

/**
 * Runs a client, which gets `steps` and further `words`, and approves what it asks for. `meanwhile` runs after that and
 * gets a function that returns the events so far. Returns what the client reported: `{tools, calls, output, clientId}`.
 */
export async function run(command, gateway, { seconds = 90, steps: asked = steps, words: more = [], meanwhile } = {}) {
  const port = await freePort();
  const [program, ...words] = command;
  const child = new Child(program, [...words, gateway.resource, String(port), JSON.stringify(asked), ...more], {
    cwd: temporaryFolder('polyglot'),
  });
  const events = () =>
    child.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  let clientId;
  const approve = async () => {
    const shown = await until(
      'an authorization URL',
      () => {
        const found = events().find(({ event }) => event === 'authorize');
        if (!found && !child.alive) throw Object.assign(new Error(child.output), { fatal: true });
        return found;
      },
      { seconds },
    );
    const end = await new UserAgent().authorize(shown.url, { username: 'alice', password });
    assert.ok(end.redirect, `the sign-in ended on a page (${end.status}): ${end.text.slice(0, 1500)}`);
    // The program may begin to listen only after it has shown the address.
    if (end.redirect.hostname === 'localhost') end.redirect.hostname = '127.0.0.1';
    await until('the callback', async () => (await send(end.redirect, { seconds: 10 })).status > 0, { seconds: 15 });
    clientId = new URL(shown.url).searchParams.get('client_id');
  };
  try {
    await approve();
    await meanwhile?.(events);
    const { code } = await within(seconds * patience, `the end of ${program}`, child.exited);
    assert.equal(code, 0, child.output);
  } catch (error) {
    await child.kill();
    throw new Error(`${error.message}\nit said:\n${child.output.slice(-6000)}`, { cause: error });
  }
  const all = events();
  return {
    tools: all.find(({ event }) => event === 'tools')?.names,
    calls: Object.fromEntries(all.filter(({ event }) => event === 'call').map((call) => [call.label, call])),
    output: child.output,
    clientId,
  };
}

/** What the gateway itself answers to each denied step, in a session of its own: `{argument, plan}`. */
export async function denials(gateway) {
  const client = await OAuthClient.register(gateway);
  const { access_token: token } = await client.grant({ scope: 'mcp.connect tools.use' });
  const session = await initialize(gateway.resource, token);
  const answers = {};
  for (const { label, tool, arguments: args } of steps)
    answers[label] = await callTool(gateway.resource, token, tool, args, { session });
  assert.deepEqual([answers.allowed.status, answers.again.status], [200, 200]);
  return answers;
}

/** The sentence that a model should read. */
export const reasonOf = ({ message }) =>
  message.error?.message ?? message.result.content.map((part) => part.text).join('');

/** What the gateway's log says of each call. */
export const logged = (gateway) =>
  gateway
    .logs()
    .split('\n')
    .filter((line) => line.includes('"event":"call"'))
    .map((line) => JSON.parse(line));

/** A client went all the way: its session began once, both denials came with their reason, and calls went on. */
export function assertWalked(walked, reasons) {
  const { tools, calls, output } = walked;
  assert.ok(tools?.includes('echo'), `tools: ${tools}\n${output}`);
  assert.deepEqual(Object.keys(calls), steps.map(({ label }) => label), output);
  assert.deepEqual([calls.allowed.failed, calls.allowed.text], [false, 'Echo: first']);
  for (const label of ['argument', 'plan']) {
    assert.equal(calls[label].failed, true, label);
    const { text } = calls[label];
    assert.ok(text.includes(reasons[label]), `${label}: "${text}" is without "${reasons[label]}"`);
    assert.doesNotMatch(text, /closed|terminated|expired/i, 'a library that takes the session for ended');
  }
  assert.deepEqual([calls.again.failed, calls.again.text], [false, 'Echo: last'], output);
}

/** These authorize before their first request, from the metadata alone. */
const sendsNothingWithoutToken = ['mcp-go'];

/** A test for each client: `clients` maps a name to a function that returns a command. */
export function describeWalks(title, clients) {
  describe(title, { timeout: 600_000 * patience }, () => {
    let world;
    let answers;
    let reasons;

    before(async () => {
      world = await startWorld('polyglot');
      answers = await denials(world.gateway);
      reasons = { argument: reasonOf(answers.argument), plan: reasonOf(answers.plan) };
    });
    after(() => world?.stop());

    it('a denied call is answered in the session, with a reason', () => {
      for (const label of ['argument', 'plan']) {
        assert.equal(answers[label].status, 200, answers[label].text);
        assert.ok(reasons[label].length > 10, answers[label].text);
      }
    });

    for (const [name, command] of Object.entries(clients))
      it(`${name}: from the first 401 to calls that are denied, and the session goes on`, async () => {
        const earlier = logged(world.gateway).length;
        const walked = await run(command(), world.gateway);
        assertWalked(walked, reasons);
        // Calls that ended before are logged a little later: only those with the token of this client are surely its own.
        const isOwn = ({ client }) => client === walked.clientId;
        const calls = await until('the last call in the log', () => {
          const since = logged(world.gateway).slice(earlier);
          return since.filter((call) => isOwn(call) && call.method === 'tools/call').length === steps.length && since;
        });
        const first = calls.slice(0, calls.findIndex(isOwn));
        const challenged = first.some(({ status, error }) => status === 401 && error === 'missing_bearer_token');
        assert.ok(challenged || sendsNothingWithoutToken.includes(name), 'the first request was challenged');
        const begun = calls.filter((call) => isOwn(call) && call.method === 'initialize' && call.status === 200);
        assert.equal(begun.length, 1, 'one session for all calls');
      });
  });
}

// The endpoints page: every address to register, what to paste where, and how each connection is doing.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openAccount, post, signIn, textOf, valuesOf } from './lib/account.mjs';
import { launchChromium } from './lib/chromium.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { inspect, looks } from './lib/looks.mjs';
import { initialize, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { SdkClient } from './lib/sdk.mjs';
import { everything as program } from './lib/stdio.mjs';
import { moment } from './lib/stream.mjs';
import { RecordingUpstream, startEverything } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

/** A server of 2026-07-28, which has no sessions and knows no initialize. */
function modernAnswer(message, { headers }, response) {
  const version = message?.params?._meta?.['io.modelcontextprotocol/protocolVersion'];
  const good =
    message?.method === 'tools/list' &&
    version === '2026-07-28' &&
    headers['mcp-protocol-version'] === version &&
    headers['mcp-method'] === 'tools/list';
  const first = !message?.params?.cursor;
  const result = { tools: [{ name: first ? 'one' : 'two', inputSchema: { type: 'object' } }] };
  if (first) result.nextCursor = 'more';
  const answer = good ? { result } : { error: { code: -32601, message: 'Method not found' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: message?.id, ...answer });
  response.writeHead(good ? 200 : 404, { 'Content-Type': 'application/json' }).end(body);
  return true;
}

describe('the endpoints page', { timeout: 240_000 * patience }, () => {
  let everything;
  let recording;
  let held;
  let silent;
  let stuck;
  let modern;
  let down;
  let gateway;
  let chromium;
  const resources = ['connected', 'recorded', 'silent', 'stuck', 'down', 'program', 'modern'];

  before(async () => {
    everything = await startEverything();
    recording = await RecordingUpstream.start();
    held = moment();
    silent = await RecordingUpstream.start({ answer: () => (held.fire(), true) });
    stuck = await RecordingUpstream.start({ answer: () => true });
    modern = await RecordingUpstream.start({ answer: modernAnswer });
    down = await freePort();
    gateway = await Gateway.start({
      name: 'account-endpoints',
      upstream: everything.url,
      users: [
        { name: 'alice', members: ['acme:admin', 'globex:viewer'] },
        { name: 'bob', members: ['acme:admin'] },
        { name: 'carol', members: ['acme:admin'] },
        { name: 'nobody', members: [] },
      ],
      configure: (config, { origin }) => {
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
        const servers = { connected: everything, recorded: recording, silent, stuck, modern };
        const [resource] = config.resources;
        config.upstreams = {};
        config.resources = [];
        for (const name of resources) {
          const headers = { 'X-Tenant': '{tenant.handle}', 'X-User': '{user.name}', 'X-Grant': '{grant.id}' };
          config.upstreams[name] = {
            urls: [servers[name]?.url ?? `http://127.0.0.1:${down}/mcp`],
            first_check: true,
            headers,
            credential: { bearer: 'upstream-secret' },
          };
          config.resources.push({ ...resource, serve: `${origin}/${name}`, upstream: name, root: undefined });
        }
        config.upstreams.program = { command: program, first_check: true };
        config.resources.push({
          ...resource,
          serve: `${origin}/shared`,
          upstream: 'connected',
          tenant: undefined,
          root: undefined,
          name: 'Shared tools',
        });
        config.resources.push({ serve: `${origin}/also`, same_as: `${origin}/connected` });
      },
    });
    chromium = await launchChromium();
  });
  after(async () => {
    await chromium?.close();
    await gateway?.stop();
    for (const server of [everything, recording, silent, stuck, modern]) await server?.stop();
  });

  const at = (name) => ({ origin: gateway.origin, resource: `${gateway.origin}/${name}` });
  async function connect(name, options) {
    const client = await OAuthClient.register(at(name));
    return { client, tokens: await client.grant(options) };
  }
  /** What the page says of one resource: `{state, text, html}`. */
  async function endpoint(name, { user = 'alice', tenant = 'acme' } = {}) {
    const { browser, page } = await openAccount(gateway, 'endpoints', { user });
    const section = page.text.split('<section class="tenant"').find((each) => each.includes(`<small>${tenant}`));
    const html = section?.split('<article').find((each) => each.includes(`<h3><bdi>${name}</bdi>`));
    assert.ok(html, `${name} is not on the page: ${textOf(page.text).slice(0, 1000)}`);
    return { browser, page, html, text: textOf(html), state: /class="state [a-z]+">([^<]+)</.exec(html)[1] };
  }
  const becomes = (name, state, options) =>
    until(
      `${name} to be ${state}`,
      async () => {
        const seen = await endpoint(name, options);
        return seen.state === state ? seen : undefined;
      },
      { seconds: 30 * patience, every: 100 },
    );

  it('lists each address of each tenant, with all that a client is asked for', async () => {
    const { page, html, text, state } = await endpoint('connected');
    assert.equal(state, 'Never connected');
    for (const part of [`${gateway.origin}/connected`, `${gateway.origin}/also`, gateway.origin, 'mcp.connect tools.read'])
      assert.ok(text.includes(part), part);
    assert.ok(text.includes(`claude mcp add --transport http acme-connected ${gateway.origin}/connected`));
    const json = /<h4>Cursor<\/h4>[\s\S]*?<pre><code>([\s\S]*?)<\/code>/.exec(html)[1];
    assert.deepEqual(JSON.parse(textOf(json)), {
      mcpServers: { 'acme-connected': { url: `${gateway.origin}/connected` } },
    });
    const globex = page.text.split('<section class="tenant"').find((each) => each.includes('<small>globex'));
    assert.ok(globex.includes('Shared tools') && !globex.includes(`${gateway.origin}/connected<`), 'only the shared one');
    assert.match(textOf(globex), /One address for all organisations: you pick Globex while you authorize/);
    const empty = await openAccount(gateway, 'endpoints', { user: 'nobody' });
    assert.match(textOf(empty.page.text), /There is nothing here that you could connect to/);
  });

  it('connected: the gateway lists the tools by itself, and the first call of the client passes', async () => {
    const { tokens } = await connect('connected');
    const { text } = await becomes('connected', 'Connected');
    assert.match(text, /\d+ tools can be listed, as of/);
    await initialize(`${gateway.origin}/connected`, tokens.access_token);
    const sdk = await SdkClient.connect('v1', `${gateway.origin}/connected`);
    const listed = (await sdk.tools()).length;
    await sdk.close();
    assert.equal(Number(/(\d+) tools can be listed/.exec(text)[1]), listed, 'as many as the client sees');
    assert.equal((await endpoint('connected', { user: 'bob' })).state, 'Never connected', 'for others nothing changed');
  });

  it('the check is an ordinary call: with the headers for the user and the credential, once', async () => {
    await connect('recorded');
    await becomes('recorded', 'Connected');
    const methods = recording.requests.map((each) => each.message?.method);
    assert.deepEqual(methods, ['initialize', 'notifications/initialized', 'tools/list']);
    for (const { headers } of recording.requests) {
      assert.equal(headers['x-tenant'], 'acme');
      assert.equal(headers['x-user'], 'alice');
      assert.equal(headers.authorization, 'Bearer upstream-secret');
    }
    assert.equal(recording.requests[2].headers['mcp-protocol-version'], '2025-06-18');
    const { client, tokens } = await connect('recorded');
    await until('the check of the second grant', () => recording.requests.length === 6, { seconds: 20 * patience });
    await client.refresh(tokens.refresh_token);
    assert.equal((await ping(`${gateway.origin}/recorded`, tokens.access_token)).status, 200);
    assert.equal(recording.requests.length, 7, 'a refresh is no first token');
  });

  it('programs and servers of the era without sessions are checked as well', async () => {
    await connect('program');
    await connect('modern');
    assert.match((await becomes('modern', 'Connected')).text, /2 tools can be listed/);
    assert.match((await becomes('program', 'Connected')).text, /1\d tools can be listed/);
  });

  it('waiting: tokens are not held up by a server that does not answer, and revoking ends the check', async () => {
    const { client, tokens } = await connect('silent');
    await within(20 * patience, 'the check', held);
    assert.ok(tokens.access_token);
    const { state, text } = await endpoint('silent');
    assert.equal(state, 'Waiting');
    assert.match(text, /Authorized on .*; no call has come yet/);
    const gone = new Promise((resolve) => silent.requests[0].socket.once('close', resolve));
    const grants = JSON.parse(await gateway.command(['grant', 'list', '--json']));
    await gateway.command(['grant', 'revoke', grants.find((each) => each.client_id === client.id).grant]);
    await within(20 * patience, 'the end of the check', gone);
    assert.equal((await endpoint('silent')).state, 'Never connected');
  });

  it('one user has four checks under way, and others have theirs meanwhile', async () => {
    // By grants, because a check that got no answer asks again.
    const checked = () => {
      const users = new Map(stuck.requests.map(({ headers }) => [headers['x-grant'], headers['x-user']]));
      return [...users].map(([grant, user]) => ({ grant, user }));
    };
    const checks = (count) => until(`check ${count}`, () => checked().length >= count, { seconds: 20 * patience });
    for (let count = 1; count <= 4; ++count) {
      await connect('stuck', { user: 'carol' });
      await checks(count);
    }
    await connect('stuck', { user: 'carol' });
    const { state, page, browser, html } = await endpoint('stuck', { user: 'carol' });
    assert.equal(state, 'Waiting');
    const values = valuesOf({ text: html }, (form) => form.has('grant'));
    assert.ok(!checked().some(({ grant }) => grant === values.grant), 'the page shows the newest, which is the fifth');
    const askAgain = async () => assert.match(textOf((await post(browser, page.url, values)).text), /Asked for\./);
    await askAgain();
    await connect('stuck', { user: 'bob' });
    await checks(5);
    await gateway.command(['grant', 'revoke', checked()[0].grant]);
    await until(
      'the place that became free',
      async () => {
        await askAgain();
        return checked().length === 6;
      },
      { seconds: 20 * patience, every: 100 },
    );
    assert.deepEqual(
      checked().map(({ user }) => user),
      ['carol', 'carol', 'carol', 'carol', 'bob', 'carol'],
    );
    assert.equal(checked()[5].grant, values.grant);
  });

  it('upstream down, and connected again once it is there and the user has asked', async () => {
    await connect('down');
    const seen = await becomes('down', 'Upstream down');
    assert.match(seen.text, /The server behind did not list its tools on/);
    const server = await RecordingUpstream.start({ port: down });
    const values = valuesOf({ text: seen.html }, (form) => form.has('grant'));
    const url = `${gateway.origin}/account/endpoints`;
    assert.equal((await post(seen.browser, url, { ...values, form_token: '' })).status, 403);
    const bob = await openAccount(gateway, 'endpoints', { user: 'bob' });
    assert.equal((await post(bob.browser, url, values)).status, 403, "with another's form");
    assert.equal(server.requests.length, 0);
    const asked = await post(seen.browser, url, values);
    assert.equal(asked.status, 200);
    assert.match(textOf(asked.text), /Asked for\./);
    await becomes('down', 'Connected');
    await server.stop();
    await post(seen.browser, url, values);
    await becomes('down', 'Upstream down');
  });

  it('scope missing: what every request needs was not granted', async () => {
    const before = recording.requests.length;
    await connect('recorded', { scope: 'tools.read', user: 'bob' });
    const { text } = await becomes('recorded', 'Scope missing', { user: 'bob' });
    assert.match(text, /Every request needs mcp\.connect/);
    assert.equal(recording.requests.length, before, 'the policy holds for the check as well');
  });

  for (const look of looks)
    it(`looks right and is accessible: ${look.name}`, async () => {
      const page = await (await chromium.newContext({ ...look, javaScriptEnabled: true })).newPage();
      await page.goto(`${gateway.origin}/account/endpoints`);
      await signIn(page);
      await inspect(page, 'account-endpoints', look);
      for (const summary of await page.locator('summary').all()) await summary.click();
      await inspect(page, 'account-endpoints-open', look);
      await page.context().close();
    });
});

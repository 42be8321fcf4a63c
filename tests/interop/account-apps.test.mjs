// Connected apps: what a user sees of what they have connected, and Revoke, which counts at once and for this user alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openAccount, post, signIn, textOf, valuesOf } from './lib/account.mjs';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { launchChromium } from './lib/chromium.mjs';
import { damaged, denied } from './lib/expect.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { inspect, looks } from './lib/looks.mjs';
import { callTool, ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { openStream } from './lib/stream.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { within } from './lib/wait.mjs';

/** A server whose GET is a stream that stays open. */
const streaming = (message, request, response) => {
  if (request.method !== 'GET') return false;
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': open\n\n');
  return true;
};

describe('connected apps', { timeout: 240_000 * patience }, () => {
  let upstream;
  let gateway;
  let chromium;
  const url = () => `${gateway.origin}/account/apps`;

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: streaming });
    gateway = await Gateway.start({
      name: 'account-apps',
      upstream: upstream.url,
      users: [
        { name: 'alice', members: ['acme:admin'] },
        { name: 'bob', members: ['acme:admin'] },
      ],
    });
    chromium = await launchChromium();
  });
  after(async () => {
    await chromium?.close();
    await gateway?.stop();
    await upstream?.stop();
  });

  /** An app with tokens, and its row's form. */
  async function connect(name, options = {}) {
    const client = await OAuthClient.register(gateway, { metadata: { client_name: name } });
    return { client, tokens: await client.grant(options) };
  }
  const grants = async () => JSON.parse(await gateway.command(['grant', 'list', '--json']));
  const grantOf = async (client) => (await grants()).find((each) => each.client_id === client.id).grant;

  it('whoever is not signed in is asked to, and comes back to the page', async () => {
    const stranger = new UserAgent();
    const answer = await stranger.request(url());
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login?continue=%2Faccount%2Fapps');
    await openAccount(gateway, 'apps', { browser: stranger });
    const loggedOut = await post(new UserAgent(), url(), { grant: 'x', form_token: 'x' });
    assert.equal(loggedOut.status, 403);
  });

  it('shows the app, what it is worth, where it may do what, and when it came', async () => {
    await connect('Research assistant');
    const { page } = await openAccount(gateway, 'apps');
    const text = textOf(page.text);
    for (const part of [
      'Research assistant',
      'registered dynamically; the name is not verified',
      'Acme Inc.',
      gateway.resource,
      'Use the tools that read',
      'Last used never',
      'Calls 0',
    ])
      assert.ok(text.includes(part), `${part} is not in: ${text}`);
    assert.match(text, /Since \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC/);
    assert.equal(header(page, 'x-frame-options'), 'DENY');
    assert.match(header(page, 'content-security-policy'), /frame-ancestors 'none'; form-action 'self'/);
    assert.match(header(page, 'cache-control'), /no-store/);
  });

  it('counts the calls that were let through, also over a restart', async () => {
    const { client, tokens } = await connect('Counted');
    for (let i = 0; i < 5; ++i)
      assert.equal((await callTool(gateway.resource, tokens.access_token, 'echo')).status, 200);
    denied(await callTool(gateway.resource, tokens.access_token, 'get-env'), 'does not count');
    await gateway.stop();
    await gateway.start();
    const { page } = await openAccount(gateway, 'apps');
    const grant = await grantOf(client);
    const row = page.text.split('<article').find((each) => each.includes(grant));
    assert.match(textOf(row), /Last used \d+ \w+ 20\d\d, \d\d:\d\d UTC Calls 5 in the last 30 days/);
  });

  it('a click on Revoke ends the next call, the refresh and the open stream, and nothing else', async () => {
    const gone = await connect('Going away');
    const other = await connect('Staying');
    const context = await chromium.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(url());
    await signIn(page);
    const stream = await openStream(gateway.resource, { token: gone.tokens.access_token });
    assert.equal(stream.status, 200);
    await stream.sees('open');
    const kept = await openStream(gateway.resource, { token: other.tokens.access_token });
    await kept.sees('open');
    assert.equal((await ping(gateway.resource, gone.tokens.access_token)).status, 200);

    const started = performance.now();
    const ended = stream.ended.then(() => performance.now() - started);
    await page.getByRole('button', { name: 'Revoke Going away for Acme Inc.' }).click();
    await page.getByText('Going away was disconnected.').waitFor({ timeout: 20_000 });
    assert.equal((await ping(gateway.resource, gone.tokens.access_token)).status, 401);
    const milliseconds = await within(20 * patience, 'the end of the stream', ended);
    console.log(`# the stream ended ${Math.round(milliseconds)} ms after the click`);
    const refresh = await gone.client.refresh(gone.tokens.refresh_token);
    assert.equal(refresh.body.error, 'invalid_grant');
    assert.equal(await page.getByRole('button', { name: /Revoke Going away/ }).count(), 0);

    assert.equal((await ping(gateway.resource, other.tokens.access_token)).status, 200);
    assert.equal((await other.client.refresh(other.tokens.refresh_token)).status, 200);
    kept.close();
    await context.close();
  });

  it('`grant revoke` of another process ends the stream and the token as well', async () => {
    const { client, tokens } = await connect('Revoked elsewhere');
    const stream = await openStream(gateway.resource, { token: tokens.access_token });
    await stream.sees('open');
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200);
    await gateway.command(['grant', 'revoke', await grantOf(client)]);
    const started = performance.now();
    await within(20 * patience, 'the end of the stream', stream.ended);
    console.log(`# the stream ended ${Math.round(performance.now() - started)} ms after the command`);
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 401);
  });

  it('case 153: grants of others, and ids nobody has, are not there', async () => {
    const { client, tokens } = await connect("Alice's own");
    const grant = await grantOf(client);
    const { browser, page } = await openAccount(gateway, 'apps', { user: 'bob' });
    assert.ok(!page.text.includes(grant) && !textOf(page.text).includes("Alice's own"));
    await connect("Bob's own", { user: 'bob' });
    const own = await openAccount(gateway, 'apps', { user: 'bob', browser });
    const { form_token } = valuesOf(own.page, (form) => form.has('grant'));
    for (const [id, status] of [
      [grant, 404],
      ['grant_nobody_has_this', 404],
      ['', 404],
      ["' OR 1=1 --", 404],
      [`${grant}\u0000`, 400],
    ]) {
      const answer = await post(browser, url(), { form_token, grant: id });
      assert.equal(answer.status, status, id);
      assert.ok(!textOf(answer.text).includes("Alice's own"));
    }
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200);
  });

  it('case 145: a revocation that no page of ours sent is a 403, and nothing is revoked', async () => {
    const { client, tokens } = await connect('Forged at');
    const grant = await grantOf(client);
    const { browser, page } = await openAccount(gateway, 'apps');
    const { form_token } = valuesOf(page, (form) => form.has('grant'));
    const bob = await openAccount(gateway, 'apps', { user: 'bob' });
    const foreign = parseForms(bob.page.text).find((form) => form.has('form_token'));
    for (const [what, answer] of Object.entries({
      'without a token': await post(browser, url(), { grant }),
      'with a damaged one': await post(browser, url(), { grant, form_token: damaged(form_token) }),
      'with that of another user': await post(browser, url(), {
        grant,
        form_token: foreign.fields.find((each) => each.name === 'form_token').value,
      }),
      'from another site': await post(browser, url(), { grant, form_token }, { site: 'cross-site' }),
      'from a sibling host': await post(browser, url(), { grant, form_token }, { site: 'same-site' }),
      'with a foreign Origin': await post(
        browser,
        url(),
        { grant, form_token },
        { headers: { Origin: 'https://evil.example' } },
      ),
      'without a session': await send(url(), { form: { grant, form_token } }),
    }))
      assert.equal(answer.status, 403, what);
    const byGet = await browser.request(`${url()}?${new URLSearchParams({ grant, form_token })}`);
    assert.equal(byGet.status, 200, 'a GET shows');
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200, 'and nothing was revoked');
    assert.equal((await post(browser, url(), { grant, form_token })).status, 200, 'the true one');
    assert.equal((await post(browser, url(), { grant, form_token })).status, 200, 'and loaded again');
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 401);
  });

  it('case 144: what apps call themselves is text', async () => {
    const name = '<svg onload=alert(1)>{{form_token}}"onfocus=alert(2) autofocus="</title>';
    await connect(name);
    const page = await (await chromium.newContext()).newPage();
    const seen = [];
    page.on('dialog', (dialog) => {
      seen.push(dialog.message());
      dialog.dismiss();
    });
    page.on('console', (message) => seen.push(message.text()));
    await page.goto(url());
    await signIn(page);
    assert.ok((await page.innerText('body')).includes(name));
    assert.equal(await page.locator('svg, [onfocus], [onload]').count(), 0);
    assert.deepEqual(seen, []);
    await page.context().close();
  });

  for (const look of looks)
    it(`looks right and is accessible: ${look.name}`, async () => {
      await connect('An application with a rather long name that nobody could have foreseen '.repeat(2).trim());
      const page = await (await chromium.newContext(look)).newPage();
      await page.goto(url());
      await signIn(page);
      await inspect(page, 'account-apps', look);
      await page.context().close();
      const empty = await (await chromium.newContext(look)).newPage();
      await gateway.addUser({ name: `new-${look.name}`, members: ['acme:admin'] });
      await empty.goto(url());
      await signIn(empty, `new-${look.name}`);
      assert.match(await empty.innerText('body'), /Nothing is connected/);
      await inspect(empty, 'account-apps-empty', look);
      await empty.context().close();
    });
});

// A person at the pages of their account, in Chromium, and what becomes of an app that they revoke there.
import assert from 'node:assert/strict';
import { signIn } from '../../interop/lib/account.mjs';
import { patience } from '../../interop/lib/gateway.mjs';
import { send } from '../../interop/lib/http.mjs';
import { initialize, ping } from '../../interop/lib/mcp.mjs';
import { discover } from '../../interop/lib/oauth.mjs';
import { Provider, SdkClient } from '../../interop/lib/sdk.mjs';
import { moment } from '../../interop/lib/stream.mjs';
import { until, within } from '../../interop/lib/wait.mjs';
import { look } from './screens.mjs';

const negotiation = { v2: { versionNegotiation: { mode: 'auto' } } };

/** A page of the account, in a browser of its own: `origin` is the authorization server's. */
export async function openAccount(chromium, origin, place, user = 'alice') {
  const page = await (await chromium.newContext()).newPage();
  await page.goto(`${origin}/account/${place}`);
  await signIn(page, user);
  return page;
}

/** Signed in as the page is: another page of the account, looked at. */
export async function lookAt(page, place, shot) {
  const answer = await page.goto(new URL(`/account/${place}`, page.url()).href);
  assert.equal(answer.status(), 200);
  await look(page, shot);
}

/** An app under a name that is on the list of connected apps once. */
export class NamedProvider extends Provider {
  constructor(name, options) {
    super(options);
    this.name = name;
  }

  get clientMetadata() {
    return { ...super.clientMetadata, client_name: this.name };
  }
}

/** A `fetch` with `answers` to what it sent, and the GET stream: `opened`, and `ended`, with how and when. */
export function watching() {
  const watch = { answers: [], opened: moment(), ended: moment() };
  const end = (how) => watch.ended.fire({ how, at: performance.now() });
  watch.fetch = async (url, init = {}) => {
    const answer = await fetch(url, init);
    const { status, headers } = answer;
    const method = init.method ?? 'GET';
    watch.answers.push({ method, url: String(url), status });
    if (method !== 'GET' || status !== 200 || !headers.get('content-type')?.startsWith('text/event-stream')) return answer;
    watch.opened.fire();
    const [seen, passed] = answer.body.tee();
    seen.pipeTo(new WritableStream()).then(
      () => end('whole'),
      () => end('cut off'),
    );
    return new Response(passed, { status, headers });
  };
  return watch;
}

/**
 * An SDK client of `version` at `url`, with its GET stream open, is revoked on `page` (connected apps, signed in): the
 * stream ends, the next request is a 401, the refresh token is dead. `organisation` is the tenant's name.
 */
export async function revokeApp(t, { version, url, page, organisation, shot }) {
  const name = `${organisation} by SDK ${version}`;
  const provider = new NamedProvider(name);
  const watch = watching();
  const sdk = await SdkClient.connect(version, url, { provider, fetch: watch.fetch, options: negotiation[version] });
  try {
    await within(20 * patience, 'the GET stream', watch.opened);
    assert.ok((await sdk.tools()).length > 0);
    const { access_token: token, refresh_token: refresh } = provider.tokens();
    const { client_id } = provider.clientInformation();
    // From here on nobody is there to sign in again.
    provider.redirectToAuthorization = () => provider.events.push('asked to sign in again');

    await page.goto(new URL('/account/apps', page.url()).href);
    const row = page.locator('article').filter({ hasText: name });
    const text = await row.innerText();
    for (const part of [organisation, url]) assert.ok(text.includes(part), `${part} is not in ${text}`);
    await look(page, shot);
    const sent = watch.answers.length;
    const session = await initialize(url, token);
    assert.equal((await ping(url, token, { session })).status, 200);
    const clicked = performance.now();
    await row.getByRole('button', { name: `Revoke ${name} for ${organisation}` }).click();
    await page.getByText(`${name} was disconnected.`).waitFor({ timeout: 20_000 * patience });
    const told = performance.now() - clicked;
    assert.equal((await ping(url, token, { session })).status, 401);

    const { how, at } = await within(20 * patience, 'the end of the stream', watch.ended);
    assert.ok(at >= clicked, 'it was open until then');
    const times = [at - clicked, told].map((each) => `${Math.round(each)} ms`);
    t.diagnostic(`${name}: the open stream ended (${how}) ${times[0]} after the click; the page said so after ${times[1]}`);

    const { server } = await discover(url);
    const form = { grant_type: 'refresh_token', refresh_token: refresh, client_id, resource: url };
    const dead = await send(server.token_endpoint, { form });
    assert.deepEqual([dead.status, dead.json().error], [400, 'invalid_grant']);

    await assert.rejects(sdk.client.listTools(), sdk.Unauthorized);
    const first = watch.answers.slice(sent).find((each) => each.url === url && each.method === 'POST');
    assert.equal(first.status, 401, 'the first thing it sends');
    await until('the SDK to ask for a sign-in', () => provider.events.includes('asked to sign in again'));
    assert.ok(provider.events.includes('invalidated tokens'), provider.events.join());
    assert.equal(await page.getByRole('button', { name: `Revoke ${name}` }).count(), 0);
    await look(page, `${shot}-revoked`);
  } finally {
    await sdk.close();
  }
}

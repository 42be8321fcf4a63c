// The official MCP client against a running Postern, one line for each step that went as it must.
import assert from 'node:assert/strict';
import { parseForms } from '../../tests/interop/lib/browserless.mjs';
import { bearerChallenge, send } from '../../tests/interop/lib/http.mjs';
import { ping } from '../../tests/interop/lib/mcp.mjs';
import { Provider, SdkClient, textOf } from '../../tests/interop/lib/sdk.mjs';

const done = (text) => console.log(`✓ ${text}`);

/** Reports the HTTP steps of the client as it takes them. */
function watch(url) {
  const seen = new Set();
  const once = (text) => {
    if (!seen.has(text)) done(text);
    seen.add(text);
  };
  return async (input, init) => {
    const response = await fetch(input, init);
    const { origin, pathname } = new URL(String(input.url ?? input));
    if (String(input) === url && response.status === 401) once('without a token: 401 with a challenge');
    else if (response.ok && pathname.includes('/oauth-protected-resource')) once('metadata of the protected resource');
    else if (response.ok && pathname.includes('/.well-known/')) once(`metadata of the authorization server ${origin}`);
    else if (response.ok && /register$/.test(pathname)) once('client registered');
    else if (response.ok && /token$/.test(pathname)) once('tokens issued');
    return response;
  };
}

class Person extends Provider {
  async redirectToAuthorization(url) {
    await super.redirectToAuthorization(url);
    const forms = this.browser.pages.flatMap((page) => parseForms(page.text));
    assert.ok(
      forms.some((form) => form.has('password')),
      'no sign-in page was shown',
    );
    done(`signed in as ${this.user}`);
    assert.ok(
      forms.some((form) => form.has('decision')),
      'no consent page was shown',
    );
    done('consent given');
  }
}

export async function check({ url, user, password }) {
  const person = new Person({ user, secret: password });
  const sdk = await SdkClient.connect('v1', url, { provider: person, fetch: watch(url) });
  const tools = await sdk.tools();
  assert.ok(tools.includes('echo'), `tools: ${tools}`);
  done(`tools/list: ${tools.length} tools`);
  assert.match(textOf(await sdk.call('echo', { message: 'hello Postern' })), /hello Postern/);
  done('tools/call echo');
  const { access_token: token, refresh_token: refreshToken } = person.tokens();
  await sdk.close();

  const challenge = bearerChallenge(await ping(url));
  const [issuer] = (await send(challenge.resource_metadata)).json().authorization_servers;
  const { revocation_endpoint: endpoint } = (await send(`${issuer}/.well-known/oauth-authorization-server`)).json();
  const { client_id: clientId } = person.clientInformation();
  assert.equal((await send(endpoint, { form: { token: refreshToken, client_id: clientId } })).status, 200);
  done('revoked');
  const refusal = await ping(url, token);
  assert.equal(refusal.status, 401);
  assert.equal(bearerChallenge(refusal).error, 'invalid_token');
  done('the revoked token: 401');
}

// openid-client: discovery and registration in one call, from the OpenID Connect document, as its README has it.
import * as client from 'openid-client';
import { authorize, challenge, redirectUri, registration, report, url, walk } from './walk.mjs';

const { metadata, scope } = await challenge();
const {
  authorization_servers: [issuer],
  resource,
} = await (await fetch(metadata)).json();
const config = await client.dynamicClientRegistration(
  new URL(issuer),
  registration('Polyglot openid-client'),
  client.None(),
  { execute: [client.allowInsecureRequests] },
);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  resource,
});
const checks = { pkceCodeVerifier: verifier, expectedState: state };
const tokens = await client.authorizationCodeGrant(config, await authorize(address.href), checks, { resource });
report('token', { scope: tokens.scope });
await walk((headers, body) => client.fetchProtectedResource(config, tokens.access_token, url, 'POST', body, headers));

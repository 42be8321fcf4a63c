// oauth4webapi: every step is a request and a strict reading of its answer.
import * as oauth from 'oauth4webapi';
import { authorize, challenge, redirectUri, registration, report, url, walk } from './walk.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };

const { scope } = await challenge();
const resource = await oauth.processResourceDiscoveryResponse(url, await oauth.resourceDiscoveryRequest(url, insecure));
const issuer = new URL(resource.authorization_servers[0]);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(server, registration('Polyglot oauth4webapi'), insecure),
);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const address = new URL(server.authorization_endpoint);
address.search = new URLSearchParams({
  response_type: 'code',
  client_id: client.client_id,
  redirect_uri: redirectUri,
  scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  resource: resource.resource,
});
const callback = oauth.validateAuthResponse(server, client, await authorize(address.href), state);
const options = { ...insecure, additionalParameters: { resource: resource.resource } };
const tokens = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), callback, redirectUri, verifier, options),
);
report('token', { scope: tokens.scope });
const { access_token: token } = tokens;
await walk((headers, body) => oauth.protectedResourceRequest(token, 'POST', url, headers, body, insecure));

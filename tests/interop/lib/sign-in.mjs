// A program of its own, since Node takes a certificate authority only at its start (NODE_EXTRA_CA_CERTS): connects with
// SDK v1 to the resource named, signs in, calls `echo`, and prints what it saw as one line of JSON.
import { SdkClient, textOf } from './sdk.mjs';

const sdk = await SdkClient.connect('v1', process.argv[2]);
const tools = await sdk.tools();
const text = textOf(await sdk.call('echo', { message: process.argv[3] }));
const { events, authorizationUrl, callback } = sdk.provider;
await sdk.close();
console.log(
  JSON.stringify({
    events,
    tools,
    text,
    authorizationUrl,
    issuer: callback.get('iss'),
    cookies: sdk.provider.browser.cookies(),
  }),
);

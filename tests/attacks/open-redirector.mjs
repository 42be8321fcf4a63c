// Attack 9: a client that registers itself, and links to the authorization endpoint with an error in them. Each is opened
// by a browser in which nobody has signed in. The figure is how many of those browsers were sent to the client's page.
//
//   POSTERN_BINARY=build/release/postern node tests/attacks/open-redirector.mjs
import http from 'node:http';
import { Gateway } from '../interop/lib/gateway.mjs';
import { send } from '../interop/lib/http.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const links = 2_000;
const browsers = 8;
const seconds = 30;
const phishing = 'https://phishing.example/sign-in';

const errors = [
  { response_type: 'bogus' },
  { code_challenge: undefined },
  { scope: 'nonsense' },
  { resource: 'https://elsewhere.example/mcp' },
  { request: 'e30.e30.' },
  { prompt: 'none' },
];

async function openLinks(stranger) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: browsers });
  const end = Date.now() + seconds * 1000;
  const found = { opened: 0, sent_away: 0, pages: 0 };
  let next = 0;
  const browse = async () => {
    while (next < links && Date.now() < end) {
      const { url } = stranger.request(errors[next++ % errors.length]);
      const answer = await send(url, { agent });
      ++found.opened;
      if (answer.headers.location?.[0].startsWith(phishing)) ++found.sent_away;
      if (answer.status === 400) ++found.pages;
    }
  };
  await Promise.all(Array.from({ length: browsers }, browse));
  agent.destroy();
  return found;
}

const upstream = await RecordingUpstream.start();
const gateway = await Gateway.start({ name: 'open-redirector', upstream: upstream.url });
const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
const stranger = await OAuthClient.register(gateway, { redirectUris: [phishing] });
const { result, calls, failed, p99_ms } = await meanwhile(gateway.resource, token, () => openLinks(stranger));
console.log(JSON.stringify({ attack: 9, figure: result.sent_away, p99_ms, ...result, calls, failed }));
await gateway.stop();
await upstream.stop();

// Many documents asked for at once: bounded for each host, in all, and for each address that asks; others go on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startWithDocuments } from './lib/documents.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient, authorizeUrl } from './lib/oauth.mjs';
import { until } from './lib/wait.mjs';

const many = Array.from({ length: 24 }, (_, index) => `host${index}.example.test`);

describe('many client metadata documents', { timeout: 180_000 * patience }, () => {
  let started;
  let hosts;
  let upstream;
  let gateway;

  before(async () => {
    started = await startWithDocuments({ name: 'document-load', hosts: many });
    ({ hosts, upstream, gateway } = started);
  });
  after(() => started?.stop());

  const ask = (clientId) => send(authorizeUrl(gateway, clientId), { seconds: 60 * patience });

  it('case 60: from one host two documents at a time, for one network four; the others are told to wait', async () => {
    let now = 0;
    const most = { all: 0, host: 0 };
    const each = new Map();
    const held = [];
    const hold = (request, response) => {
      const { host } = request.headers;
      each.set(host, (each.get(host) ?? 0) + 1);
      most.all = Math.max(most.all, ++now);
      most.host = Math.max(most.host, each.get(host));
      response.on('close', () => {
        --now;
        each.set(host, each.get(host) - 1);
      });
      held.push(() => response.writeHead(404).end());
    };
    const urls = [...Array(6).keys()].flatMap((index) => many.map((host) => `https://${host}/held/${index}.json`));
    for (const url of urls) hosts.documents[url] = hold;
    const pages = Promise.all(urls.map((url) => ask(url)));
    await until('the first of them', () => held.length >= 4);
    const client = await OAuthClient.register(gateway);
    assert.ok((await client.grant()).access_token, 'a whole sign-in of somebody else, meanwhile');
    let open = true;
    pages.finally(() => (open = false));
    await until('their end', () => held.splice(0).forEach((release) => release()) ?? !open, { seconds: 60 });
    const statuses = (await pages).map((page) => page.status);
    assert.ok(most.all <= 4, `${most.all} at a time`);
    assert.ok(most.host <= 2, `${most.host} from one host`);
    // Who comes first gets a place and hears that there is no such document; which ones these are is a race.
    for (const status of statuses) assert.ok([400, 429].includes(status), String(status));
    assert.ok(statuses.includes(429), 'too many at a time are told so');
  });

  it('case 60: an address that has many documents fetched has to wait', async () => {
    const limited = await Gateway.start({
      name: 'document-rate',
      upstream: upstream.url,
      configure: (config) => {
        config.fetch = hosts.settings;
        config.limits.rate.register = '30/m';
      },
    });
    try {
      const before = hosts.requests.length;
      const pages = [];
      for (let index = 0; index < 100; ++index) {
        pages.push(await send(authorizeUrl(limited, `https://${many[index % 24]}/rate/${index}.json`)));
      }
      const turnedAway = pages.filter((page) => page.status === 429);
      assert.ok(turnedAway.length >= 60, `${turnedAway.length} were turned away`);
      assert.ok(Number(header(turnedAway[0], 'retry-after')) > 0);
      assert.ok(hosts.requests.length - before <= 40, `${hosts.requests.length - before} fetches`);
    } finally {
      await limited.stop();
    }
  });
});

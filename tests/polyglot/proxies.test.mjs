// nginx, HAProxy and Caddy in front: whole walks through each, with header fields that such proxies and the services in
// front of them add, and whose address counts.
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { Agent, fetch } from 'undici';
import { UserAgent } from '../interop/lib/browserless.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { Gateway, patience } from '../interop/lib/gateway.mjs';
import { header, send } from '../interop/lib/http.mjs';
import { freePort } from '../interop/lib/process.mjs';
import { Provider, SdkClient, textOf } from '../interop/lib/sdk.mjs';
import { startEverything } from '../interop/lib/upstream.mjs';
import { until } from '../interop/lib/wait.mjs';
import { proxies, startProxy } from './lib/proxies.mjs';

/** Node sends the low byte of each character, so this sends the text as UTF-8. */
const utf8 = (text) => Buffer.from(text).toString('latin1');

/** What a service that knows cities adds before the proxy: bytes of UTF-8 and of Latin-1, and names with `_`. */
const added = {
  'cf-ipcity': utf8('São Paulo'),
  'x-appengine-city': 'S\u00e3o Paulo',
  'cf-region': utf8('東京'),
  x_client_city: 'x',
};

/** What somebody sends who would rather be counted as another. */
const lies = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.8' };

for (const [name, proxy] of Object.entries(proxies))
  describe(`behind ${name}`, { timeout: 240_000 * patience }, () => {
    let server;
    let authority;
    let tls;
    const running = [];

    /** A person behind the proxy. The loopback has many addresses, and only that of the proxy is trusted. */
    const from = (localAddress) => new https.Agent({ localAddress, ca: authority.ca });

    /** A gateway at a port of its own, and the proxy at the port that the gateway's address names. */
    async function start(configure = () => {}, city = false) {
      const behind = await freePort();
      const gateway = await Gateway.start({
        name: `behind-${name}`,
        upstream: server.url,
        configure: (config, made) => {
          made.origin = `https://127.0.0.1:${made.port}`;
          made.resource = `${made.origin}/mcp`;
          config.authorization_servers.main.issuer = made.origin;
          config.resources[0].serve = made.resource;
          config.listen[0] = { address: `127.0.0.1:${behind}`, behind_proxy: true };
          config.trusted_proxies = ['127.0.0.1/32'];
          configure(config);
        },
      });
      running.push(gateway);
      running.push(await startProxy(proxy, { port: gateway.port, behind, tls, city, agent: from('127.0.0.1') }));
      return gateway;
    }

    let gateway;
    let withCity;
    before(async () => {
      authority = await Authority.create();
      tls = await authority.issue('proxy', ['IP:127.0.0.1']);
      server = await startEverything();
      gateway = await start();
      withCity = await start(() => {}, true);
    });
    after(async () => {
      for (const each of running.reverse()) await each.stop();
      await server?.stop();
    });

    /** The address that the gateway's log has for a request. */
    async function peerOf(at, options) {
      const answer = await send(`${at.origin}/.well-known/oauth-authorization-server`, {
        agent: from('127.0.0.1'),
        ...options,
      });
      assert.equal(answer.status, 200, answer.text);
      const id = header(answer, 'x-request-id');
      const line = await until('its line', () =>
        at
          .logs()
          .split('\n')
          .find((each) => each.includes(id)),
      );
      return JSON.parse(line).peer;
    }

    it(`${name}: a client walks from the first 401 to a call while cities are added to its requests`, async () => {
      const dispatcher = new Agent({ connect: { ca: authority.ca } });
      const fetchWithCity = (url, options = {}) => {
        const headers = { ...Object.fromEntries(new Headers(options.headers)), ...added };
        return fetch(url, { ...options, headers, dispatcher });
      };
      const provider = new Provider();
      provider.browser = new UserAgent({ agent: from('127.0.0.1') });
      const client = await SdkClient.connect('v1', withCity.resource, { provider, fetch: fetchWithCity });
      try {
        assert.ok((await client.tools()).includes('echo'));
        assert.equal(textOf(await client.call('echo', { message: 'through' })), 'Echo: through');
      } finally {
        await client.close();
      }
    });

    it(`${name}: metadata is there for requests with cities in UTF-8 and Latin-1 and with an underscore`, async () => {
      for (const [field, value] of Object.entries(added)) {
        const answer = await send(`${gateway.origin}/.well-known/oauth-protected-resource/mcp`, {
          agent: from('127.0.0.2'),
          headers: { [field]: value },
        });
        assert.equal(answer.status, 200, `${field}: ${answer.text}`);
      }
    });

    it(`${name}: an address with a port is the client's`, async () => {
      assert.equal(await peerOf(gateway, { agent: from('127.0.0.2') }), '127.0.0.2');
    });

    it(`${name}: what a client says of its own address does not count`, async () => {
      assert.equal(await peerOf(gateway, { agent: from('127.0.0.2'), headers: lies }), '127.0.0.2');
    });

    it(`${name}: of two proxies, the outer one's client counts, in brackets and with a port`, async () => {
      // From the address that is trusted.
      for (const [value, peer] of [
        ['203.0.113.5:51234', '203.0.113.5'],
        ['[2001:db8::1]', '2001:db8::1'],
        ['[2001:db8::1]:443', '2001:db8::1'],
        ['2001:db8::1', '2001:db8::1'],
      ])
        assert.equal(await peerOf(gateway, { headers: { 'X-Forwarded-For': value } }), peer, value);
    });

    it(`${name}: people behind it do not share a limit`, async () => {
      const limited = await start((config) => {
        config.limits.rate.register = '1/h burst 2';
      });
      let names = 0;
      const register = async (address) => {
        const answer = await send(`${limited.origin}/oauth/register`, {
          json: {
            client_name: `Client ${++names}`,
            redirect_uris: ['http://127.0.0.1:7777/callback'],
            token_endpoint_auth_method: 'none',
          },
          agent: from(address),
        });
        return answer.status;
      };
      const statuses = [];
      for (const last of [2, 2, 2, 3]) statuses.push(await register(`127.0.0.${last}`));
      assert.deepEqual(statuses, [201, 201, 429, 201]);
    });

    it(`${name}: Forwarded is read where the configuration says so`, async () => {
      const standard = await start((config) => {
        config.client_ip_header = 'Forwarded';
      });
      assert.equal(await peerOf(standard, { agent: from('127.0.0.2') }), '127.0.0.2');
      assert.equal(await peerOf(standard, { agent: from('127.0.0.2'), headers: lies }), '127.0.0.2');
    });
  });

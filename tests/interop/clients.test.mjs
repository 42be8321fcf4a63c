// Every client with every kind of server, all the way: 401, metadata, registration, sign-in, consent, token, the tools,
// a call; then the grant is revoked, and the next call is a 401 and a new sign-in.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clients } from './lib/clients.mjs';
import { Gateway, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { everything } from './lib/stdio.mjs';
import { startEverything, startPython } from './lib/upstream.mjs';
import { until } from './lib/wait.mjs';

/** What stands behind: how to start it, and its entry under `upstreams`. Each has a tool `echo` with a `message`. */
const servers = {
  'a server in TypeScript': { start: startEverything, upstream: ({ url }) => ({ urls: [url] }) },
  'a server of the HTTP+SSE transport': {
    start: () => startEverything({ old: true }),
    upstream: ({ url }) => ({ urls: [url], transport: 'sse' }),
  },
  'a stdio server': { upstream: () => ({ command: everything }) },
  'a server in Python': { start: startPython, upstream: ({ url }) => ({ urls: [url] }) },
};

for (const [behind, { start, upstream }] of Object.entries(servers))
  describe(`clients of ${behind}`, { timeout: 600_000 * patience }, () => {
    let server;
    let gateway;

    before(async () => {
      server = await start?.();
      gateway = await Gateway.start({
        name: 'clients',
        configure: (config) => {
          config.upstreams.everything = upstream(server);
        },
      });
    });
    after(async () => {
      await gateway?.stop();
      await server?.stop();
    });

    /** What the gateway answered to clients, as `status error`, in the order of its log. Pings are this test's. */
    const answers = () =>
      gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes('"event":"call"'))
        .map((line) => JSON.parse(line))
        .filter(({ method }) => method !== 'ping')
        .map(({ status, error }) => `${status} ${error}`.trim());

    /** Revokes every grant, and waits until the running gateway knows. */
    async function revokeAll() {
      const witness = await OAuthClient.register(gateway);
      const { access_token: token } = await witness.grant();
      // As the client's token, that of the witness is known to the gateway by now.
      assert.notEqual((await ping(gateway.resource, token)).status, 401);
      const grants = JSON.parse(await gateway.command(['grant', 'list', '--json']));
      assert.equal(grants.length, 2, 'one of the client, one of the witness');
      // The witness goes last: changes are read in their order.
      grants.sort((one, other) => (one.client_id === witness.id) - (other.client_id === witness.id));
      for (const { grant } of grants) await gateway.command(['grant', 'revoke', grant]);
      await until('the revocation', async () => (await ping(gateway.resource, token)).status === 401);
    }

    for (const [name, open] of Object.entries(clients))
      it(`${name}: from the first 401 to a call, and again after the grant was revoked`, async () => {
        const before = answers().length;
        const client = await open(gateway.resource);
        try {
          assert.ok(client.tools.includes('echo'), `tools: ${client.tools}`);
          assert.match(await client.call('through'), /through/);
          assert.equal(client.signIns, 1);
          const first = answers().slice(before);
          assert.equal(first[0], '401 missing_bearer_token');
          assert.ok(first.includes('200'));

          const refused = answers().length;
          await revokeAll();
          assert.match(await client.call('again'), /again/);
          assert.ok(client.signIns > 1, 'a person signed in again');
          assert.ok(answers().slice(refused).includes('401 invalid_token'), `${answers().slice(refused)}`);
        } finally {
          await client.close();
          for (const { grant } of JSON.parse(await gateway.command(['grant', 'list', '--json'])))
            await gateway.command(['grant', 'revoke', grant]);
        }
      });
  });

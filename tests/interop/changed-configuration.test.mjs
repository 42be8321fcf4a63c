// What was shown or issued before a restart, and is used after it under a configuration that does not allow it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { UserAgent, parseForms } from './lib/browserless.mjs';
import { publicDocument, startWithDocuments } from './lib/documents.mjs';
import { password, patience } from './lib/gateway.mjs';
import { ping } from './lib/mcp.mjs';
import { OAuthClient } from './lib/oauth.mjs';

const id = 'https://app.example.test/oauth/client.json';
const redirectUri = 'https://app.example.test/callback';

describe('a configuration that is changed between issue and use', { timeout: 120_000 * patience }, () => {
  let started;
  let gateway;

  before(async () => {
    started = await startWithDocuments({
      name: 'changed-configuration',
      hosts: ['app.example.test'],
      documents: { [id]: publicDocument(id) },
      configure: (config) => {
        config.tenants.push({ handle: 'globex', name: 'Globex', plan: 'business' });
      },
    });
    ({ gateway } = started);
    // A member of both, so that nothing but the address is at fault.
    await gateway.command(['member', 'add', 'alice', 'globex:admin']);
  });
  after(() => started?.stop());

  async function restart(change) {
    await gateway.stop();
    const config = JSON.parse(readFileSync(gateway.file, 'utf8'));
    change(config);
    writeFileSync(gateway.file, JSON.stringify(config, null, 2));
    await gateway.start();
  }
  const takeDomains = (domains) =>
    restart((config) => {
      config.authorization_servers.main.registration = { metadata_document_domains: domains };
    });
  const giveTo = (tenant) =>
    restart((config) => {
      config.resources[0].tenant = tenant;
    });
  const grantsOf = async (client) =>
    JSON.parse(await gateway.command(['grant', 'list', '--client', client.id, '--json'])).length;

  it('a page for an app of a domain that is not taken any more makes no code', async () => {
    await takeDomains(['app.example.test']);
    const client = await OAuthClient.described(gateway, { id, redirectUri });
    const browser = new UserAgent();
    await browser.authorize(client.request().url, { username: 'alice', password, decision: 'deny' });
    const page = await browser.open(client.request().url);
    const form = parseForms(page.text).find((each) => each.has('decision'));
    assert.ok(form, page.text);

    await takeDomains(['other.example.test']);
    const refused = await browser.submit(page, form, { decision: 'approve' });
    assert.deepEqual([refused.status, refused.redirect, refused.location], [403, undefined, undefined]);
    const denied = await browser.submit(page, form, { decision: 'deny' });
    assert.deepEqual([denied.status, denied.redirect, denied.location], [400, undefined, undefined]);
    assert.equal(await grantsOf(client), 0);

    await takeDomains(['app.example.test']);
    const approved = await browser.submit(page, form, { decision: 'approve' });
    assert.equal(approved.redirect?.origin, 'https://app.example.test', approved.text);
    assert.equal(await grantsOf(client), 1);
  });

  it('a code and tokens for an address that is now of another tenant are no good, and good again with it', async () => {
    const client = await OAuthClient.register(gateway);
    const tokens = await client.grant();
    const authorized = await client.authorize();
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200);

    await giveTo('globex');
    const code = await client.exchange(authorized);
    assert.deepEqual([code.status, code.body.error], [400, 'invalid_grant']);
    const refresh = await client.refresh(tokens.refresh_token);
    assert.deepEqual([refresh.status, refresh.body.error], [400, 'invalid_grant']);
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 401);

    await giveTo('acme');
    assert.equal((await client.exchange(authorized)).status, 200);
    assert.equal((await client.refresh(tokens.refresh_token)).status, 200);
    assert.equal((await ping(gateway.resource, tokens.access_token)).status, 200);
  });
});

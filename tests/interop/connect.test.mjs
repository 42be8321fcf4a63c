// `postern connect`: what it prints is enough for a client, and a stale server is told before anybody signs in.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BreakingProxy, patch } from './lib/breaking-proxy.mjs';
import { patience } from './lib/gateway.mjs';
import { header, send } from './lib/http.mjs';
import { OAuthClient, errorOnPage } from './lib/oauth.mjs';
import { connect } from './lib/postern.mjs';
import { freePort } from './lib/process.mjs';
import { Provider, SdkClient } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';

const callback = 'http://127.0.0.1:7777/callback';
const chatgpt = 'https://chatgpt.com/connector/oauth/abc';

describe('postern connect', { timeout: 240_000 * patience }, () => {
  let upstream;
  let proxy;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    proxy = await BreakingProxy.start();
    gateway = await proxy.gateway({
      name: 'connect',
      upstream: upstream.url,
      configure: (config, { origin }) => {
        config.resources.push({ serve: `${origin}/t/{tenant}/mcp`, upstream: 'everything', policy: 'everything' });
        config.resources.push({ serve: `${origin}/shared`, upstream: 'everything', policy: 'everything' });
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  const registered = async (url, ...words) => {
    const { code, output, stdout } = await connect(url, ...words, '--json');
    assert.equal(code, 0, output);
    return JSON.parse(stdout);
  };

  it('prints what to paste', async () => {
    const { code, stdout, output } = await connect(gateway.resource, '--redirect-uri', chatgpt, '--redirect-uri', callback);
    assert.equal(code, 0, output);
    const lines = [
      `MCP server URL: ${gateway.resource}`,
      `Authorization server: ${gateway.origin}`,
      `Authorization URL: ${gateway.origin}/oauth/authorize`,
      `Token URL: ${gateway.origin}/oauth/token`,
      `Registration URL: ${gateway.origin}/oauth/register`,
      /client_id: client_\S+/,
      `Redirect URI: ${chatgpt}`,
      `Redirect URI: ${callback}`,
      'Default scopes: mcp.connect tools.read',
    ];
    const printed = stdout.trimEnd().split('\n');
    assert.equal(printed.length, lines.length, stdout);
    lines.forEach((line, index) =>
      line instanceof RegExp ? assert.match(printed[index], line) : assert.equal(printed[index], line),
    );
  });

  for (const version of ['v1', 'v2']) {
    it(`a client of SDK ${version} signs in with it and registers nothing itself`, async () => {
      const url = `${gateway.origin}/t/{tenant}/mcp`;
      const printed = await registered(url, '--handle', 'acme', '--redirect-uri', callback, '--name', `For ${version}`);
      assert.equal(printed.handle, 'acme');
      assert.equal(printed.mcp_url, `${gateway.origin}/t/acme/mcp`);
      assert.deepEqual(printed.redirect_uris, [callback]);
      const provider = new Provider({ redirectUrl: callback });
      provider.saveClientInformation({ client_id: printed.client_id });
      proxy.breakWith({ instead: (request) => (request.url === '/oauth/register' ? { status: 403 } : undefined) });
      const sdk = await SdkClient.connect(version, printed.mcp_url, { provider });
      proxy.repair();
      assert.equal(provider.authorizationUrl.searchParams.get('client_id'), printed.client_id);
      assert.ok((await sdk.tools()).includes('echo'));
      await sdk.close();
    });
  }

  it('--gateway is the address that all handles share', async () => {
    const printed = await connect(`${gateway.origin}/shared`, '--gateway', '--redirect-uri', chatgpt);
    assert.equal(printed.code, 0, printed.output);
    assert.match(printed.stdout, /^MCP server URL: \S+\/shared\nHandle: picked by the user while authorizing\n/);
  });

  it('the same registration twice is one client', async () => {
    const [one, two] = [
      await registered(gateway.resource, '--redirect-uri', chatgpt, '--name', 'Same'),
      await registered(gateway.resource, '--redirect-uri', chatgpt, '--name', 'Same'),
    ];
    assert.equal(one.client_id, two.client_id);
    const clients = JSON.parse(await gateway.command(['client', 'list', '--json']));
    assert.deepEqual(
      clients.filter((client) => client.name === 'Same').map((client) => client.redirect_uris),
      [[chatgpt]],
    );
  });

  const serverOf = (members) => ({
    change: (request, answer) => {
      if (/oauth-authorization-server|openid-configuration/.test(request.url) && answer.status === 200)
        patch(answer, members);
    },
  });
  const named = (issuer) => ({
    change: (request, answer) => {
      if (request.url.includes('oauth-protected-resource') && answer.status === 200)
        patch(answer, { authorization_servers: [issuer] });
    },
  });

  const stale = async (broken, ...words) => {
    proxy.breakWith(broken);
    const { code, stdout, output } = await connect(gateway.resource, '--redirect-uri', chatgpt, '--name', 'Stale', ...words);
    proxy.repair();
    assert.deepEqual([code, stdout], [1, ''], output);
    assert.match(output, /^postern: discovery advertises a stale server: .*\.?\n$/);
    const clients = JSON.parse(await gateway.command(['client', 'list', '--json']));
    assert.ok(!clients.some((client) => client.name === 'Stale'), 'nothing was registered');
    return output;
  };

  it('a stale server is told: one that is not there, of another issuer, or with endpoints that are gone', async () => {
    const away = `http://127.0.0.1:${await freePort()}`;
    assert.ok((await stale(named(away))).includes(away));
    assert.match(await stale(serverOf({ issuer: 'https://api.example.test' })), /issuer is https:\/\/api\.example\.test/);
    assert.match(await stale(serverOf({ token_endpoint: `${away}/token` })), /\/token/);
    assert.match(await stale(serverOf({ authorization_endpoint: `${gateway.origin}/gone` })), /\/gone: 404/);
    assert.match(await stale({}, '--issuer', 'https://ai.example.test'), /expected https:\/\/ai\.example\.test/);
  });

  it('an authorization server that does not know the resource', async () => {
    proxy.breakWith({
      instead: (request) =>
        /^\/oauth\/authorize\?.*resource=/.test(request.url)
          ? { status: 303, headers: { Location: `${chatgpt}?error=invalid_target` } }
          : undefined,
    });
    const { code, output } = await connect(gateway.resource, '--redirect-uri', chatgpt);
    proxy.repair();
    assert.equal(code, 1);
    assert.match(output, /stale server: .*invalid_target/);
  });

  it('attack 9: the same from the page that the gateway shows to strangers', async () => {
    const client = await OAuthClient.register(gateway, { redirectUris: [chatgpt] });
    const page = await send(client.request({ resource: 'https://elsewhere.example/mcp' }).url);
    assert.equal(errorOnPage(page), 'invalid_target', page.text.slice(0, 300));
    proxy.breakWith({
      instead: (request) =>
        /^\/oauth\/authorize\?.*resource=/.test(request.url)
          ? { status: page.status, headers: { 'Content-Type': header(page, 'content-type') }, body: page.text }
          : undefined,
    });
    const { code, output } = await connect(gateway.resource, '--redirect-uri', chatgpt);
    proxy.repair();
    assert.equal(code, 1);
    assert.match(output, /stale server: .*invalid_target/);
  });

  it('closed registration and refused redirect URIs have a sentence', async () => {
    proxy.breakWith(serverOf({ registration_endpoint: undefined }));
    const closed = await connect(gateway.resource, '--redirect-uri', chatgpt);
    proxy.repair();
    assert.deepEqual([closed.code, /registration is closed/.test(closed.output)], [1, true], closed.output);
    proxy.breakWith({
      instead: (request) =>
        request.url === '/oauth/register'
          ? { status: 400, headers: {}, body: '{"error":"invalid_redirect_uri","error_description":"Not this one."}' }
          : undefined,
    });
    const refused = await connect(gateway.resource, '--redirect-uri', chatgpt);
    proxy.repair();
    assert.equal(refused.code, 1);
    assert.match(refused.output, /invalid_redirect_uri, Not this one\./);
  });

  it('what is to be pasted is whole, and holds nothing that moves a cursor or turns text around', async () => {
    const id = 'c'.repeat(3000);
    const secret = 'a\u202eb\u009b31mc\u0007\u007f';
    const instead = (request) => {
      if (request.url.startsWith('/oauth/authorize?')) return { status: 200, body: '<p>' };
      if (request.url !== '/oauth/register') return undefined;
      const body = JSON.stringify({ client_id: id, client_secret: secret });
      return { status: 201, headers: { 'Content-Type': 'application/json' }, body };
    };
    proxy.breakWith({ instead });
    const text = await connect(gateway.resource, '--redirect-uri', chatgpt);
    const json = await connect(gateway.resource, '--redirect-uri', chatgpt, '--json');
    proxy.repair();
    assert.equal(text.code, 0, text.output);
    assert.ok(text.stdout.includes(`client_id: ${id}\n`), text.stdout);
    for (const { stdout } of [text, json]) assert.match(stdout, /^[\x20-\x7e\n]*$/);
    assert.deepEqual([JSON.parse(json.stdout).client_id, JSON.parse(json.stdout).client_secret], [id, secret]);
  });

  it('wrong usage is exit code 2', async () => {
    const uri = ['--redirect-uri', chatgpt];
    for (const words of [
      [gateway.resource],
      ['mcp', ...uri],
      [gateway.resource, '--redirect-uri', 'javascript:alert(1)'],
      ['http://ai.example.test/mcp', ...uri],
      [gateway.resource, ...uri, '--handle', 'acme'],
      [`${gateway.origin}/t/{tenant}/mcp`, ...uri],
      [`${gateway.origin}/t/{tenant}/mcp`, ...uri, '--gateway'],
      [`${gateway.origin}/t/{tenant}/mcp`, ...uri, '--handle', 'Not a handle'],
      [`${gateway.origin}/t/{tenant}/mcp`, ...uri, '--handle', 'acme', '--gateway'],
    ]) {
      const { code, stdout, output } = await connect(...words);
      assert.deepEqual([code, stdout], [2, ''], `${words.join(' ')}: ${output}`);
      assert.notEqual(output, '');
    }
  });
});

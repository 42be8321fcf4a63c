// `postern doctor` at deployments of which one thing is broken: it names that thing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { BreakingProxy, page, patch } from './lib/breaking-proxy.mjs';
import { Authority } from './lib/certificates.mjs';
import { binary, patience } from './lib/gateway.mjs';
import { doctor, faults } from './lib/postern.mjs';
import { freePort, run } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const isAt = (path) => (request) => request.url.split('?')[0] === path;
const resourceMetadata = isAt('/.well-known/oauth-protected-resource/mcp');
const rootMetadata = isAt('/.well-known/oauth-protected-resource');
const serverMetadata = (request) => /oauth-authorization-server|openid-configuration/.test(request.url);
const mcp = (request) => /^\/mcp\/?$/.test(request.url);

const json = (status, body = {}) => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
const instead = (where, answer) => ({ instead: (request) => (where(request) ? answer : undefined) });
const change = (where, act) => ({
  change: (request, answer) => {
    if (where(request) && answer.status < 500) act(answer);
  },
});
const server = (members) => change(serverMetadata, (answer) => answer.status === 200 && patch(answer, members));
const resource = (members) =>
  change(
    (request) => resourceMetadata(request) || rootMetadata(request),
    (answer) => patch(answer, members),
  );
const challenge = (act) =>
  change(mcp, (answer) => {
    if (answer.status === 401) answer.headers['www-authenticate'] = act(answer.headers['www-authenticate']);
    if (answer.headers['www-authenticate'] === undefined) delete answer.headers['www-authenticate'];
  });

// What is broken, by what, and what the doctor calls it. `client`: whose way is walked; claude by default.
const table = ({ origin }) => [
  ['the gateway is down behind its proxy', instead(() => true, page(502)), 'challenge server_error'],
  ['the proxy adds a slash', { instead: (request) => (request.url === '/mcp' ? { status: 308, headers: { Location: `${origin}/mcp/` } } : undefined) }, 'challenge redirected_slash'],
  ['the proxy has a sign-in of its own', instead(() => true, { status: 302, headers: { Location: 'https://login.example.test/' } }), 'challenge redirected_elsewhere'],
  ['the proxy passes the slashed form alone', { instead: (request) => (request.url === '/mcp' ? json(404) : undefined) }, 'challenge slash_needed'],
  ['the server behind is reached past the gateway', instead(mcp, json(200, { jsonrpc: '2.0', id: 1, result: {} })), 'challenge not_protected'],
  ['the proxy strips the challenge', challenge(() => undefined), 'challenge challenge_missing'],
  ['the proxy challenges by itself', challenge(() => 'Basic realm="staging"'), 'challenge challenge_not_bearer'],
  ['the challenge names no metadata', challenge(() => 'Bearer realm="mcp"'), 'challenge resource_metadata_missing'],
  ['the challenge is relative', challenge((value) => value.replace(origin, '')), 'challenge resource_metadata_relative'],
  ['the challenge names an internal host', challenge((value) => value.replace(origin, 'http://gateway:8080')), 'challenge resource_metadata_foreign'],
  ['the proxy lets POST alone through', { instead: (request) => (mcp(request) && request.method === 'GET' ? page(403) : undefined) }, 'get get_not_challenged'],
  ['the proxy keeps /.well-known/ to itself', instead((request) => request.url.startsWith('/.well-known/'), json(404)), 'resource_metadata missing'],
  ['a page for every unknown path', instead((request) => request.url.startsWith('/.well-known/'), page()), 'resource_metadata html'],
  ['the metadata needs a sign-in', instead(resourceMetadata, json(401)), 'resource_metadata needs_credentials'],
  ['the metadata refuses GET', instead(resourceMetadata, json(405)), 'resource_metadata method_refused'],
  ['the public URL is another one', resource({ resource: 'https://mcp.internal.example.test/mcp' }), 'resource resource_host'],
  ['the resource has a slash at its end', resource({ resource: `${origin}/mcp/` }), 'resource resource_slash'],
  ['no scopes are named', resource({ scopes_supported: undefined }), 'scopes scopes_missing'],
  ['the named authorization server is gone', resource({ authorization_servers: ['http://127.0.0.1:1'] }), 'server_metadata connection'],
  ['the issuer has a slash', server({ issuer: `${origin}/` }), 'issuer issuer_slash'],
  ['the issuer is another one', server({ issuer: 'https://api.example.test' }), 'issuer issuer_differs'],
  ['an endpoint is plain http://', server({ token_endpoint: 'http://gateway.internal/oauth/token' }), 'endpoints endpoint_plain'],
  ['no S256', server({ code_challenge_methods_supported: ['plain'] }), 'pkce no_s256'],
  ['no public clients', server({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }), 'client_authentication no_public_clients'],
  ['the authorization endpoint fails', instead(isAt('/oauth/authorize'), page(500)), 'authorization_endpoint server_error'],
  ['the token endpoint is a page', instead(isAt('/oauth/token'), page()), 'token_endpoint no_oauth_error'],
  ['other probes fail', instead(isAt('/mcp/.well-known/openid-configuration'), page(503)), 'probes server_error'],
  ['registration is closed', server({ registration_endpoint: undefined }), 'registration registration_closed', 'cursor'],
  ['registration needs credentials', instead(isAt('/oauth/register'), json(401)), 'registration registration_closed', 'inspector'],
  ['neither documents nor registration', server({ registration_endpoint: undefined, client_id_metadata_document_supported: undefined }), 'registration registration_closed', 'chatgpt'],
  ['the root is a page', instead(rootMetadata, page()), 'root_metadata html', 'chatgpt'],
  ['preflights are refused', { instead: (request) => (request.method === 'OPTIONS' ? json(405) : undefined) }, 'cors preflight_refused', 'inspector'],
  ['pages of the Inspector may not call', {}, 'cors origin_refused', 'inspector'],
];

describe('postern doctor at broken deployments', { timeout: 600_000 * patience }, () => {
  let upstream;
  let proxy;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    proxy = await BreakingProxy.start();
    gateway = await proxy.gateway({ name: 'doctor-broken', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  it('in good order behind its proxy', async () => {
    proxy.repair();
    assert.deepEqual(faults(await doctor(gateway.resource, '--client', 'claude')), []);
  });

  it('names what is broken, whatever that is', async () => {
    const missed = [];
    for (const [what, broken, fault, client = 'claude'] of table(proxy)) {
      proxy.breakWith(broken);
      const found = faults(await doctor(gateway.resource, '--client', client));
      if (found[0] !== fault) missed.push(`${what}: ${fault}, but found ${found.join(', ') || 'nothing'}`);
    }
    proxy.repair();
    assert.deepEqual(missed, []);
  });

  it('says what is to be done, with the URL it is about', async () => {
    proxy.breakWith(resource({ resource: `${proxy.origin}/mcp/` }));
    const { code, stdout } = await run(binary(), ['doctor', gateway.resource, '--client', 'claude']);
    proxy.repair();
    assert.equal(code, 1);
    assert.ok(stdout.includes('✗ It names the URL that was typed [resource_slash]\n'), stdout);
    assert.ok(stdout.includes(`    seen:      resource is ${gateway.resource}/\n`), stdout);
    assert.ok(stdout.includes(`    expected:  ${gateway.resource}\n    mend:      `), stdout);
    assert.match(stdout, /\n1 fault;/);
  });

  it('a redirect is told and not followed', async () => {
    const target = await BreakingProxy.start();
    let followed = 0;
    target.breakWith({ instead: () => (++followed, json(200)) });
    proxy.breakWith(instead(() => true, { status: 301, headers: { Location: `${target.origin}/mcp` } }));
    const found = await doctor(gateway.resource, '--client', 'claude');
    proxy.repair();
    await target.stop();
    assert.match(faults(found)[0], /^challenge redirected/);
    assert.equal(followed, 0);
  });

  it('a document without an end is not read to it', async () => {
    proxy.breakWith(change(resourceMetadata, (answer) => patch(answer, { more: 'x'.repeat(2 * 1024 * 1024) })));
    const found = faults(await doctor(gateway.resource, '--client', 'claude'));
    proxy.repair();
    assert.equal(found[0], 'resource_metadata too_large');
  });

  it('what servers say cannot move the cursor', async () => {
    proxy.breakWith(resource({ resource: 'https://a.test/\u001b[2J\u009b2J' }));
    const { stdout } = await run(binary(), ['doctor', gateway.resource, '--client', 'claude']);
    proxy.repair();
    assert.match(stdout, /a\.test/);
    assert.doesNotMatch(stdout, /[\u001b\u009b]/);
  });

  it('nobody there, no such name, a certificate of another name, no TLS', async () => {
    const first = async (url, ...words) => faults(await doctor(url, '--client', 'claude', ...words));
    assert.deepEqual(await first(`http://127.0.0.1:${await freePort()}/mcp`), ['connection connection']);
    assert.deepEqual(await first('https://no-such-host.invalid/mcp'), ['connection name']);
    assert.deepEqual(await first(`https://127.0.0.1:${proxy.port}/mcp`), ['connection tls']);
    const authority = await Authority.create();
    const other = await authority.issue('other', ['DNS:other.example.test']);
    const secured = await BreakingProxy.start({
      tls: { cert: readFileSync(other.certificate), key: readFileSync(other.key) },
    });
    const found = await doctor(`${secured.origin}/mcp`, '--client', 'claude', '--ca', authority.file);
    await secured.stop();
    assert.deepEqual(faults(found), ['connection certificate']);
    assert.match(found.steps[0].seen, /mismatch/);
    assert.match(found.steps[0].mend, /subjectAltName/);
  });

  it('an event stream that the proxy holds back', async () => {
    const silent = (message, { method }) => method === 'GET';
    upstream.answer = silent;
    const words = ['token', 'mint', '--user', 'alice', '--tenant', 'acme', '--resource', gateway.resource];
    const output = await gateway.command([...words, '--scope', 'mcp.connect tools.read']);
    const bearer = output.trim().split('\n').at(-1);
    const found = await doctor(gateway.resource, '--client', 'claude', '--token', bearer);
    upstream.answer = undefined;
    assert.deepEqual(faults(found), ['stream stream_held']);
  });
});

// The authorization server scenarios of the MCP conformance suite. A person signs in at the URL that the suite prints.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UserAgent } from './lib/browserless.mjs';
import { Verdicts, suiteProgram } from './lib/conformance.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { send } from './lib/http.mjs';
import { OAuthClient } from './lib/oauth.mjs';
import { Child, freePort, temporaryFolder } from './lib/process.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { until, within } from './lib/wait.mjs';

/** Runs every scenario against `issuer`, signing in as alice: `{verdicts, code}`. */
async function authorizationScenarios({ issuer, clientId, port, resource, version }) {
  const folder = temporaryFolder('conformance');
  const args = ['--url', issuer, '--client-id', clientId, '-p', String(port), '-o', folder];
  if (resource) args.push('--resource', resource);
  if (version) args.push('--spec-version', version);
  const suite = new Child(process.execPath, [suiteProgram('next'), 'authorization', ...args], { cwd: folder });
  try {
    const url = await until(
      'the URL to sign in at',
      () => {
        if (!suite.alive) throw Object.assign(new Error(suite.output), { fatal: true });
        return new RegExp(`^${new URL(issuer).origin}/\\S*code_challenge=\\S+$`, 'm').exec(suite.output)?.[0];
      },
      { seconds: 60 * patience },
    );
    const end = await new UserAgent().authorize(url, { username: 'alice', password });
    assert.ok(end.redirect, `sign-in ended on a page (${end.status}): ${end.text.slice(0, 1000)}`);
    assert.equal((await send(end.redirect)).status, 200);
    const { code } = await within(60, 'the end of the suite', suite.exited);
    return { verdicts: new Verdicts(folder), code, output: suite.output };
  } finally {
    await suite.kill();
  }
}

describe('conformance of the authorization server', { timeout: 180_000 * patience }, () => {
  let upstream;

  before(async () => {
    upstream = await RecordingUpstream.start();
  });
  after(() => upstream?.stop());

  /** Issuers as people have them: an origin, and one with a path. */
  for (const [what, tenantPath] of [
    ['an origin', ''],
    ['an origin and a path', '/acme/sign-in'],
  ])
    it(`whose issuer is ${what}`, async () => {
      const gateway = await Gateway.start({
        name: 'conformance-authorization',
        upstream: upstream.url,
        configure: (config, { origin }) => {
          config.authorization_servers.main.issuer = origin + tenantPath;
        },
      });
      try {
        const port = await freePort();
        const client = await OAuthClient.register(gateway, { redirectUris: [`http://127.0.0.1:${port}/callback`] });
        const issuer = gateway.origin + tenantPath;
        assert.equal(client.server.issuer, issuer);
        for (const resource of [gateway.resource, undefined]) {
          const { verdicts, code, output } = await authorizationScenarios({
            issuer,
            clientId: client.id,
            port,
            resource,
          });
          assert.deepEqual([code, verdicts.failed], [0, 0], `${verdicts.complaints.join('\n')}\n${output}`);
          const scenarios = [...verdicts.scenarios.keys()].sort();
          assert.deepEqual(scenarios, ['authorization-code-grant', 'authorization-server-metadata-endpoint']);
          for (const [scenario, checks] of verdicts.scenarios)
            for (const { id, status, errorMessage } of checks) {
              // The one thing the suite would like to see that may be switched off: metadata documents of clients.
              const documents = /client_id_metadata_document_supported/.test(errorMessage ?? '');
              if (documents && !client.server.client_id_metadata_document_supported) assert.equal(status, 'WARNING');
              else assert.equal(status, 'SUCCESS', `${scenario} ${id}: ${errorMessage}`);
            }
        }
      } finally {
        await gateway.stop();
      }
    });
});

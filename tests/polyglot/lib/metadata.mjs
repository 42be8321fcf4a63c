// Libraries of OpenID Connect read /.well-known/openid-configuration, though no ID tokens are issued here.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, patience } from '../../interop/lib/gateway.mjs';
import { run } from '../../interop/lib/process.mjs';

const formats = ['opaque', 'jwt'];

/**
 * A test for each reader with each format of access tokens. `readers` maps a name to a function from the issuer to a
 * command, with its `formats` where it cannot do with all. The command prints `{event: 'metadata', issuer, …}`, where
 * `algorithms` are those for ID tokens, and `check` sees that.
 */
export function describeMetadata(title, readers, check = () => {}) {
  describe(title, { timeout: 240_000 * patience }, () => {
    const gateways = {};

    before(async () => {
      for (const format of formats)
        gateways[format] = await Gateway.start({
          name: `metadata-${format}`,
          upstream: 'http://127.0.0.1:9/mcp',
          configure: (config) => {
            config.authorization_servers.main.access_token = { format };
          },
        });
    });
    after(async () => {
      for (const gateway of Object.values(gateways)) await gateway.stop();
    });

    for (const [name, reader] of Object.entries(readers))
      for (const format of reader.formats ?? formats)
        it(`${name} accepts the OpenID Connect metadata, with ${format} access tokens`, async () => {
          const issuer = gateways[format].origin;
          const [program, ...words] = reader(issuer);
          const { code, stdout, output } = await run(program, words);
          assert.equal(code, 0, output);
          const report = JSON.parse(stdout);
          assert.equal(report.issuer, issuer);
          for (const needed of report.algorithms ? ['RS256', 'ES256'] : [])
            assert.ok(report.algorithms.includes(needed), `${report.algorithms}`);
          check(report, name);
        });
  });
}

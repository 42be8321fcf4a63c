// Wrong values: refused before anything changes, with a word about what is wrong. The first kind by values.schema.json,
// the second by the templates.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chart, example, runHelm } from './lib/helm.mjs';

const refusal = async (name, further) => {
  const words = ['template', 'edge', chart, ...(name ? ['-f', example(name)] : []), ...further];
  const { code, output, stdout } = await runHelm(...words);
  assert.notEqual(code, 0, 'refused');
  assert.equal(stdout, '', 'nothing is made');
  return output;
};

const bySchema = [
  ['an unknown value', 'replicaCount=1', /additional properties 'replicaCount' not allowed/],
  ['an unknown value deep inside', 'persistence.storageclass=fast', /'\/persistence'.*'storageclass' not allowed/],
  ['more than one replica', 'replicas=2', /'\/replicas'.*maximum/],
  ['a misspelt key of Postern', 'config.limits.bodyy=4MiB', /'\/config\/limits'.*'bodyy' not allowed/],
  ['a misspelt key of an upstream', 'config.upstreams.tools.url=x', /'\/config\/upstreams\/tools'.*'url' not allowed/],
  ['a duration that is none', 'config.identity.session=soon', /'\/config\/identity\/session'/],
  ['what the chart writes: listen', 'config.listen[0].address=0.0.0.0:1', /'\/config'.*'listen' not allowed/],
  ['what the chart writes: store', 'config.store=sqlite:/tmp/x', /'\/config'.*'store' not allowed/],
  ['what the chart writes: policies', 'config.policies[0]=x.yaml', /'\/config'.*'policies' not allowed/],
  ['a resource without an address', 'config.resources[1].upstream=tools', /'\/config\/resources\/1'.*missing propert.*'serve'/],
  ['someone unknown who ends TLS', 'tls.endedBy=ingress', /'\/tls\/endedBy'.*'proxy', 'pod'/],
  ['a proxy that is no network', 'trustedProxies[0]=ingress-nginx', /'\/trustedProxies\/0'.*pattern/],
  ['a mode of access that many share', 'persistence.accessModes[0]=ReadWriteMany', /'\/persistence\/accessModes\/0'/],
  ['a size that is none', 'persistence.size=lots', /'\/persistence\/size'.*pattern/],
  ['a secret without its key', 'secretEnv.TOKEN.secret=upstream', /'\/secretEnv\/TOKEN'.*missing property 'key'/],
  ['a variable that no shell could have', 'secretEnv.my-token.secret=a,secretEnv.my-token.key=b', /my-token.*pattern/],
  ['a policy without its name', 'policies.mine.otherwise=allow', /'\/policies\/mine'.*missing property 'policy'/],
  ['a policy in a folder', 'policies.a/b.policy=x', /'a\/b'.*pattern/],
  ['an image with its tag in the repository', 'image.repository=registry.test/postern:1', /'\/image\/repository'.*pattern/],
  ['a digest that is none', 'image.digest=latest', /'\/image\/digest'.*pattern/],
  ['a kind of Service that is none', 'service.type=Headless', /'\/service\/type'/],
  ['a port beyond all', 'service.port=70000', /'\/service\/port'.*maximum/],
  ['an end before the gateway has drained', 'terminationGracePeriodSeconds=5', /'\/terminationGracePeriodSeconds'.*minimum/],
  ['a path of the sidecar that is none', 'sidecar.path=mcp', /'\/sidecar\/path'.*pattern/],
  ['a host with a port', 'ingress.hosts[0]=ai.example.test:443', /'\/ingress\/hosts\/0'.*pattern/],
  ['a name that no object may have', 'fullnameOverride=Postern_1', /'\/fullnameOverride'.*pattern/],
];

const byTemplate = [
  ['minimal', 'more than one replica', ['--skip-schema-validation', '--set', 'replicas=3'], /replicas is 3, but Postern keeps its state in SQLite/],
  ['minimal', 'a proxy that nobody knows', ['--set', 'trustedProxies=null'], /trustedProxies is empty.*name the networks/],
  ['minimal', 'TLS without a certificate', ['--set', 'tls.endedBy=pod'], /there is no certificate: name Secrets/],
  ['minimal', 'certificates that nobody uses', ['--set', 'tls.secretNames={a}'], /but tls\.endedBy is proxy/],
  ['minimal', 'a certificate that nobody signs', ['--set', 'certificate.enabled=true'], /certificate\.issuerRef\.name/],
  ['minimal', 'a sidecar without an image', ['--set', 'sidecar.enabled=true'], /name its image in sidecar\.image\.repository/],
  ['sidecar', 'a sidecar of any version', ['--set', 'sidecar.image.tag='], /neither tag nor digest/],
  ['sidecar', 'a sidecar on the gateway\'s port', ['--set', 'sidecar.port=9464'], /one of the gateway's own/],
  ['sidecar', 'an address for the sidecar', ['--set', 'config.upstreams.orgonaut.urls={http://x}'], /whose address the chart writes/],
  ['minimal', 'a resource whose upstream is nowhere', ['--set', 'config.resources[0].upstream=toolz'], /names the upstream "toolz", which neither/],
  ['minimal', 'a volume that is opened at every start', ['--set', 'podSecurityContext.fsGroupChangePolicy=Always'], /must be OnRootMismatch/],
  ['minimal', 'a route that hangs on nothing', ['--set', 'httpRoute.enabled=true'], /name it in httpRoute\.parentRefs/],
  ['cert-manager', 'a route to a gateway that ends TLS', ['--set', 'httpRoute.enabled=true,httpRoute.parentRefs[0].name=a'], /set tls\.endedBy to proxy/],
  ['minimal', 'a monitor of a Service that is not there', ['--set', 'metrics.service.enabled=false,metrics.serviceMonitor.enabled=true'], /set metrics\.service\.enabled/],
  ['restricted', 'a host that only the pod will know', ['--set', 'config.resources[0].serve=https://${HOST}/mcp'], /name the hosts in ingress\.hosts/],
];

describe('wrong values', { timeout: 120_000 }, () => {
  it('no values at all: says what is missing', async () => {
    assert.match(await refusal(undefined, []), /'\/config'.*missing properties 'authorization_servers', 'resources'/);
  });

  for (const [what, value, sentence] of bySchema) {
    it(`${what}: refused by values.schema.json`, async () => {
      assert.match(await refusal('minimal', ['--set', value]), sentence);
    });
  }

  for (const [name, what, further, sentence] of byTemplate) {
    it(`${what}: refused with a sentence`, async () => {
      assert.match(await refusal(name, further), sentence);
    });
  }
});

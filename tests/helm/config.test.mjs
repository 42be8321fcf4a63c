// The configuration that a pod gets: valid to `postern check`, and with what follows from the pod.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { installed, examples, manifest, only, render } from './lib/helm.mjs';
import { Pod } from './lib/pod.mjs';

const { parse } = installed('yaml');

const configOf = (all, name) => parse(only(all, 'ConfigMap', name).data['postern.yaml']);
const config = async (name, ...further) => configOf(await render(name, { further }), 'edge-postern');

async function passes(pod) {
  const { code, output } = await pod.check();
  assert.equal(code, 0, output);
  assert.match(output, /: valid, with \d+ resource/);
  assert.doesNotMatch(output, /warning/i);
}

describe('the configuration of a pod', { timeout: 120_000 }, () => {
  for (const name of examples) {
    it(`${name}: passes postern check`, async () => {
      const all = await render(name);
      await passes(await Pod.of(all, only(all, 'Deployment')));
    });

    it(`${name}: passes the check before an upgrade`, async () => {
      const all = await render(name);
      const job = only(all, 'Job');
      assert.equal(job.metadata.annotations['helm.sh/hook'], 'pre-upgrade');
      const pod = await Pod.of(all, job, { name: 'check' });
      assert.deepEqual(pod.container.args, ['check', '-c', '/etc/postern/postern.yaml']);
      await passes(pod);
    });
  }

  it('the manifest of the sidecar: passes postern check', async () => {
    const all = manifest();
    await passes(await Pod.of(all, only(all, 'Deployment')));
  });

  it('the check before an upgrade refuses what the gateway would refuse', async () => {
    const all = await render('minimal', { further: ['--set', 'config.resources[0].policy=nobody'] });
    const { code, output } = await (await Pod.of(all, only(all, 'Job'), { name: 'check' })).check();
    assert.equal(code, 1, output);
    assert.match(output, /there is no policy `nobody`|names the policy `nobody`/);
    assert.equal(
      (await render('minimal', { further: ['--set', 'checkBeforeUpgrade=false'] })).some(({ kind }) => kind === 'Job'),
      false,
    );
  });
});

describe('what follows from the pod', { timeout: 60_000 }, () => {
  const operations = { address: '0.0.0.0:9464', serve: 'operations' };

  it('the listeners: plaintext behind a proxy', async () => {
    const { listen, trusted_proxies: proxies, store } = await config('minimal');
    assert.deepEqual(listen, [{ address: '0.0.0.0:8080', behind_proxy: true }, operations]);
    assert.deepEqual(proxies, ['10.244.0.0/16']);
    assert.equal(store, 'sqlite:/var/lib/postern/postern.db');
  });

  it('the listeners: TLS with every certificate of the pod', async () => {
    const tls = (name) => ({
      certificate: `/etc/postern-tls/${name}/tls.crt`,
      key: `/etc/postern-tls/${name}/tls.key`,
    });
    const { listen } = await config('existing-secret');
    const certificates = [tls('ai-tls'), tls('tools-tls')];
    assert.deepEqual(listen, [{ address: '0.0.0.0:8443', tls: { certificates } }, operations]);
    const issued = await config('cert-manager', '--set', 'tls.secretNames={more-tls}');
    assert.deepEqual(issued.listen[0].tls.certificates, [tls('more-tls'), tls('edge-postern-tls')]);
  });

  it('the listeners: IPv6', async () => {
    const { listen } = await config('minimal', '--set', 'bindAddress=::');
    assert.deepEqual(listen.map(({ address }) => address), ['[::]:8080', '[::]:9464']);
  });

  it('the upstream of the sidecar: its address, with what the configuration says beside it', async () => {
    const { upstreams } = await config('sidecar', '--set', 'sidecar.port=4000,sidecar.path=/rpc');
    assert.deepEqual(upstreams, {
      orgonaut: {
        urls: ['http://127.0.0.1:4000/rpc'],
        headers: { 'X-Tenant': '{tenant.handle}', 'X-Scopes': '{scopes}' },
        timeouts: { response: '5m' },
      },
    });
  });

  const threads = [
    ['limits.cpu 2500m', ['--set', 'resources.limits.cpu=2500m'], 3],
    ['limits.cpu 4', ['--set', 'resources.limits.cpu=4'], 4],
    ['limits.cpu "3.5"', ['--set-string', 'resources.limits.cpu=3.5'], 4],
    ['requests.cpu 250m alone', [], 2],
    ['config.workers', ['--set', 'config.workers=7'], 7],
  ];
  for (const [what, further, workers] of threads) {
    it(`the threads: ${workers} from ${what}`, async () => {
      assert.equal((await config('minimal', ...further)).workers, workers);
    });
  }

  it('numbers stay as they were written', async () => {
    const { limits } = await config('minimal', '--set', 'config.limits.connections=12000000,config.limits.body=1048576');
    assert.deepEqual(limits, { connections: 12000000, body: 1048576 });
  });

  it('hosts of the route: those of the configuration, or those it is given', async () => {
    const hosts = async (...further) => only(await render('gateway-api', { further }), 'HTTPRoute').spec.hostnames;
    assert.deepEqual(await hosts(), ['ai.example.test', 'crm.example.test', 'wiki.example.test']);
    assert.deepEqual(await hosts('--set', 'httpRoute.hosts={*.example.test}'), ['*.example.test']);
  });

  it('hosts of the ingress and the certificate: those of the configuration, {tenant} as *', async () => {
    const serve = 'https://{tenant}.mcp.example.test:8443/mcp';
    const further = ['--set', `config.resources[0].serve=${serve},config.resources[0].upstream=orgonaut`];
    const all = await render('sidecar', { further: [...further, '--set', 'config.resources[0].policy=default'] });
    const hosts = ['*.mcp.example.test', 'ai.example.test'];
    const { tls, rules } = only(all, 'Ingress').spec;
    assert.deepEqual(rules.map(({ host }) => host), hosts);
    assert.deepEqual(tls, [{ secretName: 'edge-postern-tls', hosts }]);
    const { dnsNames, secretName } = only(all, 'Certificate').spec;
    assert.deepEqual({ dnsNames, secretName }, { dnsNames: hosts, secretName: 'edge-postern-tls' });
  });
});

describe('secrets', { timeout: 60_000 }, () => {
  it('are named in the pod and never in a ConfigMap', async () => {
    const all = await render('existing-secret');
    const { containers, volumes } = only(all, 'Deployment').spec.template.spec;
    assert.deepEqual(containers[0].env[0], {
      name: 'UPSTREAM_TOKEN',
      valueFrom: { secretKeyRef: { name: 'upstream', key: 'token' } },
    });
    for (const { secret } of volumes.filter((each) => each.secret)) assert.equal(secret.defaultMode, 0o440);
    assert.equal(all.some(({ kind }) => kind === 'Secret'), false, 'the chart makes none');
    assert.match(only(all, 'ConfigMap', 'edge-postern').data['postern.yaml'], /bearer: \$\{UPSTREAM_TOKEN\}/);
  });
});

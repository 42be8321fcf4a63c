// A certificate authority of its own in a temporary folder, made with the openssl command.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run, temporaryFolder } from './process.mjs';

async function openssl(...words) {
  const { code, output } = await run('openssl', words);
  if (code !== 0) throw new Error(`openssl ${words.join(' ')} ended with ${code}: ${output}`);
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Authority {
  /** `file` is its certificate, `ca` the same as text. */
  static async create() {
    const authority = new Authority();
    authority.folder = temporaryFolder('certificates');
    authority.file = path.join(authority.folder, 'authority.pem');
    authority.key = path.join(authority.folder, 'authority.key');
    await openssl(
      ...['req', '-x509', ...newKey, '-days', '30', '-subj', '/CN=Test authority'],
      ...['-keyout', authority.key, '-out', authority.file],
      ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
    );
    authority.ca = readFileSync(authority.file, 'utf8');
    return authority;
  }

  /**
   * A certificate for `names` (`DNS:…`, `IP:…`) under `file`, which is also its common name: `{certificate, key}`, two
   * paths. `expired` since a day; `selfSigned`: by itself, not by this authority.
   */
  async issue(file, names, { expired = false, selfSigned = false } = {}) {
    const at = (ending) => path.join(this.folder, `${file}.${ending}`);
    const issued = { certificate: at('pem'), key: at('key') };
    const alternative = names.length > 0 ? `subjectAltName=${names.join(',')}\n` : '';
    writeFileSync(at('ext'), `basicConstraints=critical,CA:FALSE\n${alternative}`);
    await openssl(...['req', ...newKey, '-subj', `/CN=${file}`, '-keyout', issued.key, '-out', at('csr')]);
    const signer = selfSigned ? ['-key', issued.key] : ['-CA', this.file, '-CAkey', this.key, '-CAcreateserial'];
    await openssl(
      ...['x509', '-req', '-in', at('csr'), ...signer, '-days', expired ? '-1' : '30'],
      ...['-extfile', at('ext'), '-out', issued.certificate],
    );
    return issued;
  }
}

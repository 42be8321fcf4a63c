// A certificate authority of its own in a temporary folder, made with the openssl command.
import { readFileSync } from 'node:fs';
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
      ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Test authority'],
      ...['-keyout', authority.key, '-out', authority.file],
      ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
    );
    authority.ca = readFileSync(authority.file, 'utf8');
    return authority;
  }

  /** A certificate for `names` (`DNS:…`, `IP:…`) under `file`: `{certificate, key}`, two paths. */
  async issue(file, names) {
    const issued = {
      certificate: path.join(this.folder, `${file}.pem`),
      key: path.join(this.folder, `${file}.key`),
    };
    await openssl(
      ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${file}`],
      ...['-CA', this.file, '-CAkey', this.key, '-keyout', issued.key, '-out', issued.certificate],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${names.join(',')}`],
    );
    return issued;
  }
}

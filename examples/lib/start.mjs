// `node start.mjs NAME`: one of the examples on this machine, until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { Authority } from '../../tests/interop/lib/certificates.mjs';
import { freePort, portIsFree } from '../../tests/interop/lib/process.mjs';
import { Example } from './system.mjs';

const [name] = process.argv.slice(2);
const { about } = await import(`../${name}/server.mjs`);
const port = (await portIsFree(8443)) ? 8443 : await freePort();
const base = `${name}.localhost:${port}`;
const hosts = [...about.hosts.map((host) => `${host}.${name}.localhost`), ...about.wildcards.map((each) => `*.${each}${name}.localhost`)];
const authority = await Authority.create();
const { certificate, key } = await authority.issue(
  'example',
  hosts.map((host) => `DNS:${host}`),
);
const secret = randomBytes(9).toString('base64url');
const example = await Example.start(name, { listen: `127.0.0.1:${port}`, base, certificate, key, secret });
const people = example.companion?.says ?? [
  ['Users', about.users.join(', ')],
  ['Password', secret],
];

console.log(`
Postern protects ${example.legacy.url}

${about.urls(base).map(([what, url]) => `  ${what.padEnd(22)} ${url}`).join('\n')}
${people.map(([what, said]) => `  ${what.padEnd(22)} ${said}`).join('\n')}

Browsers find every name under .localhost by themselves; other programs may need them in /etc/hosts. Trust
${authority.file} there (NODE_EXTRA_CA_CERTS for Node).
Everything is forgotten when you end this with Ctrl-C. Commands of the README work in another shell after

${Object.entries(example.env).map(([variable, value]) => `  export ${variable}='${value}'`).join('\n')}
`);
const { code, signal } = await example.child.exited;
console.error(`Postern ended with ${signal ?? code}:\n${example.logs().slice(-4000)}`);
process.exit(1);

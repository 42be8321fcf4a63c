// Files of tests that need one address of the world take turns.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patience } from '../interop/lib/gateway.mjs';
import { Child, root } from '../interop/lib/process.mjs';
import { until } from '../interop/lib/wait.mjs';
import { startExample } from './lib/example.mjs';
import { startSystem } from './lib/system.mjs';

const address = '127.0.7.1';
// Says when it has the address, and answers each line that it reads, so that it can be seen to go on meanwhile.
const program = `
  import { createInterface } from 'node:readline';
  import { claimAddress } from './tests/systems/lib/address.mjs';
  createInterface({ input: process.stdin }).on('line', (line) => console.log(line));
  console.log('begun');
  await claimAddress('${address}');
  console.log('claimed');
`;

describe('the addresses of the world', { timeout: 120_000 * patience }, () => {
  const lines = (child) => child.stdout.split('\n').slice(0, -1);
  const says = (child, line) => until(line, () => lines(child).includes(line), { seconds: 20 * patience });
  const start = () => new Child(process.execPath, ['--input-type=module', '--eval', program], { cwd: root });

  it('an address is of one process, and of the next one when that has ended, however it ended', async () => {
    const first = start();
    await says(first, 'claimed');
    const second = start();
    await says(second, 'begun');
    // By then it has tried several times.
    for (let count = 1; count <= 20; ++count) {
      second.process.stdin.write(`line ${count}\n`);
      await says(second, `line ${count}`);
    }
    assert.ok(!lines(second).includes('claimed'), second.output);
    await first.kill();
    await says(second, 'claimed');
    await second.kill();
  });

  it('nothing is started at an address that its file has not claimed', async () => {
    const unclaimed = /127\.0\.7\.1 is not this file's: claimAddress\(\) comes first/;
    await assert.rejects(startSystem({ name: 'unclaimed', address, configure: () => {} }), unclaimed);
    await assert.rejects(startExample('orgonaut', address), unclaimed);
  });
});

// Commands that ask a gateway from outside.
import assert from 'node:assert/strict';
import { binary } from './gateway.mjs';
import { run } from './process.mjs';

/** `postern doctor` with --json: `{code, well, steps, output}`. */
export async function doctor(url, ...words) {
  const { code, stdout, output } = await run(binary(), ['doctor', url, ...words, '--json'], { seconds: 150 });
  assert.match(stdout, /^\{.*\}\n$/, output);
  const { well, steps } = JSON.parse(stdout);
  assert.deepEqual([code, output], [well ? 0 : 1, stdout]);
  return { code, well, steps };
}

/** "step fault" of what failed, or of what was noted. */
export const faults = ({ steps }) =>
  steps.filter((step) => step.state === 'failed').map((step) => `${step.step} ${step.fault}`);
export const notes = ({ steps }) =>
  steps.filter((step) => step.state === 'note').map((step) => `${step.step} ${step.fault}`);

/** `postern connect`: `{code, output, stdout}`. */
export const connect = (url, ...words) => run(binary(), ['connect', url, ...words], { seconds: 150 });

// A name server that never answers, for the names that strangers send: documents of others come at once.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { patience } from './lib/gateway.mjs';
import { root, run } from './lib/process.mjs';

describe('a silent name server', { timeout: 120_000 * patience }, () => {
  it('attack 13: documents whose names nobody resolves keep no other document waiting', async () => {
    const { code, stdout, output } = await run(process.execPath, [path.join(root, 'tests/attacks/silent-names.mjs')]);
    assert.equal(code, 0, output);
    const { figure } = JSON.parse(stdout.trim().split('\n').at(-1));
    assert.ok(figure.silent_names >= 8, output);
    assert.equal(figure.honest.answered, figure.honest.asked, output);
    assert.equal(figure.strangers_answered_before_the_first_honest, 0, 'no stranger had to give up first');
    assert.equal(figure.calls.failed, 0, output);
  });
});

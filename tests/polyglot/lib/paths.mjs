// Where scripts/install-polyglot puts what the clients are run with.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { python, root } from '../../interop/lib/process.mjs';

const sources = path.join(root, 'tests/polyglot');
const built = path.join(root, 'build/polyglot');

/** A command as a list of words. Throws where the program has not been installed. */
function installed(file, ...words) {
  if (!existsSync(file)) throw new Error(`${file} is missing: run scripts/install-polyglot`);
  return [file, ...words];
}

export const node = (program) => [process.execPath, path.join(sources, 'node', `${program}.mjs`)];
/** A program for the Python that has `mcp` 1.x and langchain. */
export const agentPython = (program) =>
  installed(path.join(built, 'agent-python/bin/python'), path.join(sources, 'python', `${program}.py`));
/** A program for the Python of tests/interop, which has `mcp` 2.x, FastMCP and Authlib. */
export const currentPython = (program) => installed(python, path.join(sources, 'python', `${program}.py`));
export const go = (program) => installed(path.join(built, 'go/bin', program));
export const rust = (program) => installed(path.join(built, 'rust/debug', program));
const classes = ['classes', 'lib/*'].map((folder) => path.join(built, 'java', folder)).join(':');
export const java = (program) => installed('/usr/bin/java', '-cp', classes, program);

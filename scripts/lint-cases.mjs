// Every hostile case of tests/hostile.md has a test that is named by its number, in the file the table says, and every
// test that is named by a number has its line in the table.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const tests = path.join(root, 'tests');

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const demanded = [...range(1, 68), ...range(80, 138), ...range(144, 153)];
// Cases whose code is not there yet.
const pending = [];

const faults = [];

/** The numbers in the names of the tests of one file. */
function numbersIn(file) {
  const text = readFileSync(path.join(tests, file), 'utf8');
  const name = file.endsWith('.cpp')
    ? /\bTEST(?:_[FP])?\(\s*\w+,\s*Case(\d+)[A-Z]/g
    : /\b(?:it|test)\(\s*['"`]case (\d+): /g;
  return new Set([...text.matchAll(name)].map(([, number]) => Number(number)));
}

const named = new Map();
for (const file of readdirSync(tests, { recursive: true })) {
  if (file.includes('node_modules') || !/(\.test\.mjs|_test\.cpp)$/.test(file)) continue;
  const numbers = numbersIn(file);
  if (numbers.size > 0) named.set(file, numbers);
}

const shown = new Map();
for (const line of readFileSync(path.join(tests, 'hostile.md'), 'utf8').split('\n')) {
  const row = /^\| (\d+) \|(?:[^|]*\|)*? *([^|]*?) *\|$/.exec(line);
  if (!row) continue;
  const number = Number(row[1]);
  const files = [...row[2].matchAll(/`([^`]+)`/g)].map(([, file]) => file);
  if (!shown.has(number)) shown.set(number, new Set());
  for (const file of files) {
    shown.get(number).add(file);
    if (!existsSync(path.join(tests, file))) faults.push(`case ${number}: there is no tests/${file}`);
    else if (!named.get(file)?.has(number)) faults.push(`case ${number}: tests/${file} has no test of that number`);
  }
  if (files.length > 0) continue;
  const excused = row[2] === 'pending' && pending.includes(number);
  if (!excused) faults.push(`case ${number}: no test shows it`);
}

for (const number of demanded) if (!shown.has(number)) faults.push(`case ${number}: not in tests/hostile.md`);
for (const [file, numbers] of named)
  for (const number of numbers)
    if (!shown.get(number)?.has(file)) faults.push(`tests/${file}: case ${number} is not in tests/hostile.md`);

for (const fault of faults) console.error(fault);
console.log(`hostile cases: ${shown.size} listed, ${named.size} files with tests of theirs, ${pending.length} pending`);
process.exit(faults.length > 0 ? 1 : 0);

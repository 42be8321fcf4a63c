// Every case of tests/hostile.md, tests/compatibility.md and tests/attacks.md has a test that is named by its number, in
// the file that the table says, and every test that is named by a number has its line in the table.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const tests = path.join(root, 'tests');

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
// `pending`: cases whose code is not there yet.
const tables = [
  { file: 'hostile.md', word: 'case', demanded: [...range(1, 138), ...range(144, 153)], pending: [] },
  { file: 'compatibility.md', word: 'compat', demanded: range(1, 22), pending: [] },
  { file: 'attacks.md', word: 'attack', demanded: range(1, 13), pending: [] },
];

const testFiles = readdirSync(tests, { recursive: true }).filter(
  (file) => !file.includes('node_modules') && /(\.test\.mjs|_test\.cpp)$/.test(file),
);

/** The numbers in the names of the tests of one file. */
function numbersIn(file, word) {
  const text = readFileSync(path.join(tests, file), 'utf8');
  const pascal = word[0].toUpperCase() + word.slice(1);
  const name = file.endsWith('.cpp')
    ? new RegExp(`\\bTEST(?:_[FP])?\\(\\s*\\w+,\\s*${pascal}(\\d+)[A-Z]`, 'g')
    : new RegExp(`\\b(?:it|test)\\(\\s*['"\`]${word} (\\d+): `, 'g');
  return new Set([...text.matchAll(name)].map(([, number]) => Number(number)));
}

function check({ file: table, word, demanded, pending }) {
  const faults = [];
  const named = new Map(testFiles.map((file) => [file, numbersIn(file, word)]).filter(([, numbers]) => numbers.size > 0));
  const shown = new Map();
  for (const line of readFileSync(path.join(tests, table), 'utf8').split('\n')) {
    const row = /^\| (\d+) \|(?:[^|]*\|)*? *([^|]*?) *\|$/.exec(line);
    if (!row) continue;
    const number = Number(row[1]);
    const files = [...row[2].matchAll(/`([^`]+)`/g)].map(([, file]) => file);
    if (!shown.has(number)) shown.set(number, new Set());
    for (const file of files) {
      shown.get(number).add(file);
      if (!existsSync(path.join(tests, file))) faults.push(`${word} ${number}: there is no tests/${file}`);
      else if (!named.get(file)?.has(number)) faults.push(`${word} ${number}: tests/${file} has no test of that number`);
    }
    if (files.length > 0) continue;
    const excused = row[2] === 'pending' && pending.includes(number);
    if (!excused) faults.push(`${word} ${number}: no test shows it`);
  }
  for (const number of demanded) if (!shown.has(number)) faults.push(`${word} ${number}: not in tests/${table}`);
  for (const [file, numbers] of named)
    for (const number of numbers)
      if (!shown.get(number)?.has(file)) faults.push(`tests/${file}: ${word} ${number} is not in tests/${table}`);
  console.log(`tests/${table}: ${shown.size} cases, ${named.size} files with tests of theirs, ${pending.length} pending`);
  return faults;
}

const faults = tables.flatMap(check);
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

// Every row of tests/systems.md has a test: one whose name begins with `row N: ` in each file it names, the row of
// another system, or the one of the title.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const tests = path.join(root, 'tests');

const demanded = { 1: 13, 2: 7, 3: 10, 4: 8, 5: 11 };
// Rows whose code is not there yet.
const pending = {};

const faults = [];
const shown = new Map();

const textOf = (file) => (existsSync(path.join(tests, file)) ? readFileSync(path.join(tests, file), 'utf8') : undefined);
const hasRow = (text, row) => new RegExp(`\\bit\\((['"\`])row ${row}: `).test(text);
const hasTitle = (text, title) => ["'", '"', '`'].some((quote) => text.includes(`it(${quote}${title}${quote}`));

let system;
for (const line of readFileSync(path.join(tests, 'systems.md'), 'utf8').split('\n')) {
  const heading = /^## (\d+)\. /.exec(line);
  if (heading) system = Number(heading[1]);
  const cells = /^\| (\d+) \|.*\| ([^|]*?) \|$/.exec(line);
  if (!cells) continue;
  const row = Number(cells[1]);
  const where = `system ${system}, row ${row}`;
  if (shown.has(`${system} ${row}`)) faults.push(`${where}: is there twice`);
  shown.set(`${system} ${row}`, true);
  if (cells[2] === 'pending') {
    if (!pending[system]?.includes(row)) faults.push(`${where}: no test shows it`);
    continue;
  }
  for (const cell of cells[2].split(/, (?=`)/)) {
    const named = /^`([^`]+)`(?:: "([^"]+)"| row (\d+))?$/.exec(cell);
    const text = named && textOf(named[1]);
    if (!named) faults.push(`${where}: ${cell} names no test`);
    else if (text === undefined) faults.push(`${where}: there is no tests/${named[1]}`);
    else if (named[2] ? !hasTitle(text, named[2]) : !hasRow(text, named[3] ?? row))
      faults.push(`${where}: tests/${named[1]} has no such test`);
  }
}

for (const [each, rows] of Object.entries(demanded))
  for (let row = 1; row <= rows; ++row)
    if (!shown.has(`${each} ${row}`)) faults.push(`system ${each}, row ${row}: is not in tests/systems.md`);

for (const fault of faults) console.error(fault);
console.log(`systems: ${shown.size} rows listed, ${Object.values(pending).flat().length} pending`);
process.exit(faults.length > 0 ? 1 : 0);

// The order of modules in CMakeLists.txt is the order of layers, the DEPS of a module are what it may include, and only
// some modules hold coroutines. Prints each breach; exit code 1 if there is one.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const awaiting = new Set(['app', 'server', 'web', 'idp', 'upstream', 'net']);
const read = (...parts) => readFileSync(path.join(root, ...parts), 'utf8');

const order = /foreach\(module IN ITEMS([^)]*)\)/.exec(read('CMakeLists.txt'))[1].trim().split(/\s+/);
const isModule = (name) => {
  try {
    return statSync(path.join(root, 'gateway', name, 'CMakeLists.txt')).isFile();
  } catch {
    return false;
  }
};
const modules = readdirSync(path.join(root, 'gateway')).filter(isModule);
const faults = [];

const dependencies = new Map(
  modules.map((name) => {
    const [, words] = /postern_module\(\s*\w+([^)]*)\)/.exec(read('gateway', name, 'CMakeLists.txt'));
    return [name, [...words.matchAll(/\bpostern_(\w+)/g)].map(([, dependency]) => dependency)];
  }),
);

for (const [name, wanted] of dependencies) {
  if (!order.includes(name)) faults.push(`gateway/${name}: not in the list of CMakeLists.txt`);
  for (const other of wanted) {
    if (order.indexOf(other) >= order.indexOf(name))
      faults.push(`gateway/${name}/CMakeLists.txt: ${other} is not below ${name}`);
  }
}

function reach(name, seen = new Set([name])) {
  for (const other of dependencies.get(name) ?? []) if (!seen.has(other)) reach(other, seen.add(other));
  return seen;
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(full);
    else if (/\.[ch]pp$/.test(entry.name)) yield full;
  }
}

for (const name of modules) {
  const allowed = reach(name);
  for (const file of sources(path.join(root, 'gateway', name))) {
    readFileSync(file, 'utf8')
      .split('\n')
      .forEach((line, index) => {
        const where = `${path.relative(root, file)}:${index + 1}`;
        const included = /^\s*#\s*include\s+"([a-z_]+)\//.exec(line)?.[1];
        if (included && modules.includes(included) && !allowed.has(included))
          faults.push(`${where}: ${name} may not include ${included}`);
        if (!awaiting.has(name) && /\bco_await\b/.test(line.replace(/\/\/.*/, '')))
          faults.push(`${where}: no coroutines in ${name}`);
      });
  }
}

for (const fault of faults) console.log(fault);
console.log(`layering: ${modules.length} modules, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

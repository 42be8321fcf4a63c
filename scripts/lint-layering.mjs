// Holds the sources to the layers that the build describes. The order of modules in CMakeLists.txt is the order of
// layers, the DEPS of a module are what it may include, and its FOLDERS are the order of layers inside it. Prints each
// breach; exit code 1 if there is one.
import { folderInModule, moduleOrder, modules, read } from './lib/modules.mjs';
import { missingPaths } from './lib/named-paths.mjs';

// The other modules are plain functions, which are read and tested without an event loop.
const awaiting = ['net', 'upstream', 'idp', 'edge', 'runtime', 'proxy', 'server', 'app'];
// More than that and a newcomer does not find the way by reading the names.
const mostFiles = 32;

const order = moduleOrder();
const all = modules();
const faults = [];
const list = (names) => names.join(', ') || 'none';

function checkLinks({ name, links, placeOf }) {
  if (!order.includes(name)) {
    faults.push(`${placeOf(name)}: the module ${name} is not in the list of CMakeLists.txt; every module has to stand there`);
    return;
  }
  const below = order.slice(0, order.indexOf(name));
  for (const link of links) {
    if (!below.includes(link))
      faults.push(`${placeOf(`postern_${link}`)}: ${name} links ${link}; it may link only modules below it: ${list(below)}`);
  }
}

function checkFolders({ name, folders, files, placeOf }) {
  const place = placeOf('FOLDERS');
  const counts = new Map();
  for (const folder of files.map((file) => folderInModule(name, file))) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  // A module that lists no folders keeps all of its files in its own.
  const listed = folders.length > 0 ? folders : ['.'];
  for (const folder of listed.filter((one) => !counts.has(one)))
    faults.push(`${place}: FOLDERS lists ${folder}, which holds no source files; it may list only folders that do`);
  for (const folder of listed.filter((one, index) => listed.indexOf(one) < index))
    faults.push(`${place}: FOLDERS lists ${folder} twice; each folder has one place in the order`);
  for (const [folder, count] of counts) {
    if (!listed.includes(folder))
      faults.push(`${place}: the folder ${folder} holds source files and is not listed; FOLDERS has to list it`);
    if (count > mostFiles)
      faults.push(`${place}: the folder ${folder} holds ${count} source files; ${mostFiles} are allowed`);
  }
}

/** The modules that can be linked through a module, itself included. */
function reach(name, seen = new Set([name])) {
  for (const other of all.get(name)?.links ?? []) if (!seen.has(other)) reach(other, seen.add(other));
  return seen;
}

function checkInclude(where, module, folder, included, allowed) {
  const other = included.split('/')[0];
  if (!all.has(other)) {
    faults.push(`${where}: "${included}" does not begin with a module; write the whole path from gateway/`);
    return;
  }
  if (!allowed.has(other)) {
    faults.push(`${where}: ${module.name} includes ${included}; it may include only ${list([...allowed])}`);
    return;
  }
  const target = folderInModule(other, `gateway/${included}`);
  const rank = module.folders.indexOf(folder);
  if (other !== module.name || target === folder || rank < 0) return;
  const below = module.folders.slice(0, rank);
  if (!below.includes(target))
    faults.push(
      `${where}: the folder ${folder} includes ${included}; of ${other} it may include only ${list([...below, folder])}`,
    );
}

function checkSources(module) {
  const allowed = reach(module.name);
  for (const file of module.files) {
    const folder = folderInModule(module.name, file);
    for (const [index, line] of read(file).split('\n').entries()) {
      const where = `${file}:${index + 1}`;
      const [, bracket, included] = /^\s*#\s*include\s*(["<])([^">]+)[">]/.exec(line) ?? [];
      if (bracket === '"') checkInclude(where, module, folder, included, allowed);
      if (bracket === '<' && all.has(included.split('/')[0]) && included.endsWith('.hpp'))
        faults.push(`${where}: <${included}> is a header of gateway/; write "${included}"`);
      if (!awaiting.includes(module.name) && /\bco_(?:await|return|yield)\b/.test(line.replace(/\/\/.*/, '')))
        faults.push(`${where}: ${module.name} holds a coroutine; only ${list(awaiting)} may`);
    }
  }
}

for (const module of all.values()) {
  checkLinks(module);
  checkFolders(module);
  checkSources(module);
}
faults.push(...missingPaths([...all.keys()]));

for (const fault of faults) console.log(fault);
console.log(`layering: ${all.size} modules, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

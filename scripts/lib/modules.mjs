// What the build says of the modules of gateway/, and the files that they hold.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const read = (...parts) => readFileSync(path.join(root, ...parts), 'utf8');

/** The modules in the order of CMakeLists.txt, lowest first. */
export function moduleOrder() {
  return /foreach\(module IN ITEMS([^)]*)\)/.exec(read('CMakeLists.txt'))[1].trim().split(/\s+/);
}

/** Paths from the root of every file below `folder` whose name matches, sorted. */
export function filesBelow(folder, pattern = /\.[ch]pp$/) {
  return readdirSync(path.join(root, folder), { recursive: true })
    .filter((file) => pattern.test(file) && !file.includes('node_modules'))
    .map((file) => path.posix.join(folder, file))
    .sort();
}

function describeModule(name) {
  const place = `gateway/${name}/CMakeLists.txt`;
  const text = read(place);
  const [, words] = /postern_module\(\s*\w+([^)]*)\)/.exec(text);
  const after = (keyword) =>
    new RegExp(`\\b${keyword}\\b([^]*?)(?=\\b(?:FOLDERS|DEPS)\\b|$)`).exec(words)?.[1].split(/\s+/).filter(Boolean) ?? [];
  return {
    name,
    folders: after('FOLDERS'),
    links: after('DEPS').flatMap((link) => /^postern_(\w+)$/.exec(link)?.[1] ?? []),
    files: filesBelow(`gateway/${name}`),
    /** Where the module's CMakeLists.txt says that word, or calls postern_module where it does not. */
    placeOf: (word) => {
      const lines = text.split('\n');
      const at = lines.findIndex((line) => line.split(/[\s()]+/).includes(word));
      return `${place}:${at < 0 ? lines.findIndex((line) => line.startsWith('postern_module')) + 1 : at + 1}`;
    },
  };
}

/** All modules by name. */
export function modules() {
  const names = readdirSync(path.join(root, 'gateway')).filter((name) =>
    existsSync(path.join(root, 'gateway', name, 'CMakeLists.txt')),
  );
  return new Map(names.map((name) => [name, describeModule(name)]));
}

/** The folder of a source file inside its module: "." or "tls". */
export function folderInModule(name, file) {
  return path.posix.relative(`gateway/${name}`, path.posix.dirname(file)) || '.';
}

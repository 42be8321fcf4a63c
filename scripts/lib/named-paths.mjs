// Paths of files that prose mentions, such as `net/pools/offload.hpp`, exist.
import { filesBelow, read } from './modules.mjs';

const documents = ['gateway/ARCHITECTURE.md', 'README.md', 'SECURITY.md', 'CONTRIBUTING.md'];

/** The text of a comment of C++ on that line; a URL in a string is none. */
const commentOf = (line) => /(?:^|[^:"])\/\/(.*)/.exec(line)?.[1] ?? '';

// config/ of the root has the name of a module, and prose names the files of both in the same way.
const everyFile = () => new Set([...filesBelow('gateway', /\./), ...filesBelow('config', /\./)]);

/** One sentence for each mention of a file that does not exist. A `*` stands for any part of a file's name. */
export function missingPaths(moduleNames) {
  const files = everyFile();
  const exists = (mention) => {
    if (files.has(mention) || files.has(`gateway/${mention}`)) return true;
    if (!mention.includes('*')) return false;
    const pattern = new RegExp(`^(?:gateway/)?${mention.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    return [...files].some((file) => pattern.test(file));
  };
  const mention = new RegExp(
    `(?<![\\w/.-])(?:gateway/)?(?:${moduleNames.join('|')})(?:/[\\w.*-]+)+\\.(?:[ch]pp|cmake|md|html|css|ya?ml|json)\\b`,
    'g',
  );
  const texts = [
    ...documents.map((file) => [file, (line) => line]),
    ...['gateway', 'tests'].flatMap((folder) => filesBelow(folder)).map((file) => [file, commentOf]),
  ];
  const faults = [];
  for (const [file, prose] of texts) {
    for (const [index, line] of read(file).split('\n').entries()) {
      for (const [found] of prose(line).matchAll(mention)) {
        if (!exists(found))
          faults.push(`${file}:${index + 1}: the text names ${found}; a path may only name a file that exists`);
      }
    }
  }
  return faults;
}

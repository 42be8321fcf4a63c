// A page as people see it: on a wide and a narrow screen, in light and in dark, with screenshots and axe-core's opinion.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { nodeModules, root } from './process.mjs';

const screenshots = path.join(root, 'build/screenshots');
const axe = readFileSync(path.join(nodeModules, 'axe-core/axe.min.js'), 'utf8');

export const looks = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1024, height: 768 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1024, height: 768 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 320, height: 568 } },
];

/** Fails on what axe-core calls serious or critical, and on a page wider than its screen. */
export async function inspect(page, name, look) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}-${look.name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const severe = violations.filter((each) => ['serious', 'critical'].includes(each.impact));
  assert.deepEqual(
    severe.map(
      (each) =>
        `${name} ${look.name}: ${each.id}: ${each.nodes
          .map((node) => node.html)
          .join(' ')
          .slice(0, 300)}`,
    ),
    [],
  );
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overflow <= 0, `${name} ${look.name} is ${overflow} px too wide`);
}

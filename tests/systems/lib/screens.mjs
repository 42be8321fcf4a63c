// What people see of a system, in Chromium: pictures of it, and whether everybody can use it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { launchChromium } from '../../interop/lib/chromium.mjs';
import { nodeModules, root } from '../../interop/lib/process.mjs';

const screenshots = path.join(root, 'build/screenshots');
const axe = readFileSync(path.join(nodeModules, 'axe-core/axe.min.js'), 'utf8');

/** A browser for which the names of the world (`{'acme.example.test': '127.0.1.1'}`) are real. */
export function openBrowser(names) {
  mkdirSync(screenshots, { recursive: true });
  return launchChromium({ resolve: Object.fromEntries(Object.entries(names).map(([name, at]) => [name, `${at}:443`])) });
}

/** Takes a picture of the page and has axe-core look at it. */
export async function look(page, name) {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ').slice(0, 300)}`);
  assert.deepEqual(found, [], name);
}

export async function signIn(page, { user, password }) {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await page.press('input[name=password]', 'Enter');
  await page.waitForSelector('[name=decision][value=approve]', { timeout: 20_000 });
}

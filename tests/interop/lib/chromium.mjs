// A real browser: Debian's Chromium without a display, with a profile of its own that is thrown away.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** `resolve` maps host names to addresses of the loopback: `{'client.example': '127.0.0.1:8443'}`. */
export function launchChromium({ resolve = {} } = {}) {
  if (!existsSync(executablePath)) throw new Error(`no ${executablePath}: run scripts/install-dependencies --tests`);
  const rules = Object.entries(resolve).map(([name, address]) => `MAP ${name} ${address}`);
  return chromium.launch({
    executablePath,
    headless: true,
    timeout: 60_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--ignore-certificate-errors',
      `--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ')}`,
    ],
  });
}

/**
 * Resolves with the URL of the first request `page` makes for which `wanted(url)` holds, whether or not it can be loaded.
 * A redirect that the page's own policy blocks is no request.
 */
export async function requestTo(page, wanted, seconds = 15) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no such request within ${seconds} s; the page is ${page.url()}`)),
      seconds * 1000,
    );
    session.on('Network.requestWillBeSent', ({ request }) => {
      if (!wanted(request.url)) return;
      clearTimeout(timer);
      resolve(request.url);
    });
  });
}

// A person at the pages of their account: with a browser that has scripts and a screen, and with one that has neither.
import assert from 'node:assert/strict';
import { UserAgent, decodeEntities, parseForms } from './browserless.mjs';
import { password } from './gateway.mjs';

/** A browser that is signed in, and has the page open: `{browser, page}`. */
export async function openAccount(gateway, place, { user = 'alice', browser = new UserAgent(), origin } = {}) {
  const url = `${origin ?? gateway.origin}/account/${place}`;
  let page = await browser.open(url);
  const login = parseForms(page.text).find((each) => each.has('password'));
  if (login) page = await browser.submit(page, login, { username: user, password });
  assert.equal(page.status, 200, page.text.slice(0, 500));
  assert.equal(new URL(page.url).pathname, `/account/${place}`, 'signing in leads back to the page');
  return { browser, page };
}

/** What is to be read on a page. */
export const textOf = (html) =>
  decodeEntities(
    html
      .replace(/<(style|title)[\s\S]*?<\/\1>/g, ' ')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' '),
  );

/** The hidden values of the form that `wanted` selects, as they would be sent. */
export function valuesOf(page, wanted) {
  const form = parseForms(page.text).find(wanted);
  assert.ok(form, `no such form: ${textOf(page.text).slice(0, 500)}`);
  return Object.fromEntries(form.fields.filter((each) => each.kind === 'hidden').map((each) => [each.name, each.value]));
}

/** One POST of a form of ours, as a browser sends it. */
export const post = (browser, url, form, options = {}) =>
  browser.request(url, { method: 'POST', form, site: 'same-origin', ...options });

/** Signs in at the page that Chromium shows. */
export async function signIn(page, user = 'alice') {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await page.press('input[name=password]', 'Enter');
  await page.waitForURL(/\/account\//, { timeout: 20_000 });
}

// A person who signs in at an OpenID provider: from our sign-in page, through the provider, and back.
import assert from 'node:assert/strict';
import { UserAgent, parseForms } from './browserless.mjs';

export const providerForm = (page) => parseForms(page.text).find((form) => form.has('provider'));
export const consentForm = (page) => parseForms(page.text).find((form) => form.has('decision'));

export class Traveller extends UserAgent {
  /** Opens an address of ours that leads to the sign-in page, and presses the provider's button: where that leads. */
  async leave(url, provider) {
    this.loginPage = await this.open(url);
    const form = providerForm(this.loginPage);
    assert.ok(form, `no sign-in page with providers but ${this.loginPage.status}: ${this.loginPage.text.slice(0, 500)}`);
    const answer = await this.submit(this.loginPage, form, { provider });
    assert.ok(answer.redirect, `no way to the provider but ${answer.status}: ${answer.text.slice(0, 1500)}`);
    return answer.redirect;
  }

  /** Signs in at oidc-provider as `login`, or is known there: the address it sends the browser back to. */
  async signInThere(url, login) {
    let page = await this.open(url.href ?? url, { site: 'cross-site' });
    for (let steps = 0; !page.redirect; ++steps) {
      const [form] = parseForms(page.text);
      assert.ok(form && steps < 4, `the provider says ${page.status}: ${page.text.slice(0, 1500)}`);
      page = await this.submit(page, form, { login, password: 'x' });
    }
    return page.redirect;
  }

  /** Comes back: the page that it ends at. */
  comeBack(url) {
    return this.open(url.href ?? url, { site: 'cross-site' });
  }

  /** All of it: the page after signing in, usually consent. */
  async signIn(url, provider, login) {
    return this.comeBack(await this.signInThere(await this.leave(url, provider), login));
  }

  /** Decides on a consent page: the answer of the client's request, by name. */
  async decide(page, { decision = 'approve', tenant } = {}) {
    const form = consentForm(page);
    assert.ok(form, `no consent page but ${page.status}: ${page.text.slice(-1500)}`);
    const end = await this.submit(page, form, { decision, ...(tenant ? { tenant } : {}) });
    assert.ok(end.redirect, `no redirect to the client but ${end.status}: ${end.text.slice(-1500)}`);
    return Object.fromEntries(end.redirect.searchParams);
  }
}

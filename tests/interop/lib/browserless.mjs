// A person without a browser: keeps cookies, follows redirects one by one, fills in plain HTML forms.
import { send } from './http.mjs';

export class UserAgent {
  #cookies = new Map();

  constructor({ agent, seconds = 30 } = {}) {
    this.agent = agent;
    this.seconds = seconds;
    this.pages = [];
  }

  cookieHeader(url) {
    const { hostname, pathname } = new URL(url);
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === hostname && pathname.startsWith(cookie.path))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }

  cookies() {
    return [...this.#cookies.values()];
  }

  #store(url, lines) {
    const host = new URL(url).hostname;
    for (const line of lines) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      const named = Object.fromEntries(
        attributes.map((attribute) => {
          const [name, value = ''] = attribute.split('=');
          return [name.toLowerCase(), value];
        }),
      );
      const cookie = {
        host,
        name: pair.slice(0, equals),
        value: pair.slice(equals + 1),
        path: named.path || '/',
        attributes: named,
      };
      const key = `${host} ${cookie.path} ${cookie.name}`;
      const gone =
        named['max-age'] !== undefined
          ? Number(named['max-age']) <= 0
          : named.expires && Date.parse(named.expires) <= Date.now();
      if (gone) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** One navigation, as a browser sends it. Redirects are not followed. */
  async request(url, { method = 'GET', form, headers = {}, site = 'none' } = {}) {
    const cookie = this.cookieHeader(url);
    const answer = await send(url, {
      method,
      form,
      agent: this.agent,
      seconds: this.seconds,
      headers: {
        Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'Sec-Fetch-Dest': 'document',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Site': site,
        'Sec-Fetch-User': '?1',
        ...(method === 'POST' ? { Origin: new URL(url).origin } : {}),
        ...(cookie ? { Cookie: cookie } : {}),
        ...headers,
      },
    });
    this.#store(url, answer.headers['set-cookie'] ?? []);
    answer.url = url;
    answer.location = answer.headers.location?.[0];
    this.pages.push(answer);
    return answer;
  }

  /** Follows redirects within the origin of `url`. Returns the page, or the answer whose `redirect` leads elsewhere. */
  async open(url, options = {}) {
    let answer = await this.request(url, options);
    for (let hops = 0; ; ++hops) {
      const next = answer.location ?? refreshTarget(answer);
      if (next === undefined || answer.status >= 400) return answer;
      if (hops === 10) throw new Error(`more than ten redirects from ${url}`);
      const target = new URL(next, answer.url);
      if (target.origin !== new URL(url).origin) return Object.assign(answer, { redirect: target });
      answer = await this.request(target.href, { site: 'same-origin' });
    }
  }

  /** Fills in and sends one form of a page. */
  async submit(page, form, values) {
    const fields = new URLSearchParams();
    for (const field of form.fields) {
      if (field.kind === 'hidden') fields.append(field.name, field.value);
      else if (field.kind === 'choice') {
        if ((values[field.name] ?? field.options[0]) === undefined) continue;
        fields.append(field.name, values[field.name] ?? field.selected ?? field.options[0]);
      } else if (field.kind === 'text') fields.append(field.name, values[field.name] ?? field.value);
      else if (field.kind === 'checkbox' && field.checked) fields.append(field.name, field.value);
    }
    const button =
      form.buttons.find((each) => each.name && values[each.name] === each.value) ??
      form.buttons.find((each) => each.name && !(each.name in values) && form.buttons.length === 1);
    if (button) fields.append(button.name, button.value);
    const action = new URL(form.action || page.url, page.url).href;
    if (form.method !== 'post') return this.open(`${action.split('?')[0]}?${fields}`, { site: 'same-origin' });
    return this.open(action, { method: 'POST', form: fields, site: 'same-origin' });
  }

  /**
   * Goes through sign-in, tenant and consent. Returns the last answer: `redirect` is where the client was called back,
   * undefined when it ended on a page.
   */
  async authorize(url, { username, password, tenant, decision = 'approve' }) {
    let page = await this.open(url);
    let signedIn = false;
    for (let steps = 0; steps < 6; ++steps) {
      if (page.redirect || page.status >= 400) return page;
      const forms = parseForms(page.text);
      const form =
        forms.find((each) => each.has('password')) ??
        forms.find((each) => each.has('decision')) ??
        forms.find((each) => each.has('tenant'));
      if (!form || (signedIn && form.has('password'))) return page;
      signedIn ||= form.has('password');
      page = await this.submit(page, form, { username, password, ...(tenant ? { tenant } : {}), decision });
    }
    throw new Error(`no end to the forms at ${url}`);
  }
}

function refreshTarget(answer) {
  const meta = /<meta[^>]+http-equiv=["']?refresh["']?[^>]*>/i.exec(answer.text)?.[0];
  const target = meta && /url=([^"'>]+)/i.exec(meta)?.[1];
  return target && decodeEntities(target);
}

/** The forms of a page: `{action, method, fields, buttons, has(name)}`. */
export function parseForms(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, opening, inside]) => {
    const { action, method = 'get' } = attributesOf(opening);
    const form = { action, method: method.toLowerCase(), fields: [], buttons: [] };
    for (const [tag, name] of inside.matchAll(/<(input|button|select|textarea)\b[^>]*>/gi))
      addField(form, name.toLowerCase(), attributesOf(tag), inside);
    form.has = (name) =>
      form.fields.some((field) => field.name === name) || form.buttons.some((button) => button.name === name);
    return form;
  });
}

function addField(form, tag, attributes, inside) {
  const { name, type = tag === 'button' ? 'submit' : 'text', value = '' } = attributes;
  if (tag === 'button' || type === 'submit') {
    form.buttons.push({ name, value });
  } else if (!name || 'disabled' in attributes) {
    return;
  } else if (tag === 'select') {
    const body = inside.slice(inside.indexOf(`name="${name}"`)).split(/<\/select>/i)[0];
    const options = [...body.matchAll(/<option\b([^>]*)>/gi)].map(([, each]) => attributesOf(each));
    form.fields.push({
      kind: 'choice',
      name,
      options: options.map((each) => each.value),
      selected: options.find((each) => 'selected' in each)?.value,
    });
  } else if (type === 'radio') {
    let field = form.fields.find((each) => each.name === name);
    if (!field) form.fields.push((field = { kind: 'choice', name, options: [] }));
    field.options.push(value);
    if ('checked' in attributes) field.selected = value;
  } else if (type === 'checkbox') {
    form.fields.push({ kind: 'checkbox', name, value: value || 'on', checked: 'checked' in attributes });
  } else {
    form.fields.push({ kind: type === 'hidden' ? 'hidden' : 'text', name, value });
  }
}

function attributesOf(tag) {
  const attributes = {};
  for (const [, name, double, single, bare] of tag.matchAll(
    /([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g,
  )) {
    attributes[name.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '');
  }
  return attributes;
}

export function decodeEntities(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) =>
    hex
      ? String.fromCodePoint(parseInt(hex, 16))
      : decimal
        ? String.fromCodePoint(Number(decimal))
        : (named[name] ?? whole),
  );
}

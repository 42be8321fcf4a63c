// People at the sign-in page, each at an address of their own. The gateway must trust 127.0.0.0/8 as a proxy.
import assert from 'node:assert/strict';
import { UserAgent, parseForms } from './browserless.mjs';

export class Visitor extends UserAgent {
  /** A browser at that address. `from` may be changed: people take their browsers along. */
  constructor(gateway, from) {
    super({ seconds: 120 });
    this.gateway = gateway;
    this.from = from;
  }

  request(url, { headers = {}, ...options } = {}) {
    return super.request(url, { ...options, headers: { 'X-Forwarded-For': this.from, ...headers } });
  }

  /** The page that shows the form, as it is answered. */
  look() {
    return this.request(`${this.gateway.origin}/login?continue=/account/apps`);
  }

  /** Sends the form, whose page is fetched once, so that every further call is one request. Returns the answer. */
  async signIn(username, password, { from = this.from } = {}) {
    this.form ??= this.look().then((page) => {
      assert.equal(page.status, 200, page.text.slice(-500));
      const form = parseForms(page.text).find((each) => each.has('password'));
      const hidden = form.fields.filter((field) => field.kind === 'hidden');
      return Object.fromEntries(hidden.map((field) => [field.name, field.value]));
    });
    return this.request(`${this.gateway.origin}/login`, {
      method: 'POST',
      form: { ...(await this.form), username, password },
      headers: { 'X-Forwarded-For': from },
      site: 'same-origin',
    });
  }
}

/** `connections` at once go on guessing passwords of names that nobody has; `addressOf(n)` says where the try `n` comes from. */
export function startGuessing(gateway, { connections, addressOf }) {
  const visitor = new Visitor(gateway, addressOf(0));
  const answers = new Map(); // the last one of each status, and how many there were
  let tries = 0;
  let over = false;
  const guess = async () => {
    while (!over) {
      const from = addressOf(++tries);
      const answer = await visitor.signIn(`nobody-${tries}`, 'guess', { from });
      answers.set(answer.status, { answer, count: (answers.get(answer.status)?.count ?? 0) + 1 });
      visitor.pages.length = 0;
    }
  };
  const ended = Promise.all(Array.from({ length: connections }, guess));
  return {
    answers,
    stop: () => {
      over = true;
      return ended;
    },
  };
}

/** Guesses at one name from ever new networks until strangers are told to wait: how many guesses that took. */
export async function guessUntilPaused(gateway, name, { most = 200 } = {}) {
  const visitor = new Visitor(gateway, '203.0.113.1');
  for (let i = 0; i < most; ++i) {
    const from = `100.64.${i}.1`;
    const { status } = await visitor.signIn(name, 'guess', { from });
    if (status === 429) return i;
    assert.equal(status, 403, `guess ${i}`);
  }
  throw new Error(`${most} guesses at ${name} and no pause`);
}

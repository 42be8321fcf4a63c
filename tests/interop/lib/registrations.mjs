// Strangers that register clients, each at an address of its own. The gateway must trust 127.0.0.0/8 as a proxy.
import assert from 'node:assert/strict';
import http from 'node:http';
import { send } from './http.mjs';

/** An IPv6 /64 of its own for each number, all in one /48. */
export const crowd = (number) => `2001:db8:7:${(number % 0xffff).toString(16)}::1`;

export class Registrations {
  #made = 0;

  constructor(gateway) {
    this.gateway = gateway;
  }

  /** The answer to one registration from that address, of metadata that nobody sent before. */
  send(address, { kilobytes = 0, redirect = 'https://app.example.test/callback', agent } = {}) {
    const padding = Array.from({ length: kilobytes }, (_, n) => `https://app.example.test/${'x'.repeat(1000)}${n}`);
    return send(`${this.gateway.origin}/oauth/register`, {
      agent,
      headers: { 'X-Forwarded-For': address },
      json: {
        client_name: `Stranger ${++this.#made}`,
        redirect_uris: [redirect, ...padding],
        token_endpoint_auth_method: 'none',
      },
    });
  }

  /** Registers one client: its id. */
  async one(address, options) {
    const answer = await this.send(address, options);
    assert.equal(answer.status, 201, answer.text.slice(0, 300));
    return answer.json().client_id;
  }

  /** `count` registrations, 16 at a time: how many there were with each status. */
  async flood(count, addressOf, options) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    const answers = new Map();
    let next = 0;
    const work = async () => {
      while (next < count) {
        const { status } = await this.send(addressOf(next++), { ...options, agent });
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    agent.destroy();
    return answers;
  }
}

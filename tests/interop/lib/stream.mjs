// An answer read while it comes: for event streams, and for what ends before its time.
import http from 'node:http';
import https from 'node:https';
import { rpc } from './mcp.mjs';
import { until, within } from './wait.mjs';

/**
 * Sends a message, or asks for the GET stream. Returns once the head of the answer is there:
 * `{status, headers, bytes, text, sees(), ended, close()}`.
 * `ended` resolves with 'end' after a whole answer, and with 'cut' when the connection broke off inside it.
 */
export async function openStream(url, { token, message, headers = {}, signal } = {}) {
  const payload = message && JSON.stringify(message);
  const request = (url.startsWith('https:') ? https : http).request(url, {
    method: message ? 'POST' : 'GET',
    signal,
    agent: false,
    headers: {
      Accept: message ? 'application/json, text/event-stream' : 'text/event-stream',
      ...(payload ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) } : {}),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  const opened = new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', resolve);
  });
  request.on('error', () => {});
  request.end(payload);
  const response = await within(30, `an answer of ${url}`, opened);
  const parts = [];
  const stream = {
    status: response.statusCode,
    headers: response.headers,
    response,
    get bytes() {
      return Buffer.concat(parts);
    },
    get text() {
      return this.bytes.toString('utf8');
    },
    sees: (what, seconds = 15) => until(`"${what}" on the stream`, () => stream.text.includes(what), { seconds }),
    close: () => request.destroy(),
  };
  stream.ended = new Promise((resolve) => {
    response.on('data', (part) => parts.push(part));
    response.once('end', () => resolve(response.complete ? 'end' : 'cut'));
    response.once('error', () => resolve('cut'));
    response.once('close', () => resolve('cut'));
  });
  return stream;
}

/** One event with JSON as its data. */
export const event = (data, id) => `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** Something that happens once: `const seen = moment(); seen.fire(); await seen`. */
export function moment() {
  let fire;
  const promise = new Promise((resolve) => {
    fire = resolve;
  });
  return Object.assign(promise, { fire });
}

/** A notification that a server may send on any stream. */
export const note = (data) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });
/** Begins a stream of events, in a server. */
export const begin = (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' });
/** A call that may be answered with one. */
export const call = () => rpc('tools/call', { name: 'echo', arguments: {} });

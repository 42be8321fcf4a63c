// A server with long lists of tools: many that everybody may see, and one that nobody may.
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { rpc } from './mcp.mjs';

/** The result of tools/list, about that long. `get-env` is out of reach by the policy of most tests. */
export function longList(bytes) {
  const description = 'd'.repeat(900);
  const tools = [{ name: 'get-env', inputSchema: { type: 'object' } }];
  for (let n = 0; n * 1000 < bytes; ++n) tools.push({ name: `tool-${n}`, description, inputSchema: { type: 'object' } });
  return Buffer.from(JSON.stringify({ tools }));
}

/**
 * Answers tools/list with `result` (the bytes of it), as an event where the params ask for `cursor: 'events'`; all
 * other messages are left to the server. `finish(end)` may put off what ends an answer.
 */
export const answerWith = (result, finish = (end) => end()) => (message, request, response) => {
  if (message?.method !== 'tools/list') return false;
  const events = message.params?.cursor === 'events';
  response.writeHead(200, { 'Content-Type': events ? 'text/event-stream' : 'application/json' });
  response.write(`${events ? 'data: ' : ''}{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":`);
  response.write(result);
  finish(() => response.end(events ? '}\n\n' : '}'));
  return true;
};

/** A request for a list, on a connection of its own; the caller listens for its answer. */
export function listRequest(resource, token, cursor) {
  const request = http.request(resource, {
    method: 'POST',
    agent: false,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    },
  });
  request.on('error', () => {});
  request.end(JSON.stringify(rpc('tools/list', { cursor })));
  return request;
}

/** MiB that a process has held at most since it began, or since `forgetPeak()`. */
export async function peakOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
}

/** proc(5), clear_refs: 5 sets the peak to what is held now. */
export async function forgetPeak(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

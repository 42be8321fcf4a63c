// How long calls take that an attack should not touch.
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { callTool } from '../../interop/lib/mcp.mjs';

/** The `share` (0 to 1) of `values`, by rank. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? undefined : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * Calls a tool over and over, on one connection, while `attack()` runs. Returns what the attack returned, with
 * `{calls, failed, p99_ms}`: how many calls there were, how many of them did not end with 200, and how long they took.
 * `options`: of the connection's agent.
 */
export async function meanwhile(resource, token, attack, options = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, ...options });
  const took = [];
  let failed = 0;
  let over = false;
  const calling = (async () => {
    while (!over) {
      const begun = performance.now();
      const { status } = await callTool(resource, token, 'echo', {}, { agent }).catch(() => ({ status: 0 }));
      took.push(performance.now() - begun);
      if (status !== 200) ++failed;
    }
  })();
  const result = await attack().finally(() => {
    over = true;
  });
  await calling;
  agent.destroy();
  return { result, calls: took.length, failed, p99_ms: Number(percentile(took, 0.99).toFixed(2)) };
}

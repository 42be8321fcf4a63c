// A stdio server of revision 2026-07-28, without a library: no sessions, every request by itself.
import { createInterface } from 'node:readline';

const key = (name) => `io.modelcontextprotocol/${name}`;
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const complete = (result) => ({ resultType: 'complete', ...result });
const listening = new Set();
let asked = 0;

const cached = { ttlMs: 0, cacheScope: 'private' };
const tools = ['echo', 'pid', 'change', 'hold', 'forbidden'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const changed = (subscription) => ({
  method: 'notifications/tools/list_changed',
  params: { _meta: { [key('subscriptionId')]: subscription } },
});

const results = {
  'server/discover': () =>
    complete({ ...cached, supportedVersions: ['2026-07-28'], capabilities: { tools: { listChanged: true } } }),
  'tools/list': () => complete({ ...cached, tools }),
  'tools/call': ({ name, arguments: args, _meta }, id) => {
    const said = (text) => complete({ content: [{ type: 'text', text }] });
    if (name === 'pid') return said(String(process.pid));
    if (name === 'hold') {
      process.stderr.write('holding\n');
      return undefined;
    }
    if (name === 'change') for (const subscription of listening) send(changed(subscription));
    if (_meta.progressToken !== undefined)
      send({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress: 1 } });
    asked += id > 0;
    return said(args?.message ?? `asked ${asked}`);
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'notifications/cancelled') {
    listening.delete(params.requestId);
    process.stderr.write('cancelled\n');
  } else if (method === 'subscriptions/listen') {
    listening.add(id);
    const acknowledged = { _meta: { [key('subscriptionId')]: id }, notifications: params.notifications };
    send({ method: 'notifications/subscriptions/acknowledged', params: acknowledged });
  } else if (results[method]) {
    const result = results[method](params, id);
    if (result) send({ id, result });
  } else if (id !== undefined) {
    send({ id, error: { code: -32601, message: `Method not found: ${method}` } });
  }
});

// A stdio server of both eras, without a library, that says and asks by itself whatever its client is: what a server
// that many share must be kept from saying to the wrong one. Lines are cut where node:readline cuts them.
import { createInterface } from 'node:readline';

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const said = (text) => ({ resultType: 'complete', content: [{ type: 'text', text }] });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const waiting = new Map();
let asked = 0;

const ask = (method, params) =>
  new Promise((resolve) => {
    asked += 1;
    waiting.set(`q${asked}`, resolve);
    send({ id: `q${asked}`, method, params });
  });

const tools = {
  echo: ({ message }) => said(message),
  /** Logs and asks about what it was given, after a while. */
  work: async ({ text, milliseconds = 0 }) => {
    process.stderr.write(`working on ${text}\n`);
    await wait(milliseconds);
    send({ method: 'notifications/message', params: { level: 'info', data: `working on ${text}` } });
    const requestedSchema = { type: 'object', properties: { ok: { type: 'string' } } };
    const answer = await ask('elicitation/create', { message: `confirm ${text}`, requestedSchema });
    send({ method: 'notifications/tools/list_changed' });
    process.stderr.write(`worked on ${text}\n`);
    return said(`confirmed by ${JSON.stringify(answer)}`);
  },
};

const capabilities = { tools: {}, logging: {}, resources: { subscribe: true } };
const results = {
  initialize: ({ protocolVersion, ...others }) => {
    process.stderr.write(`initialize ${JSON.stringify({ protocolVersion, ...others })}\n`);
    return { protocolVersion, capabilities, serverInfo: { name: 'shared', version: '1' } };
  },
  'tools/list': () => ({ tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  'tools/call': ({ name, arguments: args = {} }) => tools[name](args),
  'resources/subscribe': () => ({}),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (!method) {
    waiting.get(id)?.(result ?? error);
    waiting.delete(id);
  } else if (id !== undefined) {
    send({ id, result: results[method] ? await results[method](params) : {} });
  }
});

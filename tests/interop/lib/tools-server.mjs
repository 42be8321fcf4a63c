// A small MCP server made with the official SDK, whose tools do what a gateway must carry: questions to the client,
// progress, logs, long silence, sudden death. `createServer()` for any transport; run by itself it speaks stdio.
import { pathToFileURL } from 'node:url';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const said = (value) => ({ content: [{ type: 'text', text: textOf(value) }] });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Each gets `(arguments, extra, server)`. */
const tools = {
  echo: ({ message }) => said(message),
  pid: () => said(String(process.pid)),
  environment: () => said(process.env),
  folder: () => said(process.cwd()),
  shout: ({ line }) => {
    process.stderr.write(`${line}\n`);
    return said('said');
  },
  babble: () => {
    process.stdout.write('this is no JSON-RPC\n');
    return said('babbled');
  },
  crash: () => process.exit(7),
  /** Never answers; tells on standard error when it is cancelled. */
  hold: (_, { signal }) =>
    new Promise(() => {
      process.stderr.write('holding\n');
      signal.addEventListener('abort', () => process.stderr.write('hold was cancelled\n'));
    }),
  holdAndTell: (_, { signal }, server) =>
    new Promise(() => {
      server.held = (server.held ?? 0) + 1;
      signal.addEventListener('abort', () => {
        server.cancelled = (server.cancelled ?? 0) + 1;
      });
    }),
  held: (_, __, server) => said({ held: server.held ?? 0, cancelled: server.cancelled ?? 0 }),
  /** Closes its stream, over HTTP, and answers when it is asked again. */
  poll: async ({ milliseconds }, { closeSSEStream }) => {
    closeSSEStream?.();
    await wait(milliseconds);
    return said('polled');
  },
  /** Says something after its answer. */
  later: ({ text }, _, server) => {
    setTimeout(() => server.sendLoggingMessage({ level: 'info', data: text }), 50);
    return said('later');
  },
  pause: async ({ milliseconds }) => {
    process.stderr.write('pausing\n');
    await wait(milliseconds);
    return said('paused');
  },
  count: async ({ to, every }, { sendNotification, _meta }) => {
    for (let progress = 1; progress <= to; progress += 1) {
      if (every) await wait(every);
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: _meta.progressToken, progress, total: to },
      });
    }
    return said('counted');
  },
  note: async ({ text }, _, server) => {
    await server.sendLoggingMessage({ level: 'info', data: text });
    return said('noted');
  },
  sample: async (_, __, server) =>
    said(
      await server.createMessage({
        messages: [{ role: 'user', content: { type: 'text', text: 'Say a word' } }],
        maxTokens: 5,
      }),
    ),
  elicit: async (_, __, server) =>
    said(
      await server.elicitInput({
        message: 'Which colour?',
        requestedSchema: { type: 'object', properties: { colour: { type: 'string' } } },
      }),
    ),
  roots: async (_, __, server) => said((await server.listRoots()).roots.map((root) => root.uri).join()),
};

export function createServer() {
  const capabilities = { tools: { listChanged: true }, logging: {} };
  const server = new Server({ name: 'tools', version: '1' }, { capabilities });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    tools[params.name](params.arguments ?? {}, extra, server),
  );
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  // `deaf` servers take no notice of the end of their input, nor of SIGTERM.
  if (process.argv.includes('deaf')) {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
  }
  if (process.argv.includes('stillborn')) process.exit(3);
  await createServer().connect(new StdioServerTransport());
}

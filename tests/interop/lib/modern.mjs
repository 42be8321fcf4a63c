// A small MCP server of revision 2026-07-28: no sessions, every request by itself, strict about its headers. It answers
// `initialize` as well, so that clients of both eras can be tried on one address.
const version = '2026-07-28';
const key = (name) => `io.modelcontextprotocol/${name}`;

/** The `_meta` of a request of this revision. */
export const meta = (changes = {}) => ({
  [key('protocolVersion')]: version,
  [key('clientInfo')]: { name: 'raw', version: '1' },
  [key('clientCapabilities')]: {},
  ...changes,
});

/** The headers that mirror a message. */
export const mirrored = (message) => {
  const name = message.params?.name ?? message.params?.uri;
  return {
    'MCP-Protocol-Version': message.params?._meta?.[key('protocolVersion')] ?? version,
    'Mcp-Method': message.method,
    ...(name === undefined ? {} : { 'Mcp-Name': name }),
  };
};

const text = { type: 'string' };
export const tools = [
  { name: 'echo', inputSchema: { type: 'object', properties: { message: text } } },
  { name: 'get-sum', inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } } },
  { name: 'get-env', inputSchema: { type: 'object' } },
  { name: 'größe ✓', inputSchema: { type: 'object' } },
  { name: 'routed', inputSchema: { type: 'object', properties: { region: { ...text, 'x-mcp-header': 'Region' } } } },
  { name: 'slow', inputSchema: { type: 'object' } },
];

const cached = { ttlMs: 0, cacheScope: 'private' };
const serverInfo = { [key('serverInfo')]: { name: 'modern', version: '1' } };
const complete = (result) => ({ resultType: 'complete', _meta: serverInfo, ...result });
const said = (words) => complete({ content: [{ type: 'text', text: words }] });

const results = {
  'server/discover': () =>
    complete({
      ...cached,
      supportedVersions: [version],
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
    }),
  'tools/list': () => complete({ ...cached, tools }),
  'resources/list': () =>
    complete({ ...cached, resources: ['demo://a', 'demo://b'].map((uri) => ({ uri, name: uri })) }),
  'resources/read': ({ uri }) => complete({ ...cached, contents: [{ uri, text: `this is ${uri}` }] }),
  'tools/call': ({ name, arguments: args = {} }, request) => {
    if (name === 'get-sum') return said(String(args.a + args.b));
    if (name === 'routed') return said(`region ${request.headers['mcp-param-region']}`);
    return said(args.message ?? name);
  },
};

const decode = (value) =>
  value?.startsWith('=?base64?') ? Buffer.from(value.slice(9, -2), 'base64').toString('utf8') : value;

/** What a server of this revision has to refuse: `[status, code]`. */
function fault({ method, params }, { headers }) {
  const name = params?.name ?? params?.uri;
  const mirror = headers['mcp-protocol-version'] === version && headers['mcp-method'] === method;
  if (!mirror || (name !== undefined && decode(headers['mcp-name']) !== name)) return [400, -32020];
  if (!params?._meta?.[key('clientCapabilities')]) return [400, -32602];
  return results[method] || method === 'subscriptions/listen' ? undefined : [404, -32601];
}

const json = (response, status, message, headers = {}) =>
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...headers })
    .end(JSON.stringify({ jsonrpc: '2.0', ...message }));

/**
 * For `RecordingUpstream.start({ answer: modern(events) })`. `events.listening(send, response, message)` is called for
 * each subscription once it was acknowledged, `events.slow(response, message)` for calls of `slow`.
 */
export function modern(events = {}) {
  return (message, request, response) => {
    const { id, method, params } = message ?? {};
    const isModern = params?._meta?.[key('protocolVersion')] !== undefined;
    const refused = isModern ? fault(message, request) : undefined;
    if (request.method !== 'POST') response.writeHead(405, { Allow: 'POST' }).end();
    else if (id === undefined) response.writeHead(202).end();
    else if (!isModern) legacy(message, response);
    else if (refused) json(response, refused[0], { id, error: { code: refused[1], message: `refused: ${method}` } });
    else if (method === 'subscriptions/listen') listen(message, response, events);
    else if (params.name === 'slow') events.slow(response, message);
    // A server of this revision has no sessions; one that sends an id all the same must not confuse anybody.
    else json(response, 200, { id, result: results[method](params, request) }, { 'Mcp-Session-Id': 'stray' });
    return true;
  };
}

function listen({ id, params }, response, events) {
  const send = (name, more) => {
    const _meta = { [key('subscriptionId')]: id };
    const notification = { jsonrpc: '2.0', method: `notifications/${name}`, params: { _meta, ...more } };
    response.write(`data: ${JSON.stringify(notification)}\n\n`);
  };
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  send('subscriptions/acknowledged', { notifications: params.notifications });
  events.listening?.(send, response);
}

function legacy({ id, method, params }, response) {
  const answers = {
    initialize: () => ({
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'modern', version: '1' },
    }),
    'tools/list': () => ({ tools }),
    'tools/call': () => ({ content: [{ type: 'text', text: params.arguments?.message ?? params.name }] }),
  };
  const session = method === 'initialize' ? { 'Mcp-Session-Id': `session-${id}` } : {};
  json(response, 200, { id, result: answers[method]?.() ?? {} }, session);
}

// MCP calls without a library, for tests that look at the HTTP answer itself.
import { send } from './http.mjs';

let lastId = 0;

/** One POST. Returns the HTTP answer, with the JSON-RPC message (from JSON or from the event stream) as `message`. */
export async function post(url, message, { token, session, headers = {}, ...options } = {}) {
  const answer = await send(url, {
    json: message,
    headers: {
      Accept: 'application/json, text/event-stream',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(session ? { 'Mcp-Session-Id': session } : {}),
      ...headers,
    },
    ...options,
  });
  answer.message = messageOf(answer);
  return answer;
}

export function messageOf(answer) {
  const type = answer.headers['content-type']?.[0] ?? '';
  if (/^application\/json/.test(type)) return answer.text ? answer.json() : undefined;
  if (!/^text\/event-stream/.test(type)) return undefined;
  const data = [...answer.text.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).filter(Boolean);
  return data.map((line) => JSON.parse(line)).find((each) => 'result' in each || 'error' in each);
}

export const rpc = (method, params) => ({ jsonrpc: '2.0', id: ++lastId, method, ...(params ? { params } : {}) });

export const ping = (url, token, options) => post(url, rpc('ping'), { token, ...options });

export const callTool = (url, token, name, args = {}, options = {}) =>
  post(url, rpc('tools/call', { name, arguments: args }), { token, ...options });

/** Opens a session: its id. */
export async function initialize(url, token, options = {}) {
  const answer = await post(
    url,
    rpc('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    }),
    { token, ...options },
  );
  if (answer.status !== 200) throw new Error(`initialize: ${answer.status} ${answer.text}`);
  const session = answer.headers['mcp-session-id']?.[0];
  await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, { token, session, ...options });
  return session;
}

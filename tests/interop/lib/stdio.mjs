// Gateways in front of a server that they run themselves, and clients that answer what such a server asks.
import path from 'node:path';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Gateway, everythingPolicy } from './gateway.mjs';
import { nodeModules, root } from './process.mjs';
import { SdkClient, textOf } from './sdk.mjs';

const server = path.join(nodeModules, '@modelcontextprotocol/server-everything');
export const everything = [process.execPath, path.join(server, 'dist/index.js'), 'stdio'];
export const toolsServer = [process.execPath, path.join(root, 'tests/interop/lib/tools-server.mjs')];

export const open = { ...everythingPolicy, rules: [{ tools: ['forbidden'], deny: true }] };

/** A gateway that runs `command`; `settings` are further keys of its upstream. */
export const startStdio = ({ name, command = toolsServer, settings = {}, policy = open, ...options }) =>
  Gateway.start({
    name,
    policy,
    configure: (config) => {
      // What the server prints tells tests what reached it.
      config.upstreams.everything = { command, log_stderr: true, ...settings };
    },
    ...options,
  });

/** What a client says it can do, and answers; `asked` collects the questions. */
export const capable = { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } };
export function answering(client, asked = []) {
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    asked.push(params.messages[0].content.text);
    return { model: 'test', role: 'assistant', content: { type: 'text', text: 'a word' } };
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message);
    return { action: 'accept', content: { colour: 'blue' } };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///work', name: 'work' }] }));
  return asked;
}

export const connect = (gateway, options = {}) => SdkClient.connect('v1', gateway.resource, options);

export const ask = async (sdk, name, args) => textOf(await sdk.client.callTool({ name, arguments: args }));

export const pidOf = async (sdk) => Number(await ask(sdk, 'pid'));

export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The lines of that event in the gateway's log. */
export const events = (gateway, event) =>
  gateway
    .logs()
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
    .map((line) => JSON.parse(line));

// The client that the conformance suites try: `node conformance-client.mjs [--through-gateway] URL`. It does all that a
// server offers, with SDK v2. Through the gateway it signs in first, so that what the suite sees behind is what a
// client's call looks like after both.
import { Gateway } from './gateway.mjs';
import { Provider, SdkClient } from './sdk.mjs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const behind = new URL(process.argv.at(-1));
// The suite listens on 127.0.0.1 alone, see suiteClient().
behind.hostname = '127.0.0.1';
const modern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

const options = {
  capabilities: { roots: {}, sampling: {}, elicitation: { form: { applyDefaults: true } } },
  versionNegotiation: { mode: modern ? { pin: '2026-07-28' } : 'legacy' },
};

const prepare = (client) => {
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  client.setRequestHandler('roots/list', () => ({ roots: [] }));
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: 'sampled' },
  }));
};

/** A value for each argument that a tool's schema requires. */
function argumentsFor(tool, tools) {
  const example = ({ type, enum: values }) =>
    values?.[0] ??
    { number: 5, integer: 5, boolean: true, array: [], object: tools[0].inputSchema }[type] ??
    'text';
  const { properties = {}, required = [] } = tool.inputSchema;
  return Object.fromEntries(required.map((name) => [name, example(properties[name] ?? {})]));
}

async function tryEverything(client) {
  const { tools } = await client.listTools();
  const calls = context.toolCalls ?? tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool, tools) }));
  // Side by side, as a model that calls several tools at once does.
  for (const { reason } of await Promise.allSettled(calls.map((call) => client.callTool(call))))
    // One scenario sends a result that this SDK does not take.
    if (reason && reason.code !== 'INVALID_RESULT') throw reason;
  const capabilities = client.getServerCapabilities() ?? {};
  if (capabilities.resources)
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  if (capabilities.prompts)
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name, arguments: {} });
}

async function direct() {
  const client = new Client({ name: 'conformance-client', version: '1.0.0' }, options);
  prepare(client);
  await client.connect(new StreamableHTTPClientTransport(behind));
  await tryEverything(client);
  await client.close();
}

async function throughGateway() {
  const gateway = await Gateway.start({ name: 'conformance-client', upstream: behind.href });
  try {
    const sdk = await SdkClient.connect('v2', gateway.resource, { provider: new Provider(), options, prepare });
    await tryEverything(sdk.client);
    await sdk.close();
  } finally {
    await gateway.stop();
  }
}

await (process.argv.includes('--through-gateway') ? throughGateway() : direct());

// An MCP server as it stood before there was a gateway: no authentication, and whose data it shows is what X-Tenant says.
import http from 'node:http';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const object = (properties = {}, required = []) => ({ type: 'object', properties, required });

/** A tool: `run(arguments, tenant)` returns what it says, an object. */
export const tool = (description, run, properties, required) => ({
  description,
  run,
  inputSchema: object(properties, required),
});

function createServer(name, tools, tenant) {
  const server = new Server({ name, version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(tools).map(([tool, { description, inputSchema }]) => ({ name: tool, description, inputSchema })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const found = tools[params.name];
    if (!found) return { isError: true, content: [{ type: 'text', text: `there is no tool ${params.name}` }] };
    const said = found.run(params.arguments ?? {}, tenant);
    return { content: [{ type: 'text', text: JSON.stringify(said) }], structuredContent: said };
  });
  return server;
}

/** Serves `tools` at http://HOST:PORT/mcp: `{url, stop()}`. Port 0 takes a free one. */
export async function serveLegacy({ name, tools, port = 0, host = '127.0.0.1' }) {
  const sessions = new Map();
  const http1 = http.createServer(async (request, response) => {
    const known = sessions.get(request.headers['mcp-session-id']);
    if (known) return known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    transport.onclose = () => sessions.delete(transport.sessionId);
    await createServer(name, tools, request.headers['x-tenant']).connect(transport);
    return transport.handleRequest(request, response);
  });
  http1.listen(port, host);
  await once(http1, 'listening');
  return {
    url: `http://${host}:${http1.address().port}/mcp`,
    stop: () => {
      http1.closeAllConnections();
      return new Promise((resolve) => http1.close(resolve));
    },
  };
}

// MCP clients in Python, an agent that uses one, and a library of OpenID Connect.
import { describeMetadata } from './lib/metadata.mjs';
import { agentPython, currentPython } from './lib/paths.mjs';
import { describeWalks } from './lib/walk.mjs';

describeWalks('clients in Python', {
  'Python mcp 1.x': () => agentPython('mcp1'),
  'Python mcp 2.x': () => currentPython('mcp2'),
  'the client of FastMCP': () => currentPython('fastmcp_client'),
  'an agent of langchain': () => agentPython('agent'),
});

describeMetadata('OpenID Connect in Python', {
  Authlib: (issuer) => [...currentPython('authlib_metadata'), `${issuer}/.well-known/openid-configuration`],
});

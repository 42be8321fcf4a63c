// The two MCP clients of Go, and its library of OpenID Connect.
import assert from 'node:assert/strict';
import { describeMetadata } from './lib/metadata.mjs';
import { go } from './lib/paths.mjs';
import { describeWalks } from './lib/walk.mjs';

describeWalks('clients in Go', { 'the Go SDK': () => go('sdk'), 'mcp-go': () => go('mcpgo') });

// Its verifier uses only algorithms that the metadata lists; the program signs a token with ES256.
describeMetadata('OpenID Connect in Go', { 'go-oidc': (issuer) => [...go('oidc'), issuer] }, ({ foreign }) =>
  assert.match(foreign, /failed to verify (id token )?signature/),
);

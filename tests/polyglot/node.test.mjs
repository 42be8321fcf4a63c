// OAuth clients for Node that know nothing of MCP.
import { node } from './lib/paths.mjs';
import { describeWalks } from './lib/walk.mjs';

describeWalks('clients in Node', {
  oauth4webapi: () => node('oauth4webapi'),
  'openid-client': () => node('openid-client'),
});

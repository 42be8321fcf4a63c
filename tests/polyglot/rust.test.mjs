// The MCP client of Rust.
import { rust } from './lib/paths.mjs';
import { describeWalks } from './lib/walk.mjs';

describeWalks('clients in Rust', { rmcp: () => rust('polyglot') });

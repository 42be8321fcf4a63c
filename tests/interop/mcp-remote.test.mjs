// mcp-remote as client and as proxy for a client that speaks stdio only.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Gateway, patience } from './lib/gateway.mjs';
import { mcpRemote } from './lib/desktop.mjs';
import { freePort, run } from './lib/process.mjs';
import { textOf } from './lib/sdk.mjs';
import { startEverything } from './lib/upstream.mjs';

describe('mcp-remote', { timeout: 180_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await startEverything();
    gateway = await Gateway.start({ name: 'mcp-remote', upstream: upstream.url });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('connects as a client and lists the tools', async () => {
    const remote = mcpRemote();
    const port = String(await freePort());
    const { code, output } = await run(remote.command, remote.args('client', gateway.resource, port), {
      env: remote.env,
      cwd: remote.folder,
      seconds: 90,
      input: undefined,
    });
    assert.equal(code, 0, output);
    assert.match(output, /Connected successfully/);
    assert.match(output, /"name": "echo"/);
  });

  it('serves a stdio client, and asks for more scope when a tool needs it', async () => {
    const remote = mcpRemote();
    const port = String(await freePort());
    const transport = new StdioClientTransport({
      command: remote.command,
      args: remote.args('proxy', gateway.resource, port),
      env: { ...process.env, ...remote.env },
      cwd: remote.folder,
      stderr: 'pipe',
    });
    let log = '';
    transport.stderr.on('data', (bytes) => {
      log += bytes;
    });
    const client = new Client({ name: 'stdio-client', version: '1' });
    try {
      await client.connect(transport, { timeout: 90_000 });
      assert.ok((await client.listTools()).tools.some((tool) => tool.name === 'get-sum'));
      assert.match(textOf(await client.callTool({ name: 'echo', arguments: { message: 'through' } })), /through/);
      const sum = await client.callTool({ name: 'get-sum', arguments: { a: 20, b: 22 } }, undefined, {
        timeout: 90_000,
      });
      assert.match(textOf(sum), /42/);
    } catch (error) {
      throw new Error(`${error.message}\n${log.slice(-6000)}`, { cause: error });
    } finally {
      await client.close();
    }
  });
});

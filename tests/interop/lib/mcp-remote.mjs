// mcp-remote as a desktop runs it, with a browser that needs no desktop.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { password } from './gateway.mjs';
import { nodeModules, root, temporaryFolder } from './process.mjs';

/** `{command, args(program, ...more), env, folder}`: what to start, with its state in a folder of its own. */
export function mcpRemote({ user = 'alice', secret = password } = {}) {
  const folder = temporaryFolder('mcp-remote');
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const opener = path.join(bin, 'xdg-open');
  const script = path.join(root, 'tests/interop/lib/open-url.mjs');
  writeFileSync(
    opener,
    `#!/bin/sh\necho "$1" >>"${folder}/opened"\nexec "${process.execPath}" "${script}" "$1" 2>>"${folder}/browser.log"\n`,
  );
  chmodSync(opener, 0o755);
  return {
    folder,
    command: process.execPath,
    args: (program, url, ...more) => [
      path.join(nodeModules, 'mcp-remote/dist', `${program}.js`),
      url,
      ...more,
      '--transport',
      'http-only',
    ],
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: folder,
      BROWSER: opener,
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      MCP_REMOTE_CONFIG_DIR: path.join(folder, 'state'),
      POSTERN_TEST_USER: user,
      POSTERN_TEST_PASSWORD: secret,
    },
  };
}

// A desktop without a screen: programs open a browser on it as on any other, and a person signs in there.
// mcp-remote and the Inspector run on it.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { password } from './gateway.mjs';
import { nodeModules, root, temporaryFolder } from './process.mjs';

/** `{folder, env, signIns}`: a folder for state, what to start programs with, how often a browser was opened. */
export function desktop({ user = 'alice', secret = password } = {}) {
  const folder = temporaryFolder('desktop');
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const opener = path.join(bin, 'xdg-open');
  const opened = path.join(folder, 'opened');
  const script = path.join(root, 'tests/interop/lib/open-url.mjs');
  writeFileSync(
    opener,
    `#!/bin/sh\necho "$1" >>"${opened}"\nexec "${process.execPath}" "${script}" "$1" 2>>"${folder}/browser.log"\n`,
  );
  chmodSync(opener, 0o755);
  return {
    folder,
    get signIns() {
      return existsSync(opened) ? readFileSync(opened, 'utf8').trim().split('\n').length : 0;
    },
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: folder,
      BROWSER: opener,
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      POSTERN_TEST_USER: user,
      POSTERN_TEST_PASSWORD: secret,
    },
  };
}

/** `{command, args(program, ...more), env, folder}`: what to start. */
export function mcpRemote(person) {
  const here = desktop(person);
  return {
    desktop: here,
    folder: here.folder,
    command: process.execPath,
    args: (program, url, ...more) => [
      path.join(nodeModules, 'mcp-remote/dist', `${program}.js`),
      url,
      ...more,
      '--transport',
      'http-only',
    ],
    env: { ...here.env, MCP_REMOTE_CONFIG_DIR: path.join(here.folder, 'state') },
  };
}

/** `{command, args(method, ...more), env, folder}`: the Inspector's command line at `url`, called back at `port`. */
export function inspector(url, port, person) {
  const here = desktop(person);
  return {
    desktop: here,
    folder: here.folder,
    command: process.execPath,
    args: (method, ...more) => [
      path.join(nodeModules, '@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
      '--cli',
      ...['--server-url', url, '--transport', 'http', '--method', method, '--format', 'json'],
      ...['--callback-url', `http://127.0.0.1:${port}/oauth/callback`],
      ...more,
    ],
    env: {
      ...here.env,
      MCP_STORAGE_DIR: path.join(here.folder, 'storage'),
      MCP_INSPECTOR_SECRET_STORE: 'file',
      MCP_AUTO_OPEN_ENABLED: 'true',
    },
  };
}

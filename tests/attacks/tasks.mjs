// Attack 5: a user guesses the ids of somebody else's tasks, lists all tasks and listens for their status. The figure
// is how many results, states and ids of these tasks the user got.
//
//   POSTERN_BINARY=build/release/postern node tests/attacks/tasks.mjs
import { Gateway, everythingPolicy } from '../interop/lib/gateway.mjs';
import { callTool, post, rpc } from '../interop/lib/mcp.mjs';
import { OAuthClient } from '../interop/lib/oauth.mjs';
import { openStream } from '../interop/lib/stream.mjs';
import { TaskServer } from '../interop/lib/task-server.mjs';
import { RecordingUpstream } from '../interop/lib/upstream.mjs';
import { meanwhile } from './lib/meanwhile.mjs';

const tasks = 50;
const methods = ['tasks/get', 'tasks/result', 'tasks/cancel'];

const server = new TaskServer();
const upstream = await RecordingUpstream.start({ answer: server.answer });
const gateway = await Gateway.start({
  name: 'tasks-attack',
  upstream: upstream.url,
  policy: { ...everythingPolicy, rules: [] },
  users: ['alice', 'mallory'].map((name) => ({ name, members: ['acme:admin'] })),
});
const { access_token: token } = await (await OAuthClient.register(gateway)).grant();
const { access_token: mallory } = await (await OAuthClient.register(gateway)).grant({ user: 'mallory' });
const ask = (method, params) => post(gateway.resource, rpc(method, params), { token: mallory });
for (let n = 1; n <= tasks; ++n) {
  const call = rpc('tools/call', { name: 'report', arguments: { secret: `secret ${n}` }, task: {} });
  await post(gateway.resource, call, { token });
}

async function guess() {
  let got = 0;
  for (let n = 1; n <= tasks; ++n) {
    for (const method of methods)
      if ((await ask(method, { taskId: `task-${n}` })).message?.result) ++got;
  }
  got += (await ask('tasks/list')).message?.result?.tasks.length ?? 0;
  const stream = await openStream(gateway.resource, { token: mallory });
  await stream.ended;
  return got + [...stream.text.matchAll(/"taskId":"task-\d+"/g)].length;
}

await callTool(gateway.resource, token, 'echo');
const { result: figure, calls, failed, p99_ms } = await meanwhile(gateway.resource, token, guess);
console.log(JSON.stringify({ attack: 5, figure, p99_ms, tasks, calls, failed }));
await gateway.stop();
await upstream.stop();

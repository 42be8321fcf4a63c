// Tasks of one user in the hands of another, at a server that knows tasks by ids which can be guessed.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { denied } from './lib/expect.mjs';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { bearerChallenge } from './lib/http.mjs';
import { callTool, post, rpc } from './lib/mcp.mjs';
import { meta, mirrored } from './lib/modern.mjs';
import { openStream } from './lib/stream.mjs';
import { relatedTask, TaskServer } from './lib/task-server.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const policy = {
  policy: 'jobs',
  scopes: { connect: 'Connect', read: 'Read', run: 'Run reports' },
  default_scopes: ['connect'],
  connect: ['connect'],
  roles: { viewer: ['read'], editor: ['read', 'run'] },
  rules: [
    { tools: ['report'], scopes: ['run'], arguments: { required: ['secret'] } },
    { tools: ['open'] },
    { methods: ['tasks/cancel'], scopes: ['read'] },
  ],
  otherwise: 'deny',
};
const extension = {
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

describe('tasks', { timeout: 120_000 * patience }, () => {
  let upstream;
  let gateway;
  let server;
  const tokens = {};

  before(async () => {
    upstream = await RecordingUpstream.start({ answer: (...all) => server.answer(...all) });
    gateway = await Gateway.create({ name: 'attack-tasks', upstream: upstream.url, policy });
    for (const name of ['alice', 'mallory'])
      await gateway.addUser({ name, members: ['acme:editor'], secret: password });
    const mint = async (user, scope) => {
      const words = ['--user', user, '--tenant', 'acme', '--resource', gateway.resource, '--scope', scope];
      return (await gateway.command(['token', 'mint', ...words])).trimEnd();
    };
    tokens.alice = await mint('alice', 'connect read run');
    tokens.aliceLater = await mint('alice', 'connect');
    tokens.mallory = await mint('mallory', 'connect read run');
    await gateway.start();
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });
  beforeEach(() => {
    server = new TaskServer();
    upstream.reset();
  });

  const ask = (who, method, params, options) =>
    post(gateway.resource, rpc(method, params), { token: tokens[who], ...options });
  const last = () => upstream.requests.at(-1);
  const related = (taskId) => ({ [relatedTask]: { taskId } });

  /** The id of a task of alice's, as she gets it. */
  async function begin(name = 'report') {
    const call = rpc('tools/call', { name, arguments: { secret: 'hush' }, task: { ttl: 60000 } });
    const answer = await post(gateway.resource, call, { token: tokens.alice });
    assert.equal(answer.status, 200, answer.text);
    return answer.message.result.task.taskId;
  }

  function unknown(answer, what) {
    denied(answer, what, { code: -32602, error: 'unknown_task' });
    assert.doesNotMatch(answer.text, /hush/, what);
    upstream.untouched(what);
  }

  it('attack 5: the id is sealed, and its owner uses it as before', async () => {
    const id = await begin();
    assert.doesNotMatch(id, /task-1/);
    const got = await ask('alice', 'tasks/get', { taskId: id });
    assert.deepEqual(got.message.result, { taskId: id, status: 'working' });
    assert.equal(last().message.params.taskId, 'task-1');
    const result = await ask('alice', 'tasks/result', { taskId: id, _meta: related(id) });
    assert.deepEqual(result.message.result._meta, related(id));
    assert.match(result.text, /the secret is hush/);
    assert.deepEqual(last().message.params, { taskId: 'task-1', _meta: related('task-1') });
    const cancelled = await ask('alice', 'tasks/cancel', { taskId: id });
    assert.deepEqual(cancelled.message.result, { taskId: id, status: 'cancelled' });
  });

  it('attack 5: nobody else can use it, and no id that the server behind gave', async () => {
    const id = await begin();
    upstream.reset();
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update']) {
      unknown(await ask('mallory', method, { taskId: id }), `${method} of another user`);
      unknown(await ask('mallory', method, { taskId: 'task-1' }), `${method} of a guessed id`);
      unknown(await ask('alice', method, { taskId: 'task-1' }), `${method} of the id behind`);
      const changed = id.slice(0, 20) + (id[20] === 'A' ? 'B' : 'A') + id.slice(21);
      unknown(await ask('alice', method, { taskId: changed }), `${method} of a changed id`);
    }
    for (const foreign of [id, 'task-1', 5, ['task-1']]) {
      const call = { name: 'open', arguments: {}, _meta: related(foreign) };
      unknown(await ask('mallory', 'tools/call', call), `a call related to ${foreign}`);
      const ids = { 'io.modelcontextprotocol/relatedTaskIds': [foreign] };
      unknown(await ask('mallory', 'tools/call', { name: 'open', _meta: ids }), `a call related to [${foreign}]`);
    }
    const words = { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1, _meta: related(id) } };
    const told = await post(gateway.resource, words, { token: tokens.mallory });
    assert.deepEqual([told.status, told.json().error], [403, 'unknown_task']);
    upstream.untouched('a notification');
  });

  it('attack 5: a task follows the rule of the tool that made it, or one that names the method', async () => {
    const [id, open] = [await begin(), await begin('open')];
    upstream.reset();
    for (const method of ['tasks/get', 'tasks/result', 'tasks/update']) {
      const answer = await ask('aliceLater', method, { taskId: id });
      assert.equal(answer.status, 403, `${method}: ${answer.text}`);
      assert.equal(bearerChallenge(answer).scope, 'connect run', method);
    }
    const answer = await ask('aliceLater', 'tasks/cancel', { taskId: open });
    assert.equal(bearerChallenge(answer).scope, 'connect read');
    upstream.untouched('tasks without their scopes');
    assert.equal((await ask('aliceLater', 'tasks/get', { taskId: open })).message.result.status, 'working');
  });

  it('attack 5: lists of tasks are denied, because they name no owner', async () => {
    await begin();
    upstream.reset();
    denied(await ask('alice', 'tasks/list'), 'tasks/list');
    upstream.untouched('tasks/list');
  });

  it('attack 5: on streams ids of the own task are sealed, and tasks of others are not mentioned', async () => {
    const id = await begin();
    const { text } = await ask('alice', 'tasks/result', { taskId: id });
    const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    assert.deepEqual(
      messages.map((each) => each.params?.taskId ?? each.params?._meta ?? each.result?._meta),
      [id, related(id), related(id)],
    );
    const stream = await openStream(gateway.resource, { token: tokens.mallory });
    assert.equal(await stream.ended, 'end');
    assert.doesNotMatch(stream.text, /task-1|task-of-nobody|tasks\/status/);
    assert.match(stream.text, /elicitation\/create.*"_meta":\{\}/, 'a question passes, without its task');
    assert.match(stream.text, /"over"/);
  });

  it('attack 5: what a client says about tasks of its own passes', async () => {
    const params = { taskId: 'mine', status: 'working' };
    const status = { jsonrpc: '2.0', method: 'notifications/tasks/status', params };
    assert.equal((await post(gateway.resource, status, { token: tokens.alice })).status, 202);
    assert.deepEqual(last().message, status);
    const made = { jsonrpc: '2.0', id: 'q', result: { task: { taskId: 'mine' }, _meta: related('mine') } };
    await post(gateway.resource, made, { token: tokens.alice });
    assert.deepEqual(last().message, made);
  });

  it('attack 5: tasks of revision 2026-07-28 are the same', async () => {
    const say = (who, method, params) => {
      const message = rpc(method, { ...params, _meta: meta(extension) });
      const headers = { ...mirrored(message), ...(params.taskId ? { 'Mcp-Name': params.taskId } : {}) };
      return post(gateway.resource, message, { token: tokens[who], headers });
    };
    const call = await say('alice', 'tools/call', { name: 'report', arguments: { secret: 'hush' } });
    const id = call.message.result.taskId;
    assert.doesNotMatch(id, /task-1/);
    assert.equal((await say('alice', 'tasks/get', { taskId: id })).message.result.taskId, id);
    assert.equal(last().message.params.taskId, 'task-1');
    assert.equal(last().headers['mcp-name'], 'task-1');
    upstream.reset();
    for (const taskId of [id, 'task-1']) {
      unknown(await say('mallory', 'tasks/get', { taskId }), taskId);
      unknown(await say('mallory', 'subscriptions/listen', { notifications: { taskIds: [taskId] } }), taskId);
    }
    const later = await say('aliceLater', 'subscriptions/listen', { notifications: { taskIds: [id] } });
    assert.equal(later.status, 403, 'who listens hears what tasks/get would tell');
    upstream.untouched('listening');
  });

  it('a call that makes no task is answered as before', async () => {
    const answer = await callTool(gateway.resource, tokens.alice, 'open', { taskId: 'task-1' });
    assert.equal(answer.message.result.content[0].text, '{"taskId":"task-1"}');
  });
});

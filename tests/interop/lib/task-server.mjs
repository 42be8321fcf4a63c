// A server behind with tasks that it tells apart by nothing but their ids, as an `answer` of RecordingUpstream.
export const relatedTask = 'io.modelcontextprotocol/related-task';

/** Every task of everybody is in `tasks`, by ids that can be guessed. */
export class TaskServer {
  tasks = new Map();

  #create(message) {
    const id = `task-${this.tasks.size + 1}`;
    this.tasks.set(id, { taskId: id, status: 'working', secret: message.params.arguments?.secret });
    return this.tasks.get(id);
  }

  /** What the server says beside its answer to a request about that task. */
  static #asides(task) {
    const of = (taskId) => ({ [relatedTask]: { taskId } });
    return [
      { jsonrpc: '2.0', method: 'notifications/tasks/status', params: { taskId: 'task-of-nobody', status: 'working' } },
      { jsonrpc: '2.0', method: 'notifications/tasks/status', params: { taskId: task.taskId, status: 'working' } },
      { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: '?', _meta: of(task.taskId) } },
    ];
  }

  #result(message, modern) {
    const { method, params = {} } = message;
    const task = this.tasks.get(params.taskId);
    const shown = ({ taskId, status }) => ({ taskId, status });
    if (method === 'tools/call' && (params.task || modern)) {
      const made = this.#create(message);
      return modern ? { resultType: 'task', ...shown(made) } : { task: shown(made) };
    }
    if (method === 'tasks/list') return { tasks: [...this.tasks.values()].map(shown) };
    if (method.startsWith('tasks/') && !task) return undefined;
    if (method === 'tasks/get') return shown(task);
    if (method === 'tasks/cancel') return shown(Object.assign(task, { status: 'cancelled' }));
    if (method === 'tasks/update') return {};
    if (method === 'tasks/result') {
      const content = [{ type: 'text', text: `the secret is ${task.secret}` }];
      return { content, _meta: { [relatedTask]: { taskId: task.taskId } } };
    }
    return null;
  }

  answer = (message, request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (const task of this.tasks.values())
        for (const aside of TaskServer.#asides(task)) response.write(`data: ${JSON.stringify(aside)}\n\n`);
      response.end('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"over"}}\n\n');
      return true;
    }
    if (message?.id === undefined || !/^(tasks\/|tools\/call)/.test(message.method ?? '')) return false;
    const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
    const result = this.#result(message, modern);
    if (result === null) return false;
    const payload = result
      ? { jsonrpc: '2.0', id: message.id, result }
      : { jsonrpc: '2.0', id: message.id, error: { code: -32602, message: 'Task not found' } };
    const stream = message.method === 'tasks/result' && result;
    response.writeHead(200, { 'Content-Type': stream ? 'text/event-stream' : 'application/json' });
    if (stream) {
      for (const aside of TaskServer.#asides(this.tasks.get(message.params.taskId)))
        response.write(`data: ${JSON.stringify(aside)}\n\n`);
    }
    response.end(stream ? `data: ${JSON.stringify(payload)}\n\n` : JSON.stringify(payload));
    return true;
  };
}

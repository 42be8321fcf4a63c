// One HTTP/1.1 request at a time, with nothing added, followed or hidden: what the tests say is what is sent.
import http from 'node:http';
import https from 'node:https';

/**
 * `headers` is an object or a flat list of names and values (for names sent twice). `form` is encoded as a form body,
 * `json` as JSON. Returns `{status, headers, raw, text, json()}`; `headers` maps lower-case names to a list of values.
 */
export function send(url, { method, headers = {}, form, json, body, agent, seconds = 30, onOpen, ca } = {}) {
  const target = new URL(url);
  const list = Array.isArray(headers) ? [...headers] : Object.entries(headers).flat();
  const has = (name) => list.some((entry, index) => index % 2 === 0 && entry.toLowerCase() === name);
  if (form !== undefined) {
    body = form instanceof URLSearchParams ? form.toString() : new URLSearchParams(form).toString();
    if (!has('content-type')) list.push('Content-Type', 'application/x-www-form-urlencoded');
  } else if (json !== undefined) {
    body = JSON.stringify(json);
    if (!has('content-type')) list.push('Content-Type', 'application/json');
  }
  if (!has('host')) list.unshift('Host', target.host);
  const payload = body === undefined ? undefined : Buffer.from(body);
  if (payload && !has('content-length') && !has('transfer-encoding'))
    list.push('Content-Length', String(payload.length));

  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https:' ? https : http).request({
      host: target.hostname.replace(/^\[|\]$/g, ''),
      port: target.port || (target.protocol === 'https:' ? 443 : 80),
      path: target.pathname + target.search,
      method: method ?? (payload ? 'POST' : 'GET'),
      headers: list,
      setDefaultHeaders: false,
      agent: agent ?? false,
      ca,
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer from ${url} within ${seconds} s`)),
      seconds * 1000,
    );
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.once('response', (response) => {
      const answer = {
        status: response.statusCode,
        headers: gather(response.rawHeaders),
        raw: response.rawHeaders,
        text: '',
      };
      answer.json = () => JSON.parse(answer.text);
      if (onOpen) {
        clearTimeout(timer);
        onOpen({ ...answer, stream: response, close: () => request.destroy() });
      }
      response.setEncoding('utf8');
      response.on('data', (part) => {
        answer.text += part;
      });
      response.once('end', () => {
        clearTimeout(timer);
        resolve(answer);
      });
      response.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    request.end(payload);
  });
}

function gather(raw) {
  const headers = {};
  for (let index = 0; index < raw.length; index += 2) (headers[raw[index].toLowerCase()] ??= []).push(raw[index + 1]);
  return headers;
}

/** The single value of a header, or undefined. Two are an error: nothing we check may be sent twice. */
export function header(answer, name) {
  const values = answer.headers[name.toLowerCase()] ?? [];
  if (values.length > 1) throw new Error(`${name} is there ${values.length} times: ${values.join(' | ')}`);
  return values[0];
}

/** The parameters of a `WWW-Authenticate: Bearer` challenge; undefined without one. */
export function bearerChallenge(answer) {
  const value = (answer.headers['www-authenticate'] ?? [])[0];
  if (!value || !/^Bearer( |$)/.test(value)) return undefined;
  const parameters = {};
  for (const [, name, quoted, plain] of value.slice(7).matchAll(/([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    parameters[name] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
  }
  return parameters;
}

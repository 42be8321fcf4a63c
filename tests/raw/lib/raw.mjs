// Bytes on a socket, and what came back: nothing between the test and the wire.
import net from 'node:net';

/**
 * Sends `bytes` (a Buffer, or a list of Buffers written one after the other) to a port of the loopback and reads until
 * the peer closes, `answers` final responses are there, or `seconds` have passed.
 * Returns `{responses, informational, rest, closed}`; `closed` is 'end', 'reset' or undefined (still open).
 */
export function exchange(port, bytes, { answers = Infinity, seconds = 10, onResponse } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const received = [];
    let closed;
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...parseResponses(Buffer.concat(received)), closed });
    };
    const timer = setTimeout(finish, seconds * 1000);
    socket.on('data', (part) => {
      received.push(part);
      const { responses, informational } = parseResponses(Buffer.concat(received));
      onResponse?.({ responses, informational, socket });
      if (responses.filter((each) => each.complete).length >= answers) finish();
    });
    socket.once('end', () => {
      closed ??= 'end';
      finish();
    });
    socket.once('error', () => {
      closed ??= 'reset';
      finish();
    });
    writeAll(socket, Array.isArray(bytes) ? bytes : [bytes]);
  });
}

async function writeAll(socket, parts) {
  for (const part of parts) {
    if (socket.destroyed) return;
    if (typeof part === 'function') await part();
    else if (!socket.write(part))
      await new Promise((resolve) => {
        socket.once('drain', resolve);
        socket.once('close', resolve);
      });
  }
}

/** Splits a byte stream into HTTP/1.1 responses. `rest` is what was no (complete) response. */
export function parseResponses(buffer) {
  const responses = [];
  const informational = [];
  let at = 0;
  while (at < buffer.length) {
    const end = buffer.indexOf('\r\n\r\n', at);
    if (end < 0) break;
    const [start, ...lines] = buffer.toString('latin1', at, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(start)?.[1]);
    if (!status) break;
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    at = end + 4;
    if (status < 200) {
      informational.push({ status, headers });
      continue;
    }
    const body = readBody(buffer, at, status, headers);
    responses.push({ status, headers, body: body.text, complete: body.complete });
    at = body.end;
  }
  return { responses, informational, rest: buffer.subarray(at) };
}

function readBody(buffer, start, status, headers) {
  if (status === 204 || status === 304) return { text: '', end: start, complete: true };
  if (headers['content-length']) {
    const length = Number(headers['content-length'][0]);
    const end = Math.min(start + length, buffer.length);
    return { text: buffer.toString('utf8', start, end), end, complete: buffer.length >= start + length };
  }
  if (!headers['transfer-encoding'])
    return { text: buffer.toString('utf8', start), end: buffer.length, complete: false };
  let text = '';
  for (let at = start; ;) {
    const line = buffer.indexOf('\r\n', at);
    const size = line < 0 ? NaN : parseInt(buffer.toString('latin1', at, line), 16);
    if (Number.isNaN(size) || buffer.length < line + 2 + size + 2) return { text, end: buffer.length, complete: false };
    if (size === 0) return { text, end: line + 4, complete: true };
    text += buffer.toString('utf8', line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** A head: lines joined and ended. Strings are latin1, so that `\xa0` is one byte. */
export const head = (...lines) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');

export const bytes = (text) => Buffer.from(text, 'latin1');

/** A message as one chunked body. `size` and `after` replace the first chunk's size line and what follows its data. */
export function chunked(text, { size = text.length.toString(16), trailers = '' } = {}) {
  return bytes(`${size}\r\n${text}\r\n0\r\n${trailers}\r\n`);
}

// Calls whose bodies stay unfinished, so that the gateway holds what has come of them.
import net from 'node:net';
import { head } from '../../raw/lib/raw.mjs';

/** A call that announces so many bytes and sends all but the last. */
export function stalledCall(gateway, token, bytes) {
  const socket = net.connect({ port: gateway.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(
    head(
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      `Content-Length: ${bytes}`,
    ),
  );
  socket.write('x'.repeat(bytes - 1));
  return socket;
}

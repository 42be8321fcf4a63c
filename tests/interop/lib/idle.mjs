// Connections on which nothing is ever sent.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

/** Opens `count` connections to that port from a loopback address of its own, some at a time. Returns the open ones. */
export async function openIdle(port, count, localAddress) {
  const sockets = [];
  for (let left = count; left > 0; left -= 50) {
    const some = Array.from({ length: Math.min(50, left) }, () => {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress });
      socket.on('error', () => {});
      return socket;
    });
    await Promise.all(some.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    sockets.push(...some);
  }
  return sockets;
}

/** Whose requests come from another loopback address, each on a connection of its own. */
export const agentAt = (localAddress) => new http.Agent({ localAddress });

// Preloaded into servers that would listen on every interface: a port named alone is a port of the loopback. The socket
// is bound at once, as it is without a host, since some ask for their port in the next line.
import net from 'node:net';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  const alone = (typeof port === 'number' || typeof port === 'string') && typeof rest[0] !== 'string';
  if (!alone) return listen.call(this, port, ...rest);
  const handle = net._createServerHandle('127.0.0.1', Number(port), 4);
  // A number is what went wrong; listening for real says it in the usual way.
  if (typeof handle === 'number') return listen.call(this, port, '127.0.0.1', ...rest);
  return listen.call(this, handle, ...rest);
};

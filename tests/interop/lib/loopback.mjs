// Preloaded into servers that would listen on every interface: a port named alone is a port of the loopback.
import net from 'node:net';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  const alone = (typeof port === 'number' || typeof port === 'string') && typeof rest[0] !== 'string';
  return listen.call(this, port, ...(alone ? ['127.0.0.1'] : []), ...rest);
};

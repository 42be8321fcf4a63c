// Preloaded into programs that have no option for a token: their requests to POSTERN_TEST_ORIGIN carry
// POSTERN_TEST_BEARER, whether they use fetch, undici or node:http. Requests to anywhere else are left alone.
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { Agent, setGlobalDispatcher } from 'undici';

const { POSTERN_TEST_ORIGIN: origin, POSTERN_TEST_BEARER: token } = process.env;

/** Names and values as undici takes them: an object, a flat list, or pairs. */
function pairs(headers) {
  if (!headers) return [];
  if (!Array.isArray(headers)) return headers[Symbol.iterator] ? [...headers] : Object.entries(headers);
  if (Array.isArray(headers[0])) return headers;
  return headers.flatMap((name, index) => (index % 2 ? [] : [[name, headers[index + 1]]]));
}

function authorized(headers) {
  const list = pairs(headers);
  const own = list.some(([name]) => String(name).toLowerCase() === 'authorization');
  return (own ? list : [...list, ['authorization', `Bearer ${token}`]]).flat();
}

setGlobalDispatcher(
  new Agent().compose((dispatch) => (options, handler) => {
    const ours = origin && new URL(options.origin).origin === origin;
    return dispatch(ours ? { ...options, headers: authorized(options.headers) } : options, handler);
  }),
);

const { request } = http;
http.request = (target, ...rest) => {
  const sent = request(target, ...rest);
  if (`${sent.protocol}//${sent.getHeader('host')}` === origin && !sent.hasHeader('authorization'))
    sent.setHeader('Authorization', `Bearer ${token}`);
  return sent;
};
syncBuiltinESMExports();

// Keys and signed tokens as others make them, with nothing but node:crypto: every part is in the hands of the test.
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';

const encode = (value) =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

const kinds = {
  ES256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), digest: 'sha256', dsaEncoding: 'ieee-p1363' },
  RS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), digest: 'sha256' },
  EdDSA: { make: () => generateKeyPairSync('ed25519'), digest: null },
};

/** `{alg, kid, jwk, privateJwk, pem, sign(claims, header)}`: a key of its own, with its public part as a JWK. */
export function newKey(alg = 'ES256', kid) {
  const { privateKey, publicKey } = kinds[alg].make();
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg, ...(kid ? { kid } : {}) };
  return {
    alg,
    kid,
    jwk,
    privateJwk: privateKey.export({ format: 'jwk' }),
    pem: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    sign: (claims, header = {}) => compact({ alg, ...(kid ? { kid } : {}), ...header }, claims, privateKey),
  };
}

export function compact(header, claims, key) {
  const text = `${encode(header)}.${encode(claims)}`;
  const { digest, dsaEncoding } = kinds[header.alg];
  return `${text}.${encode(sign(digest, Buffer.from(text), { key, dsaEncoding }))}`;
}

/** `{header, claims, parts}` of a compact JWS, unverified. */
export function parse(token) {
  const parts = token.split('.');
  return { header: decode(parts[0]), claims: decode(parts[1]), parts };
}

/** RFC 7523: the parameters by which a client with a key proves itself, good for one request. */
export function clientAssertion(key, clientId, audience, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 60, jti: randomUUID(), ...changes };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: key.sign(claims),
  };
}

export const unsigned = (header, claims, signature = '') => `${encode(header)}.${encode(claims)}.${signature}`;

/** Whether one of the published keys made it, as a server behind would find out. */
export function verified(token, jwks) {
  const { header, parts } = parse(token);
  const jwk = jwks.keys.find((each) => each.kid === header.kid);
  if (!jwk || jwk.alg !== header.alg) return false;
  const { digest, dsaEncoding } = kinds[header.alg];
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return verify(digest, Buffer.from(`${parts[0]}.${parts[1]}`), { key, dsaEncoding }, Buffer.from(parts[2], 'base64url'));
}


// Objects checked against the schemas of Kubernetes and of the operators that bring kinds of their own, closed: what
// no schema knows is a fault, as a misspelt key would otherwise be dropped in silence.
const packages = [
  [/^(v1|[a-z]+\/v1|(?!gateway\.)[a-z.]+\.k8s\.io\/v1)$/, 'kubernetes-models'],
  [/^gateway\.networking\.k8s\.io\/v1$/, '@kubernetes-models/gateway-api'],
  [/^cert-manager\.io\/v1$/, '@kubernetes-models/cert-manager'],
  [/^monitoring\.coreos\.com\/v1$/, '@kubernetes-models/prometheus-operator'],
];

async function model({ apiVersion, kind }) {
  const found = packages.find(([pattern]) => pattern.test(apiVersion));
  if (!found) throw new Error(`no schema is known for ${apiVersion} ${kind}`);
  const models = await import(`${found[1]}/${apiVersion}`);
  if (!models[kind]) throw new Error(`${apiVersion} has no kind ${kind}`);
  return models[kind];
}

/**
 * The same data, which notes each key that is asked for. A validator asks by name for every key its schema has, and for
 * all keys where any name may stand: what it never asks for it does not know.
 */
function watched(data, at, asked) {
  if (data === null || typeof data !== 'object') return data;
  asked.set(at, asked.get(at) ?? new Set());
  const inside = Object.fromEntries(Object.entries(data).map(([key, of]) => [key, watched(of, `${at}/${key}`, asked)]));
  return new Proxy(Array.isArray(data) ? Object.values(inside) : inside, {
    get(target, key) {
      if (typeof key === 'string') asked.get(at).add(key);
      return target[key];
    },
  });
}

function* unknownKeys(data, at, asked) {
  if (data === null || typeof data !== 'object') return;
  for (const [key, of] of Object.entries(data)) {
    if (asked.get(at).has(key)) yield* unknownKeys(of, `${at}/${key}`, asked);
    else yield `${at}/${key} is known to no schema`;
  }
}

/** The faults of an object, none when it is good. */
export async function faultsOf(object) {
  const { prototype } = await model(object);
  const asked = new Map();
  try {
    prototype.validate.call(watched(object, '', asked));
  } catch (error) {
    return [`${object.kind}: ${error.message}`];
  }
  return [...unknownKeys(object, '', asked)];
}

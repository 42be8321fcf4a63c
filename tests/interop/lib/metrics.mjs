// What Prometheus would read.
import assert from 'node:assert/strict';
import { send } from './http.mjs';

/** The text exposition format 0.0.4, strictly: `{types, samples: Map('name{labels}', value), labels}`. */
export function parseMetrics(text) {
  assert.ok(text.endsWith('\n'));
  const metrics = { types: new Map(), samples: new Map(), labels: new Map() };
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type) {
      assert.ok(!metrics.types.has(type[1]), `two types of ${type[1]}`);
      metrics.types.set(type[1], type[2]);
    }
    if (line.startsWith('#')) {
      assert.match(line, /^# (HELP [a-zA-Z_:][\w:]* .+|TYPE .*)$/);
      continue;
    }
    const sample =
      /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (NaN|[+-]?Inf|[-+.\deE]+)$/.exec(
        line,
      );
    assert.ok(sample, `no sample: ${line}`);
    const [, name, labels = '', value] = sample;
    const family = name.replace(/_(bucket|sum|count)$/, '');
    assert.ok(metrics.types.has(name) || metrics.types.get(family) === 'histogram', `${name} has no type before it`);
    const key = labels ? `${name}{${labels}}` : name;
    assert.ok(!metrics.samples.has(key), `twice: ${key}`);
    metrics.samples.set(key, Number(value));
    for (const [, label, text] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      if (!metrics.labels.has(label)) metrics.labels.set(label, new Set());
      metrics.labels.get(label).add(text);
    }
  }
  return metrics;
}

/** One sample of the metrics, 0 while it is not there. `name` with its labels. */
export async function metric(gateway, name) {
  const { text } = await send(`${gateway.operations}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line ? Number(line.split(' ').at(-1)) : 0;
}

import { expect, test } from 'vitest';
import { loadSamples } from '../../../gym/evidence/load.ts';
import type { LoadLine } from '../../../gym/load/results.ts';

const counts = { arrivals: 4, sent: 3, answered: 2, late: 1, dropped: 1, errors: { reset: 1 } };
const latencyMs = { n: 3, p50: 2, p90: 3, p95: 3, p99: 3, p999: 3, max: 3 };
const generator = { late: 0, latenessMs: latencyMs, longestStallMs: 1, cpuMs: 5, durationMs: 1000, keptUp: true };
const summary = {
  kind: 'summary',
  startedAtMs: 5000,
  warmUp: 0,
  counts,
  latencyMs,
  requests: { home: counts },
  generator,
} as const;
const window = { kind: 'window', fromMs: 2000, toMs: 3000, counts, latencyMs } as const;
const latencies: LoadLine = { kind: 'latencies', request: 'home', values: [1.5, 2, 10_000] };

const textOf = (...lines: readonly (LoadLine | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

test('each latency is a sample, counts are by request, quantiles by second', () => {
  const read = loadSamples(textOf(window, latencies, summary), 1);
  const samples = read.ok ? read.value : [];
  const labels = { request: 'home' };
  expect(samples).toContainEqual({ metric: 'dropped', labels, value: 1n, unit: 'count' });
  expect(samples).toContainEqual({ metric: 'errors', labels: { ...labels, kind: 'reset' }, value: 1n, unit: 'count' });
  expect(samples).toContainEqual({ metric: 'errors', labels: { ...labels, kind: 'status' }, value: 0n, unit: 'count' });
  const window99 = {
    metric: 'window_latency_ms',
    labels: { second: '2', quantile: 'p99' },
    value: 3,
    unit: 'ms',
    n: 3,
    atMs: 7000,
  };
  expect(samples).toContainEqual(window99);
  expect(samples.filter(({ metric }) => metric === 'latency_ms').map(({ value }) => value)).toEqual([1.5, 2, 10_000]);
});

test('of more latencies than are wanted, some are chosen evenly, the same ones again', () => {
  const many = Array.from({ length: 25 }, (_, line): LoadLine => {
    return { kind: 'latencies', request: 'home', values: Array.from({ length: 10_000 }, (_, i) => line * 10_000 + i) };
  });
  const chosen = (): number[] => {
    const read = loadSamples(textOf(...many, summary), 3);
    const samples = read.ok ? read.value : [];
    return samples.filter(({ metric }) => metric === 'latency_ms').map(({ value }) => Number(value));
  };
  const values = chosen();
  expect(new Set(values).size).toBe(100_000);
  // Half of them from the first half, with a standard deviation of about 120.
  expect(Math.abs(values.filter((value) => value < 125_000).length - 50_000)).toBeLessThan(1000);
  expect(chosen()).toEqual(values);
});

test.each([
  ['that was cut off', textOf(window, latencies), /has no summary/],
  ['that says something else', textOf('Killed', summary), /none of its lines: Killed/],
  ['with a line torn', textOf('{"kind":"latenc', summary), /none of its lines/],
  ['in which nobody came', textOf({ ...summary, counts: { ...counts, arrivals: 0 } }), /had no arrival that counts/],
  [
    'whose generator could not keep up',
    textOf(latencies, { ...summary, generator: { ...generator, late: 2, keptUp: false } }),
    /^the load generator could not keep up: 2 of 4 arrivals were late by its own doing; its longest pause was 1 ms/,
  ],
])('a load %s gives no samples', (_, text, message) => {
  const read = loadSamples(text, 1);
  expect(read.ok ? [] : read.problems).toEqual([
    expect.objectContaining({ kind: 'evidence', message: expect.stringMatching(message) }),
  ]);
});

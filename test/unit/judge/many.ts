// Judges a thousand checks over a million samples and prints what it took, as JSON: a process of its own, so that its memory can be told.
import { take } from '../../../gym/evidence/take.ts';
import { judgeInvariants } from '../../../gym/judge/judge.ts';
import { series, sum } from '../../../gym/judge/quantity.ts';
import { abs } from '../../../gym/judge/tolerance.ts';
import type { Invariant } from '../../../gym/task/invariant.ts';
import type { Evidence, Sample } from '../../../gym/task/measurement.ts';
import { agree } from '../../../invariants/agree.ts';
import { bound } from '../../../invariants/bound.ts';
import { monotonic } from '../../../invariants/monotonic.ts';
import { ratio } from '../../../invariants/ratio.ts';
import { always, sometimes } from '../../../invariants/samples.ts';
import { slo } from '../../../invariants/slo.ts';
import { unique } from '../../../invariants/unique.ts';

const workers = 1000;
const perWorker = 250;
const names = Array.from({ length: workers }, (_, index) => `w-${index}`);
const channels = ['tcp', 'shm', 'local', 'file'];

/** Four metrics of a thousand workers, each sample with labels of its own, as they come from a document. */
function* measured(round: number): Generator<Sample> {
  for (let index = round * workers; index < (round + 1) * workers; index += 1) {
    const atMs = 1_900_000_000_000 + index;
    const labels = () => ({ worker: names[index % workers] ?? '', channel: channels[index % 4] ?? '' });
    yield { metric: 'sent', labels: labels(), value: BigInt(index % 1500), unit: 'bytes', atMs };
    yield {
      metric: 'offset',
      labels: { worker: names[index % workers] ?? '', id: `${index}` },
      value: BigInt(index),
      unit: 'count',
      atMs,
    };
    yield { metric: 'errors', labels: labels(), value: index % 1000 === 0 ? 1n : 0n, unit: 'count', atMs };
    yield { metric: 'latency', labels: labels(), value: 20 + ((index * 7919) % 1000) / 10, unit: 'ms', atMs };
  }
}

const kinds: ((name: string, where: Record<string, string>) => Invariant)[] = [
  (name, where) => bound({ name, quantity: sum('app.sent', { where, by: ['channel'] }), atLeast: 0 }),
  (name, where) => monotonic({ name, series: series('app.offset', { where }), direction: 'up' }),
  (name, where) => always({ name, series: series('app.latency', { where }), atMost: 500 }),
  (name, where) => slo({ name, latencies: series('app.latency', { where }), quantile: 0.95, atMost: 200 }),
  (name, where) => unique({ name, series: series('app.offset', { where, by: ['id'] }) }),
  (name, where) =>
    sometimes({ name, series: series('app.latency', { where: { channel: 'tcp', ...where } }), atLeast: 0 }),
  (name, where) =>
    ratio({ name, numerator: sum('app.errors', { where }), denominator: sum('app.offset', { where }), atMost: 0.5 }),
  (name, where) =>
    agree({
      name,
      observed: sum('app.sent', { where }),
      witnesses: { same: sum('app.sent', { where: { ...where } }) },
      tolerance: abs(1),
    }),
];

const documents = Array.from({ length: perWorker }, (_, round) => ({ value: round, place: { file: 'app.ndjson' } }));
const taken = take(documents, (round) => [...measured(Number(round))], 'nonce');
if (!taken.ok) throw new Error(taken.problems[0].message);
const { samples } = taken.value;
const reading = { source: 'app', witness: false, samples };
const evidence: Evidence = { readings: new Map([['app', reading]]), logs: new Map() };
const checks = Array.from({ length: 1000 }, (_, index) => {
  // Those that look at one channel too have a worker that uses it.
  const worker = `w-${index % 8 === 5 ? index - (index % 4) : index}`;
  return kinds[index % kinds.length]?.(`check-${index}`, { worker });
}).filter((check) => check !== undefined);

const before = process.cpuUsage();
const judged = judgeInvariants(checks, evidence, 'gym verify');
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    samples: samples.length,
    checks: checks.length,
    passed: judged.filter(({ state }) => state === 'pass').length,
    others: judged.filter(({ state }) => state !== 'pass').slice(0, 3),
    cpuMs: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);

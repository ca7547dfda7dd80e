import { join } from 'node:path';
import { z } from 'zod';
import { count, series, sum } from '../../../gym/judge/quantity.ts';
import { rel } from '../../../gym/judge/tolerance.ts';
import type { Invariant } from '../../../gym/task/invariant.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { agree } from '../../../invariants/agree.ts';
import { bound } from '../../../invariants/bound.ts';
import { all, any, atLeast, when } from '../../../invariants/combine.ts';
import { conservation } from '../../../invariants/conservation.ts';
import { differential } from '../../../invariants/differential.ts';
import { log } from '../../../invariants/log.ts';
import { metamorphic } from '../../../invariants/metamorphic.ts';
import { monotonic } from '../../../invariants/monotonic.ts';
import { ordering } from '../../../invariants/ordering.ts';
import { policy } from '../../../invariants/policy.ts';
import { ratio } from '../../../invariants/ratio.ts';
import { recovery } from '../../../invariants/recovery.ts';
import * as rules from '../../../invariants/rules/rules.ts';
import { always, never, sometimes } from '../../../invariants/samples.ts';
import { schema } from '../../../invariants/schema.ts';
import { slo } from '../../../invariants/slo.ts';
import { unique } from '../../../invariants/unique.ts';
import { documentsOf, evidenceOf, samples, timeline } from '../judge/samples.ts';

/** A check of each kind, with evidence on which it passes; every promise that a kind makes is tried on them. */
export interface Example {
  readonly invariant: Invariant;
  readonly evidence: Evidence;
}

const by = { by: ['channel'] };
const flows = { tcp: 5n, shm: 7n };
const flowing = evidenceOf({
  known: [...samples('total', 12n), ...samples('bytes', flows)],
  got: samples('bytes', flows),
});
const agreed = agree({ name: 'a', observed: sum('got.bytes', by), witnesses: { known: sum('known.bytes', by) } });
const bounded = bound({ name: 'b', quantity: sum('got.bytes', by), atLeast: 1, atMost: 9 });

const id = { by: ['id'] };
const messages = evidenceOf({
  sent: timeline('messages', [
    [10, 1n, { id: 'a' }],
    [30, 3n, { id: 'b' }],
  ]),
  got: timeline('messages', [
    [20, 2n, { id: 'a' }],
    [40, 4n, { id: 'b' }],
  ]),
});
const offsets = evidenceOf({
  log: timeline('offset', [
    [1, 5n, { id: 'a' }],
    [2, 1n, { id: 'b' }],
    [3, 6n, { id: 'a' }],
    [4, 2n, { id: 'b' }],
  ]),
});
const latencies = evidenceOf({
  app: timeline(
    'latency',
    Array.from({ length: 100 }, (_, index) => [index, 100 + index / 2] as const),
    'ms',
  ),
});
const requests = evidenceOf({ app: [...samples('errors', 1n, 'count'), ...samples('requests', 1000n, 'count')] });
const queue = evidenceOf({
  faults: timeline('kill', [[1000, 1n]]),
  app: timeline('queue', [
    [900, 2n],
    [1100, 50n],
    [1400, 3n],
    [2000, 2n],
  ]),
});
const withBaseline = { ...flowing, baseline: flowing };
const orders = evidenceOf({ orders: documentsOf('orders', [{ id: 'a', amount: 5 }, { id: 'b' }]) });
const compose = { services: { web: { image: 'nginx:1.27.3', ports: ['127.0.0.1:8080:80'] } } };
const manifests = evidenceOf({ manifests: documentsOf('manifests', [compose]) });
const page = { service: 'app', file: join(import.meta.dirname, '../../fixtures/logs/ready.log') };

/** Every kind of the catalogue is here, under its own name (a test compares). */
export const examples: readonly Example[] = [
  {
    invariant: conservation({ name: 'c', total: sum('known.total'), parts: sum('got.bytes', by) }),
    evidence: flowing,
  },
  {
    invariant: conservation({
      name: 'c',
      total: sum('known.total'),
      parts: sum('got.bytes', by),
      expectedParts: sum('known.bytes', by),
    }),
    evidence: flowing,
  },
  { invariant: agreed, evidence: flowing },
  { invariant: bounded, evidence: flowing },
  { invariant: all({ name: 'x', of: [agreed, bounded] }), evidence: flowing },
  { invariant: any({ name: 'x', of: [agreed] }), evidence: flowing },
  { invariant: atLeast({ name: 'x', of: [agreed, bounded], count: 2 }), evidence: flowing },
  { invariant: when({ name: 'x', condition: bounded, holds: agreed }), evidence: flowing },
  {
    invariant: log({ name: 'l', services: ['app'], line: { pattern: 'ready' }, expect: 'present' }),
    evidence: evidenceOf({}, [page]),
  },
  {
    invariant: log({ name: 'l', services: ['app'], inOrder: [{ pattern: 'starting' }, { pattern: 'ready' }] }),
    evidence: evidenceOf({}, [page]),
  },
  { invariant: monotonic({ name: 'm', series: series('log.offset', id), direction: 'up' }), evidence: offsets },
  {
    invariant: monotonic({ name: 'm', series: series('log.offset', id), direction: 'up', strictly: true }),
    evidence: offsets,
  },
  {
    invariant: ordering({ name: 'o', before: series('sent.messages', id), after: series('got.messages', id) }),
    evidence: messages,
  },
  {
    invariant: ordering({
      name: 'o',
      before: series('sent.messages', id),
      after: series('got.messages', id),
      order: 'value',
    }),
    evidence: messages,
  },
  { invariant: unique({ name: 'u', series: series('got.messages', id) }), evidence: messages },
  {
    invariant: unique({ name: 'u', series: series('got.messages', id), expected: series('sent.messages', id) }),
    evidence: messages,
  },
  {
    invariant: schema({
      name: 's',
      source: 'orders',
      fits: z.object({ id: z.string(), amount: z.number().optional() }),
    }),
    evidence: orders,
  },
  {
    invariant: policy({
      name: 'p',
      documents: 'manifests',
      rules: [rules.compose.imageHasTag, rules.keys.required('services.*.ports')],
    }),
    evidence: manifests,
  },
  {
    invariant: policy({ name: 'p', services: ['app'], rules: [rules.noPersonalData(), rules.noSecrets()] }),
    evidence: evidenceOf({}, [page]),
  },
  {
    invariant: slo({ name: 's', latencies: series('app.latency'), quantile: 0.95, atMost: 200 }),
    evidence: latencies,
  },
  {
    invariant: slo({ name: 's', errors: sum('app.errors'), total: sum('app.requests'), atMost: 0.01 }),
    evidence: requests,
  },
  { invariant: differential({ name: 'd', quantity: sum('got.bytes', by) }), evidence: withBaseline },
  { invariant: differential({ name: 'd', quantity: sum('got.bytes'), better: 'lower' }), evidence: withBaseline },
  { invariant: differential({ name: 'd', quantity: count('got.bytes'), better: 'higher' }), evidence: withBaseline },
  {
    invariant: metamorphic({
      name: 'm',
      original: sum('known.bytes', by),
      followUp: sum('got.bytes', by),
    }),
    evidence: flowing,
  },
  {
    invariant: metamorphic({
      name: 'm',
      original: sum('got.bytes'),
      followUp: sum('known.total'),
      relation: 'atMost',
      factor: 2,
      tolerance: rel(0.1),
    }),
    evidence: evidenceOf({ got: samples('bytes', 6n), known: samples('total', 12n) }),
  },
  { invariant: always({ name: 'a', series: series('app.latency'), atMost: 150 }), evidence: latencies },
  {
    invariant: never({ name: 'n', series: series('app.latency'), satisfies: ({ value }) => Number(value) === 0 }),
    evidence: latencies,
  },
  { invariant: sometimes({ name: 's', series: series('app.latency'), atLeast: 149 }), evidence: latencies },
  {
    invariant: recovery({
      name: 'r',
      disturbance: series('faults.kill'),
      signal: series('app.queue'),
      atMost: 10,
      withinMs: 500,
    }),
    evidence: queue,
  },
  {
    invariant: ratio({ name: 'r', numerator: sum('app.errors'), denominator: sum('app.requests'), near: 0.001 }),
    evidence: requests,
  },
  {
    invariant: ratio({
      name: 'r',
      numerator: sum('app.errors'),
      denominator: sum('app.requests'),
      atMost: 0.01,
      confidence: 0.95,
    }),
    evidence: requests,
  },
];

import { z } from 'zod';
import { isJudgement, type ReadySeries, readySeries } from '../gym/judge/compare.ts';
import { judgeCounted } from '../gym/judge/counted.ts';
import { resolveSeries, seriesSchema, seriesText, subtract } from '../gym/judge/quantity.ts';
import { countText, listText, numberText } from '../gym/judge/text.ts';
import { timeText } from '../gym/judge/time.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence, Sample } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({
    ...invariantBase,
    /** What has to come first, one event a sample; the labels `by` are what it is matched by. */
    before: seriesSchema,
    /** What may come only after it, with labels that have the same values. */
    after: seriesSchema,
    /** Whether the order is that of time (`atMs`) or of the samples' values, as of sequence numbers. */
    order: z.enum(['time', 'value']).default('time'),
  })
  .refine(({ before, after }) => before.by.length > 0 && before.by.length === after.by.length, {
    path: ['after'],
    message: 'before and after are matched by their labels: give both as many in `by`',
  });
type Spec = z.output<typeof schema>;

/** Of each key, nothing happens before what has to come first: every delivery comes after its sending. */
export const ordering = defineInvariant({
  kind: 'ordering',
  schema,
  claim: ({ before, after, order }) =>
    `each ${seriesText({ ...after, by: [] })} comes after the ${seriesText({ ...before, by: [] })} of the same ${before.by.join(', ')}${order === 'value' ? ', by value' : ''}`,
  looksAt: ({ before, after }) => [before, after],
  judge,
  notices: ({ order }) => [order === 'time' ? 'reorder' : 'swap', 'drop'],
});

type Position = bigint | number;

function judge(spec: Spec, evidence: Evidence): Judgement {
  const before = readySeries(resolveSeries(spec.before, evidence));
  if (isJudgement(before)) return before;
  const after = readySeries(resolveSeries(spec.after, evidence));
  if (isJudgement(after)) return after;
  const untimed = [
    ...(isPlaced(spec.order, before) ? [] : [spec.before]),
    ...(isPlaced(spec.order, after) ? [] : [spec.after]),
  ];
  if (untimed.length > 0) return unknown(`${untimed.map(seriesText).join(' and ')}: not every sample has a time`);
  return compareOrder(spec, earliest(spec.order, before), after);
}

function isPlaced(order: Spec['order'], { groups }: ReadySeries): boolean {
  return order === 'value' || [...groups.values()].every((samples) => samples.every(({ atMs }) => atMs !== undefined));
}

/** By key, when it came first. */
function earliest(order: Spec['order'], { groups }: ReadySeries): ReadonlyMap<string, Position> {
  const earlier = (a: Sample, b: Sample): Sample => (positionOf(order, b) < positionOf(order, a) ? b : a);
  return new Map([...groups].map(([key, samples]) => [key, positionOf(order, samples.reduce(earlier))]));
}

function positionOf(order: Spec['order'], { atMs = 0, value }: Sample): Position {
  return order === 'time' ? atMs : value;
}

/** An event that is too early; `start` is what it should have waited for, null where that never came. */
interface Early {
  readonly key: string;
  readonly at: Position;
  readonly start: Position | null;
}

function compareOrder(spec: Spec, starts: ReadonlyMap<string, Position>, after: ReadySeries): Judgement {
  const early: Early[] = [];
  let events = 0;
  for (const [key, samples] of after.groups) {
    const start = starts.get(key) ?? null;
    events += samples.length;
    for (const sample of samples) {
      const at = positionOf(spec.order, sample);
      if (start === null || at < start) early.push({ key, at, start });
    }
  }
  const what = countText(events, 'event');
  return judgeCounted({
    breaks: early.length,
    of: events,
    because:
      early.length === 0
        ? `${what}, each after its ${spec.before.metric}`
        : `${early.length} of ${what} without a ${spec.before.metric} before: ${listText(early.map((each) => earlyText(spec, each)))}`,
    parts: early.map(({ key, at, start }) => ({
      part: key,
      observed: String(at),
      expected: start === null ? '' : String(start),
      off: start === null ? '' : String(subtract(at, start)),
    })),
  });
}

function earlyText({ order }: Spec, { key, at, start }: Early): string {
  if (start === null) return `${key} (${positionText(order, at)}; there is none at all)`;
  const lead = subtract(start, at);
  return `${key} (${positionText(order, at)}, ${numberText(lead)}${order === 'time' ? ' ms' : ''} too early)`;
}

function positionText(order: Spec['order'], at: Position): string {
  return order === 'time' ? `at ${timeText(Number(at))}` : `at ${numberText(at)}`;
}

import { z } from 'zod';
import { distanceOf, isJudgement, marginOf, readySeries } from '../gym/judge/compare.ts';
import { type Bounds, moreForQuantile, moreForRate, quantileBounds, rateBounds } from '../gym/judge/confidence.ts';
import { pairGroups } from '../gym/judge/pair.ts';
import { quantitySchema, quantityText, resolveSeries, seriesSchema, seriesText } from '../gym/judge/quantity.ts';
import { amountText, countText, listText, numberText, percentText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Evidence, Sample, Unit } from '../gym/task/measurement.ts';

const share = z.number().gt(0).lt(1);
const latency = z.strictObject({
  ...invariantBase,
  /** One sample a request. */
  latencies: seriesSchema,
  /** 0.95 for p95. */
  quantile: share,
  /** The greatest that holds, in the unit of the samples. */
  atMost: z.number().positive(),
  confidence: share.default(0.95),
});
const errorRate = z.strictObject({
  ...invariantBase,
  /** How many failed. */
  errors: quantitySchema,
  /** How many there were, failed ones too. */
  total: quantitySchema,
  /** The greatest rate that holds. */
  atMost: z.number().gt(0, 'no number of attempts shows a rate of 0: use bound on the number of errors').lt(1),
  confidence: share.default(0.95),
});
const schema = z.union([latency, errorRate]);
type Latency = z.output<typeof latency>;
type ErrorRate = z.output<typeof errorRate>;

/** A service level: with this confidence a quantile of latencies, or a rate of errors, is at most so much, in every group. */
export const slo = defineInvariant({
  kind: 'slo',
  schema,
  claim(spec) {
    const sure = `with ${percentText(spec.confidence)} confidence`;
    return 'latencies' in spec
      ? `${quantileText(spec)} of ${seriesText(spec.latencies)} is at most ${numberText(spec.atMost)}, ${sure}`
      : `${quantityText(spec.errors)} are at most ${percentText(spec.atMost)} of ${quantityText(spec.total)}, ${sure}`;
  },
  looksAt: (spec) => ('latencies' in spec ? [spec.latencies] : [spec.errors, spec.total]),
  judge: (spec, evidence) => ('latencies' in spec ? judgeLatency(spec, evidence) : judgeErrorRate(spec, evidence)),
});

/** 0.999 is `p99.9`. */
function quantileText({ quantile }: Latency): string {
  return `p${Number((quantile * 100).toPrecision(12))}`;
}

/** What one group allows to say, and how many more samples it would take to say enough; null: too many. */
interface Level extends Bounds {
  readonly group: string;
  readonly n: number;
  readonly more: () => number | null;
}

function judgeLatency(spec: Latency, evidence: Evidence): Judgement {
  const series = readySeries(resolveSeries(spec.latencies, evidence));
  if (isJudgement(series)) return series;
  if (series.unit === 'hash') return unknown(`${spec.latencies.metric} is a hash, which has no size`);
  const summed = [...series.groups.values()].flat().find(({ n = 1 }) => n !== 1);
  if (summed !== undefined) {
    return unknown(`${spec.latencies.metric}: a sample stands for ${summed.n} requests; a quantile takes each of them`);
  }
  const levels = [...series.groups].map(([group, samples]) => latencyLevel(spec, group, samples));
  return judgeLevels(levels, spec.atMost, series.unit, quantileText(spec));
}

function latencyLevel({ quantile, confidence, atMost }: Latency, group: string, samples: readonly Sample[]): Level {
  const values = Float64Array.from(samples, ({ value }) => Number(value)).sort();
  const n = values.length;
  const more = () => moreForQuantile(values, quantile, atMost, confidence);
  return { group, n, ...quantileBounds(values, quantile, confidence), more };
}

function judgeErrorRate(spec: ErrorRate, evidence: Evidence): Judgement {
  const errors = { name: spec.errors.metric, quantity: spec.errors, evidence };
  const total = { name: spec.total.metric, quantity: spec.total, evidence };
  const pairs = pairGroups(errors, total);
  if (isJudgement(pairs)) return pairs;
  const groups = pairs.comparisons.map(({ part, observed, expected }) => ({
    group: part,
    hits: Number(observed),
    n: Number(expected),
  }));
  const odd = groups.find(({ hits, n }) => hits < 0 || hits > n);
  if (odd !== undefined)
    return unknown(`${odd.group}: ${countText(odd.hits, 'error')} in ${countText(odd.n, 'attempt')}`);
  const attempted = groups.filter(({ n }) => n > 0);
  const levels = attempted.map(({ group, hits, n }): Level => {
    const more = () => moreForRate(hits, n, spec.atMost, spec.confidence);
    return { group, n, ...rateBounds(hits, n, spec.confidence), more };
  });
  const judged = judgeLevels(levels, spec.atMost, 'ratio', 'the rate of errors');
  const idle = groups.find(({ n }) => n === 0);
  return idle !== undefined && judged.state !== 'fail' ? vacuous(`${idle.group}: nothing was attempted`) : judged;
}

/** Above the limit, with confidence, in one group: fail. Open in one: unknown. */
function judgeLevels(levels: readonly Level[], limit: number, unit: Unit, what: string): Judgement {
  if (levels.length === 0) return vacuous('nothing was attempted');
  const wrong = levels.flatMap((level) =>
    level.lower !== null && level.lower > limit ? [{ ...level, end: level.lower }] : [],
  );
  const open = levels.find(({ upper }) => upper === null || upper > limit);
  if (wrong.length === 0 && open !== undefined) {
    return unknown(`${levelText(open, unit, what)}, too few to tell: ${moreText(open.more())}`);
  }
  // What counts is the end of the interval on the side of the verdict: above it fails, below it holds.
  const shown = wrong.length > 0 ? wrong : levels.map((level) => ({ ...level, end: level.upper ?? limit }));
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because: `${listText(shown.map((each) => levelText(each, unit, what)))}; it must be at most ${limitText(limit, unit)}`,
    margin: marginOf(shown.map(({ end }) => limit - end)),
    distance: distanceOf(
      wrong.reduce((most, { end }) => Math.max(most, end - limit), 0),
      limit,
    ),
    unit,
    parts: shown.map(({ group, end }) => ({
      part: group,
      observed: String(end),
      expected: String(limit),
      off: end > limit ? String(end - limit) : '0',
    })),
    evidence: [],
  };
}

function levelText({ group, n, lower, upper }: Level, unit: Unit, what: string): string {
  return `${group}: ${what} is ${rangeText({ lower, upper }, unit)} by ${countText(n, 'sample')}`;
}

function moreText(more: number | null): string {
  if (more === null) return 'it is too near to the limit for any number of samples';
  return `it takes ${numberText(more)} more at the least`;
}

function limitText(value: number, unit: Unit): string {
  return unit === 'ratio' ? percentText(value) : amountText(value, unit);
}

function rangeText({ lower, upper }: Bounds, unit: Unit): string {
  if (lower === null) return upper === null ? 'not bounded' : `at most ${limitText(upper, unit)}`;
  return upper === null
    ? `at least ${limitText(lower, unit)}`
    : `between ${limitText(lower, unit)} and ${limitText(upper, unit)}`;
}

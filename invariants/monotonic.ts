import { z } from 'zod';
import { isJudgement, readySeries } from '../gym/judge/compare.ts';
import { judgeCounted } from '../gym/judge/counted.ts';
import { resolveSeries, seriesSchema, seriesText, subtract } from '../gym/judge/quantity.ts';
import { amountText, countText, differenceText } from '../gym/judge/text.ts';
import { inOrder, timeText } from '../gym/judge/time.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Evidence, Sample, Unit } from '../gym/task/measurement.ts';

const schema = z.strictObject({
  ...invariantBase,
  series: seriesSchema,
  /** Which way it goes; it never goes the other. */
  direction: z.enum(['up', 'down']),
  /** Whether it may not stay where it is either. */
  strictly: z.boolean().default(false),
});
type Spec = z.output<typeof schema>;

/** A series never goes down (or up), in each group, in the order of time or else of the reading. */
export const monotonic = defineInvariant({
  kind: 'monotonic',
  schema,
  claim: (spec) => `${seriesText(spec.series)} ${ruleText(spec)}`,
  looksAt: ({ series }) => [series],
  judge,
  notices: ({ strictly }) => ['reorder', ...(strictly ? ['constant' as const] : [])],
});

function ruleText({ direction, strictly }: Spec): string {
  if (strictly) return `always goes ${direction}`;
  return direction === 'up' ? 'never goes down' : 'never goes up';
}

/** Two neighbouring samples that are the wrong way round; `number` is that of the second one, from 1. */
interface Break {
  readonly group: string;
  readonly number: number;
  readonly before: Sample;
  readonly sample: Sample;
}

function judge(spec: Spec, evidence: Evidence): Judgement {
  const series = readySeries(resolveSeries(spec.series, evidence));
  if (isJudgement(series)) return series;
  if (series.unit === 'hash') return unknown(`${spec.series.metric} is a hash, which has no size`);
  const breaks: Break[] = [];
  let steps = 0;
  for (const [group, samples] of series.groups) {
    const ordered = inOrder(samples);
    if (ordered === null) return unknown(`${group}: only some of the samples have a time`);
    steps += ordered.length - 1;
    for (const each of breaksIn(group, ordered, spec)) breaks.push(each);
  }
  if (steps === 0) return vacuous(`no group of ${seriesText(spec.series)} has two samples`);
  const [first] = breaks.toSorted((a, b) => (a.sample.atMs ?? 0) - (b.sample.atMs ?? 0));
  const of = `${countText(steps, 'step')} in ${countText(series.groups.size, 'group')}`;
  return judgeCounted({
    breaks: breaks.length,
    of: steps,
    because:
      first === undefined
        ? `${of}: it ${ruleText(spec)}`
        : `${breakText(first, series.unit)}; ${countText(breaks.length, 'break')} in ${of}`,
    parts: breaks.map((each) => ({
      part: `${each.group} ${whereText(each)}`,
      observed: String(each.sample.value),
      expected: String(each.before.value),
      off: String(subtract(each.sample.value, each.before.value)),
    })),
  });
}

function breaksIn(group: string, samples: readonly Sample[], { direction, strictly }: Spec): Break[] {
  const breaks: Break[] = [];
  let before = samples[0];
  for (let index = 1; before !== undefined && index < samples.length; index += 1) {
    const sample = samples[index] ?? before;
    const isWrongWay = direction === 'up' ? sample.value < before.value : sample.value > before.value;
    if (isWrongWay || (strictly && sample.value === before.value)) {
      breaks.push({ group, number: index + 1, before, sample });
    }
    before = sample;
  }
  return breaks;
}

function breakText(each: Break, unit: Unit): string {
  const { before, sample } = each;
  const off = subtract(sample.value, before.value);
  const where = `${each.group} ${whereText(each)}`;
  if (Number(off) === 0) return `${where} stays at ${amountText(sample.value, unit)}`;
  return `${where} goes ${off > 0 ? 'up' : 'down'} from ${amountText(before.value, unit)} to ${amountText(sample.value, unit)}: ${differenceText(off, before.value, unit)}`;
}

function whereText({ sample, number }: Break): string {
  return sample.atMs === undefined ? `at sample ${number}` : `at ${timeText(sample.atMs)}`;
}

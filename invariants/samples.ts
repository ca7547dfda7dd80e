import { z } from 'zod';
import { distanceOf, isJudgement, marginOf, type ReadySeries, readySeries } from '../gym/judge/compare.ts';
import { judgeCounted, partsKept } from '../gym/judge/counted.ts';
import {
  isPossible,
  isWithin,
  type Limits,
  limitKeys,
  limitMessages,
  limitsText,
  nearest,
} from '../gym/judge/limits.ts';
import { resolveSeries, seriesSchema, seriesText } from '../gym/judge/quantity.ts';
import { amountText, countText, listText, shareText, verbFor } from '../gym/judge/text.ts';
import { sampleText } from '../gym/judge/time.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence, Sample } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({
    ...invariantBase,
    series: seriesSchema,
    ...limitKeys,
    /** Whether it is so of a sample. Pure; instead of bounds or besides. */
    satisfies: z.custom<(sample: Sample) => boolean>((value) => typeof value === 'function', 'a function').optional(),
  })
  .refine(
    ({ atLeast, atMost, satisfies }) => [atLeast, atMost, satisfies].some((each) => each !== undefined),
    'name atLeast, atMost or satisfies',
  )
  .refine(isPossible, limitMessages.impossible);
type Spec = z.output<typeof schema>;

/** It is so of every sample. */
export const always = defineInvariant({
  kind: 'always',
  schema,
  claim: (spec) => `every sample of ${seriesText(spec.series)} ${conditionText(spec)}`,
  looksAt: ({ series }) => [series],
  judge(spec, evidence) {
    const series = samplesOf(spec, evidence);
    if (isJudgement(series)) return series;
    const must = `each ${conditionText(spec)}`;
    const counted = judgeEach(
      series,
      (sample) => !isMet(spec, sample),
      must,
      (count) => `${verbFor(count, 'breaks', 'break')} it`,
    );
    return spec.satisfies === undefined ? withSizes(counted, series, spec) : counted;
  },
});

/** It is so of no sample. */
export const never = defineInvariant({
  kind: 'never',
  schema,
  claim: (spec) => `no sample of ${seriesText(spec.series)} ${conditionText(spec)}`,
  looksAt: ({ series }) => [series],
  judge(spec, evidence) {
    const series = samplesOf(spec, evidence);
    if (isJudgement(series)) return series;
    return judgeEach(
      series,
      (sample) => isMet(spec, sample),
      `none ${conditionText(spec)}`,
      () => 'should not be',
    );
  },
});

/** It is so of at least one sample in every group: what is never exercised is not tested. */
export const sometimes = defineInvariant({
  kind: 'sometimes',
  schema,
  claim: (spec) => `at least one sample of ${seriesText(spec.series)} ${conditionText(spec)}`,
  looksAt: ({ series }) => [series],
  judge: judgeSometimes,
});

function conditionText({ atLeast, atMost, satisfies }: Spec): string {
  const bounds = limitsText({ atLeast, atMost });
  const words = [
    ...(bounds === '' ? [] : [`is ${bounds}`]),
    ...(satisfies === undefined ? [] : [predicate(satisfies)]),
  ];
  return words.join(' and ');
}

/** What is written in place has the name of its key. */
function predicate({ name }: NonNullable<Spec['satisfies']>): string {
  return name === '' || name === 'satisfies' ? 'satisfies the condition' : `satisfies ${name}`;
}

function isMet({ satisfies, ...limits }: Spec, sample: Sample): boolean {
  if (!isWithin(limits, sample.value)) return false;
  const satisfied: unknown = satisfies === undefined || satisfies(sample);
  if (typeof satisfied !== 'boolean')
    throw new TypeError(`satisfies gave ${String(satisfied)}, neither true nor false`);
  return satisfied;
}

/** The samples; hashes have no size. */
function samplesOf(spec: Spec, evidence: Evidence): ReadySeries | Judgement {
  const series = readySeries(resolveSeries(spec.series, evidence));
  if (isJudgement(series) || series.unit !== 'hash' || limitsText(spec) === '') return series;
  return unknown(`${spec.series.metric} is a hash, which has no size`);
}

function judgeEach(
  series: ReadySeries,
  isWrong: (sample: Sample) => boolean,
  holds: string,
  breaks: (count: number) => string,
): Judgement {
  const samples = [...series.groups.values()].flat();
  const wrong = samples.flatMap((sample, index) => (isWrong(sample) ? [{ sample, number: index + 1 }] : []));
  const shown = wrong
    .slice(0, 3)
    .map(({ sample, number }) => `${sampleText(sample, number)} is ${amountText(sample.value, series.unit)}`);
  return judgeCounted({
    breaks: wrong.length,
    of: samples.length,
    because:
      wrong.length === 0
        ? `${countText(samples.length, 'sample')}, ${holds}`
        : `${shareText(wrong.length, samples.length, 'sample')} ${breaks(wrong.length)}, the first: ${shown.join(', ')}`,
    parts: wrong.slice(0, partsKept).map(({ sample, number }) => ({
      part: sampleText(sample, number),
      observed: String(sample.value),
      expected: '',
      off: '',
    })),
  });
}

/** Bounds say how far a sample is off, in its own unit: as far as the farthest. */
function withSizes(counted: Judgement, { groups, unit }: ReadySeries, limits: Limits): Judgement {
  let least: ReturnType<typeof nearest> | null = null;
  for (const samples of groups.values()) {
    for (const { value } of samples) {
      const side = nearest(limits, value);
      if (least === null || side.margin < least.margin) least = side;
    }
  }
  if (least === null) return counted;
  const distance = counted.state === 'fail' ? distanceOf(least.margin, least.limit) : 0;
  return { ...counted, margin: marginOf([least.margin]), distance, unit };
}

function judgeSometimes(spec: Spec, evidence: Evidence): Judgement {
  const series = samplesOf(spec, evidence);
  if (isJudgement(series)) return series;
  const met = [...series.groups].map(([group, samples]) => ({
    group,
    samples,
    count: samples.filter((sample) => isMet(spec, sample)).length,
  }));
  const lacking = met.filter(({ count }) => count === 0);
  return judgeCounted({
    breaks: lacking.length,
    of: met.length,
    because:
      lacking.length === 0
        ? listText(
            met.map(({ group, samples, count }) => `${group}: ${count} of ${countText(samples.length, 'sample')}`),
          )
        : listText(lacking.map(({ group, samples }) => `${group}: none of ${countText(samples.length, 'sample')}`)),
    parts: met.map(({ group, count }) => ({
      part: group,
      observed: String(count),
      expected: '1',
      off: count === 0 ? '-1' : '0',
    })),
  });
}

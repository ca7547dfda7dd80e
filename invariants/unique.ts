import { z } from 'zod';
import { isJudgement, readySeries } from '../gym/judge/compare.ts';
import { judgeCounted } from '../gym/judge/counted.ts';
import { resolveSeries, seriesSchema, seriesText } from '../gym/judge/quantity.ts';
import { countText, listText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import type { Judgement } from '../gym/task/judgement.ts';
import type { Evidence, Sample } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({
    ...invariantBase,
    /** One sample an occurrence; the labels `by` are its id. */
    series: seriesSchema,
    /** All ids that there should be, by labels with the same values: then none may be missing, and none may come from elsewhere. */
    expected: seriesSchema.optional(),
  })
  .refine(({ series, expected }) => series.by.length > 0 && [0, series.by.length].includes(expected?.by.length ?? 0), {
    path: ['series'],
    message: 'an id is made of labels: name them in `by`, as many in expected',
  })
  .refine(({ expected }) => expected === undefined || expected.by.length > 0, {
    path: ['expected'],
    message: 'an id is made of labels: name them in `by`',
  });
type Spec = z.output<typeof schema>;

/** Exactly once: no id occurs twice; with `expected`, none is missing and none is unknown. */
export const unique = defineInvariant({
  kind: 'unique',
  schema,
  claim({ series, expected }) {
    const found = seriesText({ ...series, by: [] });
    return expected === undefined
      ? `no ${series.by.join(', ')} occurs twice in ${found}`
      : `every ${expected.by.join(', ')} of ${seriesText({ ...expected, by: [] })} occurs exactly once in ${found}, and no other`;
  },
  looksAt: ({ series, expected }) => [series, ...(expected === undefined ? [] : [expected])],
  judge,
  notices: ({ expected }) => ['duplicate', ...(expected === undefined ? [] : ['drop' as const])],
});

function judge(spec: Spec, evidence: Evidence): Judgement {
  const found = readySeries(resolveSeries(spec.series, evidence));
  if (isJudgement(found)) return found;
  const expected = spec.expected === undefined ? null : readySeries(resolveSeries(spec.expected, evidence));
  if (expected !== null && isJudgement(expected)) return expected;
  const times = new Map([...found.groups].map(([id, samples]) => [id, occurrences(samples)]));
  const repeated = [...times].filter(([, count]) => count > 1);
  const missing = expected === null ? [] : [...expected.groups.keys()].filter((id) => !times.has(id));
  const strangers = expected === null ? [] : [...times.keys()].filter((id) => !expected.groups.has(id));
  const ids = expected === null ? times.size : expected.groups.size;
  const extra = repeated.reduce((sum, [, count]) => sum + count - 1, 0);
  const wrong = [
    ...told('missing', missing),
    ...told(
      'more than once',
      repeated.map(([id, count]) => `${id} (${count} times)`),
    ),
    ...told('not expected', strangers),
  ];
  return judgeCounted({
    breaks: missing.length + extra + strangers.length,
    of: ids,
    because:
      wrong.length === 0 ? `${countText(ids, 'id')}, each once` : `of ${countText(ids, 'id')}: ${wrong.join('; ')}`,
    parts: [
      ...missing.map((part) => ({ part, observed: '0', expected: '1', off: '-1' })),
      ...repeated.map(([part, count]) => ({ part, observed: `${count}`, expected: '1', off: `${count - 1}` })),
      ...strangers.map((part) => ({ part, observed: `${times.get(part)}`, expected: '0', off: `${times.get(part)}` })),
    ],
  });
}

function occurrences(samples: readonly Sample[]): number {
  return samples.reduce((sum, { n = 1 }) => sum + n, 0);
}

function told(what: string, ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [`${ids.length} ${what}: ${listText(ids)}`];
}

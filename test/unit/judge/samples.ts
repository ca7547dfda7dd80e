import { expect } from 'vitest';
import type { Invariant } from '../../../gym/task/invariant.ts';
import { checkResult, type Judgement } from '../../../gym/task/judgement.ts';
import type { Evidence, Reading, Sample, ServiceLog, Unit } from '../../../gym/task/measurement.ts';

/** Samples of one metric: `{ tcp: 5n, shm: 7n }` by channel, or a single value without labels. */
export function samples(
  metric: string,
  values: bigint | number | Readonly<Record<string, bigint | number>>,
  unit: Unit = 'bytes',
): Sample[] {
  if (typeof values !== 'object') return [{ metric, labels: {}, value: values, unit }];
  return Object.entries(values).map(([channel, value]) => ({ metric, labels: { channel }, value, unit }));
}

/** Samples of one metric over time: `[atMs, value, labels]`. */
export function timeline(
  metric: string,
  points: readonly (readonly [number, bigint | number, Readonly<Record<string, string>>?])[],
  unit: Unit = 'count',
): Sample[] {
  return points.map(([atMs, value, labels = {}]) => ({ metric, labels, value, unit, atMs }));
}

/** A reading of documents only, each on a line of its own. */
export function documentsOf(source: string, values: readonly unknown[]): Reading {
  const documents = values.map((value, index) => ({ value, place: { file: `${source}.ndjson`, line: index + 1 } }));
  return { source, witness: false, samples: [], documents };
}

/** Evidence from samples by source, or a whole reading; a text instead of samples is the source's problem. */
export function evidenceOf(
  sources: Readonly<Record<string, readonly Sample[] | string | Reading>>,
  logs: readonly ServiceLog[] = [],
): Evidence {
  const readings = Object.entries(sources).map(([source, given]): [string, Reading] => [
    source,
    readingFrom(source, given),
  ]);
  return { readings: new Map(readings), logs: new Map(logs.map((log) => [log.service, log])) };
}

function readingFrom(source: string, given: readonly Sample[] | string | Reading): Reading {
  if (typeof given === 'string') return { source, witness: false, samples: [], problem: given };
  return 'samples' in given ? given : { source, witness: false, samples: given };
}

/** Judges, and asserts what must be true of every judgement whatever the evidence. */
export function judged(invariant: Invariant, evidence: Evidence): Judgement {
  const judgement = invariant.judge(evidence);
  const { name, kind, claim, severity } = invariant;
  const check = { ...judgement, name, kind, claim, severity, risk: [...invariant.risk], again: 'gym verify' };
  expect(checkResult.parse(JSON.parse(JSON.stringify(check)))).toEqual(check);
  const isJudged = judgement.state === 'pass' || judgement.state === 'fail';
  expect([judgement.distance === null, judgement.margin === null]).toEqual([!isJudged, !isJudged]);
  expect(judgement.distance === 0).toBe(judgement.state === 'pass');
  if (isJudged) expect((judgement.margin ?? Number.NaN) >= 0).toBe(judgement.state === 'pass');
  if (isJudged) expect(judgement.distance).toBeGreaterThanOrEqual(0);
  expect(judgement.because).not.toBe('');
  return judgement;
}

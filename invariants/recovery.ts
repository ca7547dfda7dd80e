import { z } from 'zod';
import { distanceOf, isJudgement, marginOf, readySeries } from '../gym/judge/compare.ts';
import { isLimited, isPossible, isWithin, limitKeys, limitMessages, limitsText } from '../gym/judge/limits.ts';
import { resolveSeries, seriesSchema, seriesText } from '../gym/judge/quantity.ts';
import { amountText, listText } from '../gym/judge/text.ts';
import { type TimedSample, timed, timeText } from '../gym/judge/time.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({
    ...invariantBase,
    /** A sample a disturbance, at its moment. */
    disturbance: seriesSchema,
    /** What should be within the bounds again, over time. */
    signal: seriesSchema,
    ...limitKeys,
    /** Milliseconds from a disturbance until it is so again, and stays so up to the next one. */
    withinMs: z.number().positive(),
  })
  .refine(isLimited, limitMessages.none)
  .refine(isPossible, limitMessages.impossible);
type Spec = z.output<typeof schema>;

/** After each disturbance it is well again within a time, and stays so. */
export const recovery = defineInvariant({
  kind: 'recovery',
  schema,
  claim: (spec) =>
    `after each ${seriesText(spec.disturbance)}, ${seriesText(spec.signal)} is ${limitsText(spec)} again within ${amountText(spec.withinMs, 'ms')}`,
  looksAt: ({ disturbance, signal }) => [disturbance, signal],
  judge,
  // All as large as the largest: never well, where anything was disturbed at all.
  notices: ({ atLeast, atMost }) => (atLeast === undefined && atMost !== undefined ? ['constant'] : []),
});

/**
 * What one group did after one disturbance, in milliseconds from it:
 *
 *     disturbed ──► out of bounds … lastBadMs ──► … ──► firstGoodMs ── within bounds ──► next disturbance
 *
 * Null: there was no such sample. Between the two nothing was measured.
 */
interface Aftermath {
  readonly part: string;
  readonly lastBadMs: number | null;
  readonly firstGoodMs: number | null;
}

function judge(spec: Spec, evidence: Evidence): Judgement {
  const disturbances = readySeries(resolveSeries(spec.disturbance, evidence));
  if (isJudgement(disturbances)) return disturbances;
  const signal = readySeries(resolveSeries(spec.signal, evidence));
  if (isJudgement(signal)) return signal;
  if (signal.unit === 'hash') return unknown(`${spec.signal.metric} is a hash, which has no size`);
  const marks = timed([...disturbances.groups.values()].flat());
  if (marks === null) return unknown(`${seriesText(spec.disturbance)}: not every sample has a time`);
  const aftermaths: Aftermath[] = [];
  for (const [group, samples] of signal.groups) {
    const ordered = timed(samples);
    if (ordered === null) return unknown(`${seriesText(spec.signal)}: not every sample has a time`);
    for (const [index, mark] of marks.entries()) {
      aftermaths.push(aftermath(spec, group, ordered, mark, marks[index + 1]));
    }
  }
  return judgeAftermaths(spec, aftermaths);
}

function aftermath(
  spec: Spec,
  group: string,
  samples: readonly TimedSample[],
  mark: TimedSample,
  next: TimedSample | undefined,
): Aftermath {
  const after = samples.filter(({ atMs }) => atMs >= mark.atMs && (next === undefined || atMs < next.atMs));
  const lastBad = after.findLastIndex(({ value }) => !isWithin(spec, value));
  const sinceMark = (sample: TimedSample | undefined) => (sample === undefined ? null : sample.atMs - mark.atMs);
  return {
    part: `${group}, disturbed at ${timeText(mark.atMs)}`,
    lastBadMs: sinceMark(after[lastBad]),
    firstGoodMs: sinceMark(after[lastBad + 1]),
  };
}

function judgeAftermaths(spec: Spec, aftermaths: readonly Aftermath[]): Judgement {
  const judged = aftermaths.map((each) => ({ ...each, room: roomOf(spec, each) }));
  const late = judged.flatMap((each) => (each.room !== null && each.room < 0 ? [{ ...each, room: each.room }] : []));
  const open = judged.find(({ room }) => room === null);
  if (late.length === 0 && open !== undefined) return unknown(openText(spec, open));
  const rooms = judged.flatMap(({ room }) => (room === null ? [] : [room]));
  const told = late.length > 0 ? late : judged;
  return {
    state: late.length === 0 ? 'pass' : 'fail',
    because: `${listText(told.map(recoveryText))}; it must be within ${amountText(spec.withinMs, 'ms')}`,
    margin: marginOf(rooms),
    distance: distanceOf(
      rooms.reduce((least, room) => Math.min(least, room), 0),
      spec.withinMs,
    ),
    unit: 'ms',
    parts: judged.map(({ part, firstGoodMs, lastBadMs, room }) => ({
      part,
      observed: String(firstGoodMs ?? lastBadMs ?? ''),
      expected: String(spec.withinMs),
      off: room !== null && room < 0 ? String(-room) : '0',
    })),
    evidence: [],
  };
}

/** Milliseconds to spare; below zero: too late by as much at the least. Null: it cannot be told. */
function roomOf({ withinMs }: Spec, { lastBadMs, firstGoodMs }: Aftermath): number | null {
  if (firstGoodMs !== null && firstGoodMs <= withinMs) return withinMs - firstGoodMs;
  return lastBadMs !== null && lastBadMs > withinMs ? withinMs - lastBadMs : null;
}

function openText({ withinMs }: Spec, { part, lastBadMs, firstGoodMs }: Aftermath): string {
  if (lastBadMs === null && firstGoodMs === null) return `${part}: nothing was measured until the next one or the end`;
  if (firstGoodMs === null) return `${part}: it was watched for ${amountText(lastBadMs ?? 0, 'ms')} only`;
  return `${part}: nothing was measured from ${amountText(lastBadMs ?? 0, 'ms')} to ${amountText(firstGoodMs, 'ms')}, and ${amountText(withinMs, 'ms')} lie between`;
}

function recoveryText({ part, lastBadMs, firstGoodMs }: Aftermath): string {
  if (firstGoodMs === null) return `${part}: not yet after ${amountText(lastBadMs ?? 0, 'ms')}`;
  return lastBadMs === null ? `${part}: never out of bounds` : `${part}: well after ${amountText(firstGoodMs, 'ms')}`;
}

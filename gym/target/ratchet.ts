import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { amountText } from '../judge/text.ts';
import { writeAtomically } from '../store/store.ts';
import type { Judgement } from '../task/judgement.ts';
import { unit } from '../task/measurement.ts';
import { isLessBetter, type Target } from '../task/target.ts';
import type { RunLimit } from './runs.ts';
import { driftShare, unitOf } from './words.ts';

/** The file beside the task file: it belongs to the code and is reviewed like it. */
export const ratchetFile = 'ratchet.json';

const bestSchema = z.strictObject({ value: z.number().nonnegative(), unit });
/** The best that was measured so far. */
export type Best = z.infer<typeof bestSchema>;

const ratchetSchema = z.strictObject({ schema: z.literal('gym.ratchet/1'), best: z.record(z.string(), bestSchema) });
/** The best so far of each target, by its name. */
export type Ratchet = z.infer<typeof ratchetSchema>;

/** The best so far in the build that is judged, and in the baseline. */
export interface Ratchets {
  readonly own: Ratchet;
  readonly baseline: Ratchet;
}

/** How a ratchet that has no number yet says so. */
export const noBestYet = 'there is no best so far';

/** Nothing was measured yet. */
export const emptyRatchet: Ratchet = { schema: 'gym.ratchet/1', best: {} };

/** Reads the ratchet of a folder; without a file nothing was measured yet. */
export function readRatchet(folder: string): Result<Ratchet> {
  const file = join(folder, ratchetFile);
  return existsSync(file) ? parseRatchet(readFileSync(file, 'utf8'), file) : ok(emptyRatchet);
}

/** Reads the text of such a file; `undefined`: there was none. */
export function parseRatchet(text: string | undefined, file: string): Result<Ratchet> {
  if (text === undefined) return ok(emptyRatchet);
  const parsed = ratchetSchema.safeParse(jsonOf(text));
  if (parsed.success) return ok(parsed.data);
  const message = `it is no ratchet: ${z.prettifyError(parsed.error)}`;
  return failed({ kind: 'definition', message, place: { file }, remedy: 'git restore it; gym ratchet writes it.' });
}

/** Writes the ratchet of a folder, in an order that makes small diffs. */
export function writeRatchet(folder: string, { best }: Ratchet): void {
  const sorted = Object.fromEntries(Object.entries(best).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeAtomically(join(folder, ratchetFile), `${JSON.stringify({ ...emptyRatchet, best: sorted }, null, 2)}\n`);
}

/** Whether a number is better than another one. */
export function isBetter({ measure }: Target, one: number, other: number): boolean {
  return isLessBetter(measure) ? one < other : one > other;
}

/** The limit that the best so far sets; there may be none yet. */
export function limitOfRatchet({ measure, against }: Target, best: Best | undefined): RunLimit {
  const { noWorse = 0, runs } = against.kind === 'ratchet' ? against : {};
  const limit =
    best === undefined ? null : isLessBetter(measure) ? best.value * (1 + noWorse) : best.value / (1 + noWorse);
  return { limit, isInclusive: true, drift: driftShare * noWorse, quantile: 0.5, confidence: 0.95, runs };
}

/** The judgement where the ratchet was loosened: what the baseline's file has is gone, or worse. */
export function judgeLoosened(target: Target, { own, baseline }: Ratchets): Judgement | undefined {
  const before = baseline.best[target.name];
  const now = own.best[target.name];
  if (before === undefined) return undefined;
  const unit = unitOf(target.measure);
  const text = amountText(before.value, unit);
  if (now !== undefined && now.unit === before.unit && !isBetter(target, before.value, now.value)) return undefined;
  const off = now === undefined ? 'gone' : amountText(now.value, now.unit);
  const size = now === undefined ? 1 : Math.abs(now.value - before.value);
  return {
    state: 'fail',
    because: `${ratchetFile} was loosened: the baseline has ${text}, and now it is ${off}`,
    margin: -Math.max(size, Number.EPSILON),
    distance: Math.max(size / Math.max(before.value, 1), Number.EPSILON),
    unit,
    parts: [],
    evidence: [{ what: 'the best so far', place: { file: ratchetFile } }],
  };
}

/** The best so far after a run that measured these numbers: what is better is taken, what is worse is not. */
export function tightened(ratchet: Ratchet, targets: readonly Target[], values: ReadonlyMap<string, number>): Ratchet {
  const best = { ...ratchet.best };
  for (const target of targets) {
    const value = values.get(target.name);
    const before = best[target.name];
    if (target.against.kind !== 'ratchet' || value === undefined) continue;
    if (before === undefined || isBetter(target, value, before.value))
      best[target.name] = { value, unit: unitOf(target.measure) };
  }
  return { ...ratchet, best };
}

import { z } from 'zod';
import { severity, state } from '../events/event.ts';
import { place } from '../events/problem.ts';
import { unit } from './measurement.ts';

/** A number in a verdict: integers as decimal strings, so that no reader rounds them. */
const quantityString = z.string();

/** One part of what a check looked at, where it matters to a repair: a channel, a pair, a service. */
export const part = z.object({
  part: z.string(),
  observed: quantityString,
  expected: quantityString,
  /** observed - expected, signed: which way it is off. "0" where the part holds. */
  off: quantityString,
});
export type Part = z.infer<typeof part>;

/** Where the evidence of a judgement is kept, relative to the run's folder, or a place in the workspace. */
export const evidenceReference = z.object({ what: z.string(), place });

/** What a kind of invariant says about its evidence. */
export const judgement = z.object({
  state,
  /** Why, in one sentence with the numbers. */
  because: z.string(),
  /** How far from the border, in `unit`; 0 or more holds; null where it could not be judged. */
  margin: z.number().nullable(),
  /** 0 if and only if it passes, else max(0, -margin) over the size of what was expected; null where not judged. */
  distance: z.number().nullable(),
  unit: unit.nullable(),
  /** Every part that was compared, in a stable order. */
  parts: z.array(part),
  evidence: z.array(evidenceReference),
});
export type Judgement = z.infer<typeof judgement>;

/** A judged check in a verdict. */
export const checkResult = judgement.extend({
  name: z.string(),
  /** The kind of invariant, or `cases` for the result of a stage. */
  kind: z.string(),
  /** What is claimed, in one sentence. */
  claim: z.string(),
  severity: severity.default('gate'),
  /** What would be harmed if it did not hold, in the task's own words. */
  risk: z.array(z.string()).default([]),
  /** Whom to ask. */
  owner: z.string().optional(),
  /** Of a gate: whether it was seen to fail under a fault (`gym prove`), with the definition as it is now. */
  proof: z.enum(['proven', 'unproven']).optional(),
  /** The run since which it has not held without a break; none where it holds. */
  since: z.string().optional(),
  /** The command that judges this again. */
  again: z.string(),
});
export type CheckResult = z.infer<typeof checkResult>;

const notJudged = { margin: null, distance: null, unit: null, parts: [], evidence: [] };

/** The inputs were not produced. */
export const unknown = (because: string): Judgement => ({ state: 'unknown', because, ...notJudged });
/** There was nothing to judge. */
export const vacuous = (because: string): Judgement => ({ state: 'vacuous', because, ...notJudged });
/** The check itself broke. */
export const broken = (because: string): Judgement => ({ state: 'error', because, ...notJudged });

import type { Judgement } from '../task/judgement.ts';
import type { ArmName } from './arm.ts';

/** One number that was measured, or why there is none; what `may pass` is worth another try. */
export type Measured =
  | { readonly ok: true; readonly value: number /** The tool that counted. */; readonly how?: string }
  | { readonly ok: false; readonly because: string; readonly outlook: 'may pass' | 'stays' };

/** There is no number. */
export const notMeasured = (because: string, outlook: 'may pass' | 'stays' = 'stays'): Measured => ({
  ok: false,
  because,
  outlook,
});

/** What came of measuring a target: the judgement, and what is kept as evidence. */
export interface Outcome {
  readonly judgement: Judgement;
  /** The number that stands for the build: what a ratchet may be set to. */
  readonly value?: number;
  readonly kept: Readonly<Record<string, unknown>>;
}

/** Measures a build of the stand once. */
export type MeasureArm = (arm: ArmName, plantedMs?: number) => Promise<Measured>;

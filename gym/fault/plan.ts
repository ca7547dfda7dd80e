import type { Result } from '../events/problem.ts';
import type { FaultEvidence } from '../task/environment-fault.ts';
import type { OpenFault, Undo } from './notes.ts';
import type { Member, System } from './system.ts';

/** What a fault is planned with. */
export interface Planning {
  readonly system: System;
  /** Name of the fault. */
  readonly id: string;
  /** The other faults that are there. */
  readonly open: readonly OpenFault[];
}

/** What came of injecting a fault. */
export interface Outcome {
  readonly activated: boolean;
  readonly evidence: readonly FaultEvidence[];
}

/** A fault that can be injected: how, and how to take it back. Nothing is done before `act`. */
export interface Plan {
  readonly undo: readonly Undo[];
  /** The containers that it is about. */
  readonly members: readonly Member[];
  act(): Promise<Result<Outcome>>;
}

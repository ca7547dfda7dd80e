import type { Emit, Phase } from '../events/event.ts';
import type { Problem, Result } from '../events/problem.ts';
import type { StageOutcome } from '../harness/stage.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import type { CanaryEnd } from '../target/canary.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Changes } from '../workspace/changes.ts';
import type { Commit } from '../workspace/commit.ts';
import type { Protected } from './protecting.ts';
import type { Plan } from './reuse.ts';

/** What a verification has found out so far; the verdict is made of it wherever the way ends. */
export interface Findings {
  taken: Protected | null;
  definition: string;
  /** Where the baseline is, or why there is none; `undefined`: nobody needs it. */
  commit: Result<Commit> | undefined;
  proposals: NonNullable<Verdict['proposals']>;
  /** How the snapshot differs from it; `undefined`: nobody needs it. */
  changes: Result<Changes> | undefined;
  /** Guards that could not be judged, and why. */
  unguarded: string | undefined;
  canary: CanaryEnd | undefined;
  /** `undefined`: the run did not come so far. */
  plan: Plan | undefined;
  outcomes: StageOutcome[];
  checks: CheckResult[];
  problems: Problem[];
}

/** Where a run is, and who hears of it. */
export interface Way {
  /** Where the snapshot is. */
  readonly directory: string;
  readonly runDirectory: string;
  readonly emit: Emit;
}

/** Whether all stages so far hold. */
export const allGreen = ({ outcomes }: Findings): boolean => outcomes.every(({ state }) => isGreen(state));

/** Runs a step of the way between its two events. */
export async function phase<Value>(name: Phase, emit: Emit, work: () => Promise<Value>): Promise<Value> {
  const started = performance.now();
  emit({ type: 'phase.started', phase: name });
  const value = await work();
  emit({ type: 'phase.finished', phase: name, durationMs: performance.now() - started });
  return value;
}

/** Notes problems, which the verdict tells. */
export function note(findings: Findings, emit: Emit, problems: readonly Problem[]): void {
  findings.problems.push(...problems);
  for (const problem of problems) emit({ type: 'problem.found', problem });
}

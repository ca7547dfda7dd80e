import { relative } from 'node:path';
import type { StageOutcome } from '../harness/stage.ts';
import type { StageResult } from '../judge/verdict.ts';

/** A verdict names this many failed cases of a stage; the log and the result file have all. */
const failuresLimit = 20;
const messageLimit = 2000;

/** The outcome of a stage as a verdict keeps it: bounded, paths relative to the run's folder. */
export function asStageResult(outcome: StageOutcome, runDirectory: string): StageResult {
  const failures = (outcome.cases ?? []).filter(({ state }) => state === 'failed').slice(0, failuresLimit);
  return {
    stage: outcome.stage,
    state: outcome.state,
    because: outcome.because,
    exitCode: outcome.exitCode,
    cases: outcome.counts,
    failures: failures.map(({ id, file, line, message }) => ({
      id,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      message: (message ?? '').slice(0, messageLimit),
    })),
    durationMs: outcome.durationMs,
    log: outcome.logFile === null ? null : relative(runDirectory, outcome.logFile),
    ...(outcome.cached !== undefined && { cached: outcome.cached }),
  };
}

import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import type { StageOutcome } from '../harness/stage.ts';
import { failedInOrder, groupedFailures } from '../judge/signature.ts';
import type { StageResult } from '../judge/verdict.ts';
import { writeAtomically } from '../store/store.ts';

/** A verdict lists this many failures of a stage; the file of failed cases has all. */
const failuresLimit = 20;
const messageLimit = 2000;

/** The outcome of a stage as a verdict keeps it: bounded, paths relative to the run's folder. */
export function asStageResult(outcome: StageOutcome, runDirectory: string): StageResult {
  const failures = groupedFailures(outcome.cases ?? []).slice(0, failuresLimit);
  return {
    stage: outcome.stage,
    state: outcome.state,
    because: outcome.because,
    exitCode: outcome.exitCode,
    cases: outcome.counts,
    failures: failures.map((failure) => ({ ...failure, message: failure.message.slice(0, messageLimit) })),
    durationMs: outcome.durationMs,
    log: outcome.logFile === null ? null : relative(runDirectory, outcome.logFile),
    ...(outcome.cached !== undefined && { cached: outcome.cached }),
  };
}

const keptCase = z.object({
  id: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  message: z.string().optional(),
});
/** A failed case as a run keeps it. */
export type KeptCase = z.infer<typeof keptCase>;

const fileOf = (runDirectory: string, stage: string): string => join(runDirectory, 'stages', `${stage}.failed.json`);

/** Keeps all failed cases of a stage beside its log; none: no file. */
export function keepFailedCases({ stage, cases }: StageOutcome, runDirectory: string): void {
  const failed = failedInOrder(cases ?? []);
  if (failed.length > 0) writeAtomically(fileOf(runDirectory, stage), `${JSON.stringify(failed, null, 1)}\n`);
}

/** The failed cases that were kept of a stage of a run. */
export function failedCasesOf(runDirectory: string, stage: string): KeptCase[] {
  const file = fileOf(runDirectory, stage);
  if (!existsSync(file)) return [];
  return z.array(keptCase).safeParse(jsonOf(readFileSync(file, 'utf8'))).data ?? [];
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ok, problemsText, type Result } from '../events/problem.ts';
import { baselineFolder } from '../evidence/recorded.ts';
import { runStage, type StageOutcome } from '../harness/stage.ts';
import { judgeMoved, movedUnknown, type StageCases } from '../judge/moved.ts';
import type { CheckResult } from '../task/judgement.ts';
import { extractCommit } from '../workspace/commit.ts';
import type { Move } from '../workspace/moves.ts';
import { type BaselineWay, filesFolder, quiet, upBaseline } from './baseline.ts';
import type { VerifyRequest } from './request.ts';

type Place = Pick<BaselineWay, 'runDirectory' | 'emit'>;

/** The check of tests that were moved: the baseline's harness is run on the baseline's code, and each of its cases has to be among those that passed. */
export async function checkMoved(
  request: VerifyRequest,
  place: Place,
  { moves, outcomes }: { readonly moves: readonly Move[]; readonly outcomes: readonly StageOutcome[] },
  again: string,
): Promise<CheckResult> {
  const baseline = await baselineCases(request, place);
  if (!baseline.ok) return movedUnknown(problemsText(baseline.problems), again);
  const judged = outcomes.map(({ stage, cases }) => ({ stage, cases: cases ?? [] }));
  return judgeMoved(baseline.value, judged, moves, again);
}

/** The cases of all stages of the baseline, as its own harness reports them, whether they pass or not. */
async function baselineCases(request: VerifyRequest, { runDirectory, emit }: Place): Promise<Result<StageCases[]>> {
  const { task, run, signal, baseline } = request;
  if (baseline?.commit === undefined)
    throw new Error('tests were moved, and there is no commit that they were moved from');
  const extracted = await extractCommit(baseline.commit, join(runDirectory, filesFolder), () => true);
  if (!extracted.ok) return extracted;
  const hostDirectory = extracted.value.folder;
  const environment = await upBaseline(request, { runDirectory, emit }, hostDirectory);
  if (!environment.ok) return environment;
  try {
    const found: StageCases[] = [];
    for (const stage of task.stages) {
      const logFile = join(runDirectory, baselineFolder, 'stages', `${stage.name}.log`);
      const place = { environment: environment.value, hostDirectory, logFile };
      const outcome = await runStage(stage, { ...place, emit: quiet(emit), signal, run, nonce: randomUUID() });
      found.push({ stage: stage.name, cases: outcome.cases ?? [] });
      if (signal.aborted) break;
    }
    return ok(found);
  } finally {
    const down = await environment.value.down();
    if (!down.ok) for (const { message } of down.problems) emit({ type: 'noted', text: `left behind: ${message}` });
  }
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ok, problemsText, type Result } from '../events/problem.ts';
import { baselineFolder } from '../evidence/recorded.ts';
import { runStage, type StageOutcome } from '../harness/stage.ts';
import { judgeMoved, movedUnknown, type StageCases } from '../judge/moved.ts';
import { readCases } from '../store/baseline-cases.ts';
import type { CheckResult } from '../task/judgement.ts';
import { extractCommit } from '../workspace/commit.ts';
import type { Move } from '../workspace/moves.ts';
import { type BaselineWay, filesFolder, quiet, upBaseline } from './baseline.ts';
import type { VerifyRequest } from './request.ts';
import { variablesHash } from './variables.ts';

type Place = Pick<BaselineWay, 'runDirectory' | 'emit'>;

/** What of a run the check of tests that were moved is made of. */
interface Moved {
  readonly moves: readonly Move[];
  readonly outcomes: readonly StageOutcome[];
  /** Tells the content of the baseline from any other; empty: nobody knows it. */
  readonly tree: string;
}

/**
 * The check of tests that were moved: each case of the baseline's harness has to be among those that passed. Where no run of the baseline with the same variables has
 * recorded its cases, its harness is run on its code: by a variable it may have run fewer of them.
 */
export async function checkMoved(
  request: VerifyRequest,
  place: Place,
  { moves, outcomes, tree }: Moved,
  again: string,
): Promise<CheckResult> {
  const recorded = recordedCases(request, tree);
  if (recorded !== undefined)
    place.emit({ type: 'noted', text: 'the cases of the baseline are as a run of it has recorded them' });
  const baseline = recorded === undefined ? await baselineCases(request, place) : ok(recorded);
  if (!baseline.ok) return movedUnknown(problemsText(baseline.problems), again);
  const judged = outcomes.map(({ stage, cases }) => ({ stage, cases: cases ?? [] }));
  return judgeMoved(baseline.value, judged, moves, again);
}

/** The cases that a run of the baseline itself has recorded, with the same variables; `undefined`: there is none, or not of each stage that reports any. */
function recordedCases(request: VerifyRequest, tree: string): StageCases[] | undefined {
  const { store, history, task } = request;
  const variables = variablesHash(request.task, request.environmentVariables);
  const known = tree === '' ? {} : readCases(store, history, { task: task.name, tree, variables });
  const stages = task.stages.filter(({ results }) => results !== undefined);
  const found = stages.flatMap(({ name }) => (known[name] === undefined ? [] : [{ stage: name, cases: known[name] }]));
  return found.length > 0 && found.length === stages.length ? found : undefined;
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

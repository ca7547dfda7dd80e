import type { Problem, Result } from '../events/problem.ts';
import type { GuardedStage } from '../guard/guard.ts';
import { alsoNeeded, judgeGuards } from '../guard/guards.ts';
import { readTests } from '../guard/tests/read.ts';
import type { StageOutcome } from '../harness/stage.ts';
import { listText } from '../judge/text.ts';
import { readCases, recordCases, type StageCases } from '../store/baseline-cases.ts';
import { guardNames } from '../task/guards.ts';
import type { CheckResult } from '../task/judgement.ts';
import { acceptedFiles } from '../workspace/accepted.ts';
import { type Changes, changesSince } from '../workspace/changes.ts';
import type { Commit } from '../workspace/commit.ts';
import { matchesAny } from '../workspace/paths.ts';
import type { VerifyRequest } from './request.ts';
import { variablesHash } from './variables.ts';

/** Whether guards are judged: not where gym itself has changed the snapshot, nor where nothing but a build's service levels is judged. */
export function isGuarded({ task, fault, isCanary }: Pick<VerifyRequest, 'task' | 'fault' | 'isCanary'>): boolean {
  const { severity } = task.guards;
  return fault === undefined && isCanary !== true && guardNames.some((name) => severity[name] !== 'off');
}

/** How a snapshot differs from the baseline, before anything that runs in it can change it; `undefined`: nobody asks. */
export async function workspaceChanges(
  request: VerifyRequest,
  directory: string,
  commit: Result<Commit> | undefined,
): Promise<Result<Changes> | undefined> {
  if (!isGuarded(request) || commit === undefined) return undefined;
  if (!commit.ok) return commit;
  // A loop's worktree is without them.
  const mayLack = (path: string): boolean => matchesAny(path, request.task.hidden);
  const { baseline, proposals = [] } = request;
  const accepted = baseline === undefined ? [] : acceptedFiles(baseline, proposals);
  return changesSince({ commit: commit.value, directory, accepted, mayLack, alsoRead: alsoNeeded });
}

/** The guards of a run, and which of them could not be judged. */
export interface GuardsJudged {
  readonly checks: readonly CheckResult[];
  /** In a few words; none: all could. */
  readonly unguarded?: string;
}

/** Judges the guards; a run of the baseline itself keeps its cases for those to come. */
export function judgeWorkspace(
  request: VerifyRequest,
  changes: Result<Changes> | undefined,
  outcomes: readonly StageOutcome[],
  { runDirectory, again }: { readonly runDirectory: string; readonly again: string },
): GuardsJudged {
  if (changes === undefined) return { checks: [] };
  if (!changes.ok) return { checks: [], unguarded: whyNot(changes.problems[0]) };
  const { files, others, tree } = changes.value;
  if (files.length === 0) {
    const variables = variablesHash(request.task, request.environmentVariables);
    recordCases(runDirectory, { tree, variables, stages: casesOf(outcomes) });
    return { checks: [] };
  }
  const { store, history, task } = request;
  const baseline = tree === '' ? {} : readCases(store, history, { task: task.name, tree });
  const stages = outcomes.flatMap(({ stage, state, cases }): GuardedStage[] =>
    state !== 'pass' || cases === null ? [] : [{ stage, now: cases, baseline: baseline[stage] }],
  );
  const stagesWithResults = task.stages.filter(({ results }) => results !== undefined).length;
  const tests = readTests(files);
  const checks = judgeGuards(
    { changes: files, others, tests, stages, stagesWithResults, settings: task.guards },
    again,
  );
  const unrecorded = stages.filter((each) => each.baseline === undefined).map(({ stage }) => stage);
  if (unrecorded.length === 0 || task.guards.severity.cases === 'off') return { checks };
  return { checks, unguarded: `number of cases in ${listText(unrecorded)} (no run of the baseline is recorded)` };
}

const whyNot = ({ message }: Problem): string => (message.split('\n')[0] ?? '').replace(/^there is no baseline: /, '');

/** A stage that was cut off may have had more. */
function casesOf(outcomes: readonly StageOutcome[]): StageCases {
  return Object.fromEntries(
    outcomes.flatMap(({ stage, cases, exitCode }) =>
      cases === null || exitCode === null ? [] : [[stage, cases.map(({ id, state }) => ({ id, state }))]],
    ),
  );
}

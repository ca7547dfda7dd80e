import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf } from '../events/json.ts';
import type { StageOutcome } from '../harness/stage.ts';
import { type Change, isGreen, type Tally, type Verdict, verdictSchema } from '../judge/verdict.ts';
import { areAsWritten } from '../store/audit.ts';
import { verdictName } from '../store/run-files.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Baseline } from '../workspace/baseline.ts';
import type { VerifyRequest } from './request.ts';
import { failedCasesOf } from './stage-result.ts';

/** How many runs are looked through for the last one of the task. */
const lookedAt = 50;

/** The checks, each that does not hold with the run since which it has not, without a break. */
export function withSince(checks: readonly CheckResult[], run: string, before: Verdict | undefined): CheckResult[] {
  return checks.map((check) => {
    if (isGreen(check.state)) return check;
    const last = before?.checks.find(({ name }) => name === check.name);
    const since = last === undefined || isGreen(last.state) ? run : (last.since ?? before?.run ?? run);
    return { ...check, since };
  });
}

/** Names of each kind of change in a verdict. */
const namesKept = 10;

/**
 * What changed since the run before: checks by name, and of stages that report cases the cases. Fixed is only what was judged
 * now and holds: a case that was skipped or deleted is not. `runDirectory` tells where a run's files are.
 */
export function changeSince(
  before: Verdict,
  now: { readonly checks: readonly CheckResult[]; readonly outcomes: readonly StageOutcome[] },
  runDirectory: (run: string) => string,
): Change {
  const wrongThen = wrongIn(before.checks, (stage) =>
    failedCasesOf(runDirectory(before.run), stage).map(({ id }) => id),
  );
  const states = new Map([
    ...now.checks.map(({ name, state }) => [name, state] as const),
    ...now.outcomes.flatMap(({ stage, cases }) =>
      (cases ?? []).map(({ id, state }) => [caseName(stage, id), state] as const),
    ),
  ]);
  const wrongNow = wrongIn(now.checks, (stage) =>
    (now.outcomes.find((outcome) => outcome.stage === stage)?.cases ?? [])
      .filter(({ state }) => state === 'failed')
      .map(({ id }) => id),
  );
  const isFixed = (name: string): boolean => ['pass', 'waived', 'passed'].includes(states.get(name) ?? '');
  const [then, since] = [new Set(wrongThen), new Set(wrongNow)];
  const gone = wrongThen.filter((name) => !since.has(name));
  return {
    run: before.run,
    distance: before.distance,
    fixed: tallyOf(gone.filter(isFixed)),
    new: tallyOf(wrongNow.filter((name) => !then.has(name))),
    still: tallyOf(wrongNow.filter((name) => then.has(name))),
    unjudged: tallyOf(gone.filter((name) => !isFixed(name))),
  };
}

const caseName = (stage: string, id: string): string => `${stage}: ${id}`;

/** Names of what was judged and does not hold; a stage whose failed cases are known stands for those. */
function wrongIn(checks: readonly CheckResult[], failedOf: (stage: string) => readonly string[]): string[] {
  const wrong = checks.filter(({ state }) => !isGreen(state) && state !== 'unknown');
  return wrong.flatMap(({ name, kind }) => {
    const failed = kind === 'cases' ? failedOf(name) : [];
    return failed.length === 0 ? [name] : failed.map((id) => caseName(name, id));
  });
}

const tallyOf = (names: readonly string[]): Tally => ({ count: names.length, first: names.slice(0, namesKept) });

/** What tells which verdicts this run's may be compared with. */
export interface LastAsk extends Pick<VerifyRequest, 'store' | 'history' | 'task' | 'run' | 'workspace'> {
  readonly baseline?: Pick<Baseline, 'name'>;
}

/**
 * The last verdict of the task before this run that judged anything, in the same workspace, by the protected files of the same baseline, with nothing
 * broken on purpose; `undefined`: there is none.
 */
export function lastVerdict({ store, history, task, run, workspace, baseline }: LastAsk): Verdict | undefined {
  for (const row of history.newest(lookedAt)) {
    if (row.kind !== 'verify' || row.task !== task.name || row.run === run || row.durationMs === null) continue;
    const file = join(store.runDirectory(row.run), verdictName);
    if (!existsSync(file)) continue;
    const parsed = verdictSchema.safeParse(jsonOf(readFileSync(file, 'utf8')));
    // A loop works on other files than the user does: what fails there says nothing of what fails here.
    if (!parsed.success) continue;
    const { fault, canary, part, workspace: judged, checks } = parsed.data;
    const isPlain = [fault, canary, part].every((each) => each === undefined) && checks.length > 0;
    const isSame = judged.root === workspace && refOf(judged.baseline) === refOf(baseline?.name);
    if (isPlain && isSame && areAsWritten(store, history, row, [verdictName])) return parsed.data;
  }
  return undefined;
}

/** A baseline moves on with its branch: `main` of `main@1a2b3c4`. `undefined`: the workspace's own files have judged. */
const refOf = (name: string | undefined): string | undefined => name?.replace(/@[^@]*$/, '');

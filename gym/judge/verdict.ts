import { z } from 'zod';
import { caseCounts, type State, state, stateNames } from '../events/event.ts';
import { type Problem, problem } from '../events/problem.ts';
import { type CheckResult, checkResult } from '../task/judgement.ts';

/** The schema's name, in every verdict; a change that breaks readers gets a new number. */
export const verdictSchemaName = 'gym.verdict/1';

/** A failed test case, bounded in size. */
export const failedCase = z.object({
  id: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  message: z.string(),
  /** How many more failed with the same signature (see signatureOf), and in how many files all of them are. */
  alike: z.number().optional(),
  files: z.number().optional(),
});
export type FailedCase = z.infer<typeof failedCase>;

/** A stage of the harness in a verdict. */
export const stageResult = z.object({
  stage: z.string(),
  state,
  because: z.string(),
  exitCode: z.number().nullable(),
  cases: caseCounts.nullable(),
  /** The first failures, those of one signature as one; `cases.failed` counts all of them. */
  failures: z.array(failedCase),
  durationMs: z.number(),
  /** Log of the stage, relative to the run's folder; null: it was not run. */
  log: z.string().nullable(),
  /** The run in which it ran, and the hash of all that it depends on, where it was not run again. */
  cached: z.object({ run: z.string(), key: z.string() }).optional(),
});
export type StageResult = z.infer<typeof stageResult>;

/** Checks and cases by name: how many, and the first of them. */
const tally = z.object({ count: z.number(), first: z.array(z.string()).readonly() });
export type Tally = z.infer<typeof tally>;

/** What is different from the run before in the same workspace. Cases are named `STAGE: ID`, checks by their name. */
export const change = z.object({
  run: z.string(),
  /** Of that run. */
  distance: z.number().nullable(),
  /** Did not hold then, and holds now. */
  fixed: tally,
  /** Does not hold now, and did then, or was not there. */
  new: tally,
  /** Did not hold then, and does not hold now. */
  still: tally,
  /** Did not hold then, and was not judged now: skipped, gone, or not come to. */
  unjudged: tally,
});
export type Change = z.infer<typeof change>;

const watchedState = z.object({ state, because: z.string() });

/** What all checks of one run come to: the document `verdict.json`. */
export const verdictSchema = z.object({
  schema: z.literal(verdictSchemaName),
  run: z.string(),
  task: z.string(),
  state,
  /** Process exit code that belongs to it. */
  exitCode: z.number(),
  /** One sentence: the worst check, or what all of them say. */
  headline: z.string(),
  /** Stages still to come + d/(1+d) of the worst check's distance d; 0 if and only if it passes; null where not judged. */
  distance: z.number().nullable(),
  startedAt: z.number(),
  durationMs: z.number(),
  workspace: z.object({
    root: z.string(),
    /** Hash of the judged snapshot. */
    hash: z.string(),
    /** Hash of what judged: the task's file, its environment and its protected files. */
    definition: z.string().default(''),
    /** Where protected files were taken from: `main@1a2b3c4`. Absent: they are the workspace's own. */
    baseline: z.string().optional(),
    /** The command that judges the workspace by its own. */
    judgeOwn: z.string().optional(),
    /** Protected files that were taken from the baseline because the workspace's differed. */
    restored: z.array(z.string()),
    /** Tests that were moved and are judged where they are now. */
    moved: z.array(z.object({ from: z.string(), to: z.string() })).optional(),
    /** Which guards could not be judged, and why; none: all that something changed for were. */
    unguarded: z.string().optional(),
  }),
  fault: z.string().optional(),
  /** Of `gym verify --canary`: what to do with this build. */
  canary: z
    .object({
      call: z.enum(['go on', 'roll back', 'cannot tell']),
      because: z.string(),
      /** Each service level that was watched, as both builds kept it. */
      slos: z.array(z.object({ slo: z.string(), candidate: watchedState, baseline: watchedState })).readonly(),
      /** Slices of the load that were counted. */
      slices: z.number(),
      endedEarly: z.boolean(),
    })
    .optional(),
  /** Changes to protected files that were asked for. */
  proposals: z
    .array(
      z.object({
        id: z.string(),
        /** `open`: tried beside. `accepted`: it counts as the baseline's. */
        state: z.enum(['open', 'accepted']),
        files: z.array(z.string()),
        reason: z.string(),
        /** What the stages come to with it; it decides nothing. `with`: other proposals that were tried with it, so that it may be due to one of them. */
        came: z.object({ state, because: z.string(), with: z.array(z.string()).optional() }).optional(),
      }),
    )
    .optional(),
  /** Where only a part was asked for: how many of the task's checks were judged. Such a verdict never speaks for the whole. */
  part: z.object({ judged: z.number(), all: z.number() }).optional(),
  stages: z.array(stageResult),
  checks: z.array(checkResult),
  /** What kept the run from being judged, if anything did. */
  problems: z.array(problem),
  /** Since the run before; none: there was none, or something was broken on purpose. */
  change: change.optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The worst of the states; nothing at all is vacuous. */
export function worst(states: readonly State[]): State {
  if (states.length === 0) return 'vacuous';
  return stateNames[Math.max(...states.map((each) => stateNames.indexOf(each)))] ?? 'error';
}

/** Whether a state lets a loop end as done. */
export function isGreen(each: State): boolean {
  return each === 'pass' || each === 'waived';
}

const exitCodes = { pass: 0, waived: 0, unknown: 3, vacuous: 1, fail: 1, error: 3 } as const satisfies Record<
  State,
  number
>;

/** Exit code of a verdict's state: 0 pass, 1 fail or vacuous, 3 could not be judged. */
export function exitCodeOf(each: State): number {
  return exitCodes[each];
}

/** Exit codes of a run that ended before it could be judged. */
export const problemExitCodes = {
  usage: 2,
  definition: 2,
  environment: 4,
  crash: 4,
  evidence: 3,
} as const satisfies Record<Problem['kind'], number>;

/** Exit code where problems kept a command from its work: that of the worst. */
export function exitCodeOfProblems(problems: readonly Problem[]): number {
  return Math.max(...problems.map(({ kind }) => problemExitCodes[kind]));
}

/**
 * Distance of a whole run. A stage that does not pass counts 1, as does each one after it, so that a run that does not
 * build is further off than one whose numbers are 1 % off.
 */
export function runDistance(stagesRemaining: number, checks: readonly CheckResult[]): number | null {
  const judged = checks.flatMap(({ state: each, distance }) => (distance === null || isGreen(each) ? [] : [distance]));
  if (stagesRemaining === 0 && judged.length === 0) return null;
  const farthest = Math.max(0, ...judged);
  if (stagesRemaining === 0 && farthest === 0 && checks.some((check) => !isGreen(check.state))) return null;
  return stagesRemaining + (Number.isFinite(farthest) ? farthest / (1 + farthest) : 1);
}

/** What decides first, then the worst states; among equals, the order in which the task lists them. The first is the one to look at. */
export function worstFirst(checks: readonly CheckResult[]): CheckResult[] {
  const decides = ({ severity }: CheckResult): number => (severity === 'gate' ? 0 : 1);
  return [...checks].sort(
    (a, b) => decides(a) - decides(b) || stateNames.indexOf(b.state) - stateNames.indexOf(a.state),
  );
}

/** What comes before all that is said of a verdict, where only a part of the task was asked for: a part never passes, nor fails, for the whole. */
export function askedText({ part }: Pick<Verdict, 'part'>): string {
  return part === undefined ? '' : `only ${part.judged} of ${part.all} checks asked for: `;
}

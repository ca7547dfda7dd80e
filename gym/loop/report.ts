import type { LoopEnd, State, Usage } from '../events/event.ts';
import type { Problem } from '../events/problem.ts';
import { exitCodeOfProblems } from '../judge/verdict.ts';
import { diffCommand } from '../workspace/worktree.ts';
import { isResumable, type Progress, spentBy } from './progress.ts';

/** One line of the table of attempts; attempt 0 is the start state. Null: it was cut before that was known. */
export interface AttemptRow {
  readonly attempt: number;
  readonly state: State | null;
  readonly distance: number | null;
  readonly headline: string | null;
  /** Files that the agent changed. */
  readonly files: number | null;
  readonly agentMs: number | null;
  readonly verifyMs: number | null;
  readonly usage: Usage;
  readonly commit: string | null;
  /** Name of the run that judged it. */
  readonly run: string | null;
}

/** What a loop came to. */
export interface LoopReport {
  readonly loop: string;
  readonly task: string;
  readonly agent: string;
  readonly end: LoopEnd;
  readonly because: string;
  /** What kept it from going on, which no attempt can mend: the task's files, git. */
  readonly problems: readonly Problem[];
  /** 0 done, 5 truncated by a budget, 4 environment or agent could not be had, 2 the task is wrong, of a problem that of its kind, 130 stopped by a person. */
  readonly exitCode: number;
  readonly attempts: readonly AttemptRow[];
  readonly usage: Usage;
  /** All of the gyms that worked on it, without the pauses between. */
  readonly durationMs: number;
  readonly branch: string | null;
  /** Folder of the worktree, where it is still there. */
  readonly worktree: string | null;
  /** A shell command that shows what the agent changed. */
  readonly look: string | null;
  /** Whether `gym loop --resume` can go on with it. */
  readonly resumable: boolean;
}

const exitCodes = {
  done: 0,
  attempts: 5,
  minutes: 5,
  usd: 5,
  stalled: 5,
  environment: 4,
  'agent-failed': 4,
  stopped: 130,
} as const satisfies Record<LoopEnd, number>;

/** Why a loop ends. */
export interface Ending extends Pick<LoopReport, 'end' | 'because'> {
  readonly problems: readonly Problem[];
}

/** The report of a loop that ends now. */
export function reportOf(progress: Progress, { end, because, problems }: Ending, durationMs: number): LoopReport {
  const { started, worktree, attempts } = progress;
  const rows = attempts.map(({ attempt, judged, agent, saved, spent }): AttemptRow => {
    return {
      attempt,
      state: judged?.state ?? null,
      distance: judged?.distance ?? null,
      headline: judged?.headline ?? null,
      files: saved?.files ?? null,
      agentMs: agent?.durationMs ?? null,
      verifyMs: judged?.durationMs ?? null,
      usage: spent,
      commit: saved?.commit ?? (attempt === 0 ? (worktree?.start ?? null) : null),
      run: judged?.run ?? null,
    };
  });
  const isDefinition = end === 'environment' && rows.length === 1 && attempts[0]?.judged?.exitCode === 2;
  return {
    loop: started.loop,
    task: started.task,
    agent: started.agent,
    end,
    because,
    problems,
    exitCode: problems.length > 0 ? exitCodeOfProblems(problems) : isDefinition ? 2 : exitCodes[end],
    attempts: rows,
    usage: spentBy(progress),
    durationMs,
    branch: worktree?.branch ?? null,
    worktree: isResumable(end) ? (worktree?.directory ?? null) : null,
    look: worktree === null ? null : diffCommand(worktree),
    resumable: isResumable(end),
  };
}

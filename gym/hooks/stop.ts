import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { placeText, problemsText, type Result } from '../events/problem.ts';
import { terse } from '../judge/terse.ts';
import { countText, verbFor } from '../judge/text.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { stalledAttempts } from '../loop/progress.ts';
import { tryLock } from '../store/lock.ts';
import { sha256 } from '../store/sha256.ts';
import { writeAtomically } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import type { Answer } from './answer.ts';

const dayMs = 86_400_000;
/** Notes of turns that were broken off are kept no longer. */
const noteMs = 7 * dayMs;

/** A stop that sent the agent back. */
const sentBack = z.object({ run: z.string(), files: z.string(), distance: z.number().nullable() });

/** The stops of one turn so far. */
const turnSchema = z.object({
  turn: z.string(),
  /** Its first stop, epoch milliseconds. */
  since: z.number(),
  sentBack: z.array(sentBack),
});
type Turn = z.infer<typeof turnSchema>;

/** A stop of an agent. */
export interface StopRequest {
  readonly session: string;
  readonly turn: string;
  readonly limits: Task['limits'];
  /** Folder of notes, one for each session. */
  readonly directory: string;
  /** Verifies the workspace; problems alone: nothing was begun. */
  readonly judge: (signal: AbortSignal) => Promise<Result<Verdict>>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** How long the stops of one turn may take together: the task's minutes, and a day at most. */
export function turnLimitMs({ minutes }: Task['limits']): number {
  return Math.min(Math.ceil(minutes * 60_000), dayMs);
}

/**
 * Judges the task because the agent wants to stop.
 *
 *     stop ──► judged ──► holds, or cannot be judged ──────────────► it may stop, and the turn's note goes
 *      ▲          └─────► does not hold ──► budget or stall ───────┘
 *      └─── sent back, noted ◄─────────────┘ else
 */
export async function onStop(request: StopRequest): Promise<Answer> {
  const { session, turn, limits, directory, clock } = request;
  mkdirSync(directory, { recursive: true });
  removeOld(directory, clock());
  const name = sha256(session).slice(0, 16);
  const taken = tryLock(directory, name);
  if (!('lock' in taken)) return tell('gym is still judging an earlier stop of this session: that one decides.');
  try {
    const file = join(directory, `${name}.json`);
    const noted = readTurn(file);
    const before = noted?.turn === turn ? noted : { turn, since: clock(), sentBack: [] };
    const leftMs = before.since + turnLimitMs(limits) - clock();
    const judged = leftMs > 0 ? await request.judge(AbortSignal.timeout(leftMs)) : undefined;
    const isLate = clock() >= before.since + turnLimitMs(limits);
    const { answer, after } = concludeStop(before, judged, limits, isLate);
    if (after === null) rmSync(file, { force: true });
    else writeAtomically(file, JSON.stringify(after));
    return answer;
  } finally {
    taken.lock.release();
  }
}

/** What a stop comes to, and the turn after it; null: the agent may stop, so the turn is over. `judged`: undefined where there was no time left. */
function concludeStop(
  before: Turn,
  judged: Result<Verdict> | undefined,
  limits: Task['limits'],
  isLate: boolean,
): { readonly answer: Answer; readonly after: Turn | null } {
  const letGo = (why: string): { answer: Answer; after: null } => ({
    answer: tell(`gym lets the agent stop, though ${why}.${judged === undefined ? '' : `\n${wordsOf(judged)}`}`),
    after: null,
  });
  if (judged?.ok && isGreen(judged.value.state)) return { answer: tell(`gym: ${wordsOf(judged)}`), after: null };
  if (isLate || judged === undefined)
    return letGo(
      `the task is not done: the ${countText(limits.minutes, 'minute')} for it ${verbFor(limits.minutes, 'is', 'are')} over`,
    );
  if (!isItsDoing(judged)) return letGo('it could not be judged whether the task is done');
  const stop = summaryOf(judged);
  const recent = before.sentBack.slice(-stalledAttempts);
  const isStalled = recent.length === stalledAttempts && recent.every((each) => isSame(each, stop));
  if (isStalled) return letGo(`the task is not done: it was sent back ${stalledAttempts} times and changed nothing`);
  const times = before.sentBack.length + 1;
  if (times > limits.attempts)
    return letGo(`the task is not done: it was sent back ${countText(limits.attempts, 'time')}, which is the limit`);
  const lead = `gym: not done, so go on: repair what fails, then stop again (${times} of at most ${countText(limits.attempts, 'time')}).`;
  return {
    answer: { act: 'send-back', words: `${lead}\n${wordsOf(judged)}` },
    after: { ...before, sentBack: [...before.sentBack, stop] },
  };
}

const tell = (words: string): Answer => ({ act: 'tell', words });

/** Whether the workspace is why it does not pass: something fails, or its definition is wrong; not the machine, and not an interruption. */
function isItsDoing(judged: Result<Verdict>): boolean {
  if (judged.ok) return judged.value.exitCode === 1 || judged.value.exitCode === 2;
  return judged.problems.every(({ kind }) => kind === 'definition');
}

function summaryOf(judged: Result<Verdict>): Turn['sentBack'][number] {
  if (!judged.ok) return { run: '', files: problemsText(judged.problems), distance: null };
  const { run, workspace, distance } = judged.value;
  return { run, files: workspace.hash, distance };
}

const isSame = (a: Turn['sentBack'][number], b: Turn['sentBack'][number]): boolean =>
  a.files === b.files && a.distance === b.distance;

function wordsOf(judged: Result<Verdict>): string {
  if (judged.ok) return terse(judged.value);
  return judged.problems.map((each) => `${placeText(each.place)} ${problemsText([each])}`.trim()).join('\n');
}

/** A note that cannot be read is none. */
function readTurn(file: string): Turn | undefined {
  try {
    return turnSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function removeOld(directory: string, now: number): void {
  for (const file of readdirSync(directory).map((name) => join(directory, name))) {
    const at = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - at > noteMs) rmSync(file, { force: true });
  }
}

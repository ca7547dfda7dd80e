import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment, ExecOutcome, ExecRequest } from '../environment/environment.ts';
import { portVariables } from '../environment/port-variables.ts';
import type { CaseCounts, Emit } from '../events/event.ts';
import type { Stage } from '../task/schema.ts';
import { type Case, countCases } from './cases.ts';
import { awaitDeaths, crashLines, firstBlamed } from './deaths.ts';
import { plainPrograms, runOnHost } from './host.ts';
import { type Found, judgeDeaths, judgeStage, type StageJudgement } from './judge-stage.ts';
import { openStageLog } from './log.ts';
import { awaitLoss } from './loss.ts';
import { readResults } from './results.ts';
import { hostFolder, leadsOut, printedFile, type StageFile, stageFile, standardOutput } from './stage-file.ts';

/** Environment variable of every process that a stage starts; its value is the run. */
export const runMarker = 'GYM_RUN_ID';
/** That there is a newer npm, or another program, would stand where a failure's output ends. What a stage sets goes before. */
const noNotices = { npm_config_update_notifier: 'false', NO_UPDATE_NOTIFIER: '1' };
/** Lines of output that a failure quotes. */
const quotedLines = 10;
/** How long the processes of a stage that is cut off have to end. */
const cutLimitMs = 2_000;

type OnOutput = ExecRequest['onOutput'];

/** What a stage needs to run. */
export interface StageContext {
  readonly environment: Environment;
  /** The snapshot: where stages without a service run. */
  readonly hostDirectory: string;
  readonly run: string;
  /** Given to the stage as GYM_NONCE, so that what it writes can say that it is of this run. */
  readonly nonce: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Gets the stage's output. */
  readonly logFile: string;
}

/** What came of a stage. */
export interface StageOutcome extends StageJudgement {
  readonly stage: string;
  /** null: it did not end by itself. */
  readonly exitCode: number | null;
  /** null: there were no results that could be read. */
  readonly cases: readonly Case[] | null;
  readonly counts: CaseCounts | null;
  readonly durationMs: number;
  /** null: it was not run. */
  readonly logFile: string | null;
  /** Of its result file when it was read: another one later says that it was written again. */
  readonly stamp?: string | undefined;
  /** The run that it was taken from, by the hash of all that it depends on. */
  readonly cached?: { readonly run: string; readonly key: string };
}

/**
 * Runs one stage: removes old results, runs the command with its output going to `logFile`, reads the cases, judges. It ends at once when a
 * service dies or has ended by itself before, or the engine stops answering.
 */
export async function runStage(stage: Stage, context: StageContext): Promise<StageOutcome> {
  const { emit, environment, logFile } = context;
  const command = typeof stage.command === 'string' ? ['sh', '-c', stage.command] : stage.command;
  emit({
    type: 'stage.started',
    stage: stage.name,
    command: typeof stage.command === 'string' ? stage.command : command.join(' '),
  });
  const log = openStageLog(logFile);
  emit({ type: 'log.opened', source: 'stage', name: stage.name, file: logFile });
  const results = resultFile(stage, context);
  const deathsBefore = firstBlamed(environment.deaths());
  let isOpen = true;
  const onOutput: OnOutput = (chunk, stream) => {
    if (!isOpen) return;
    log.write(chunk);
    if (stream === 'stdout') results?.take?.(chunk);
  };
  const { ended, found, stamp } = await unlessLost(context, deathsBefore, (within) =>
    work(stage, command, results, within, onOutput),
  );
  const facts = {
    ended,
    found,
    timeoutSeconds: stage.timeoutSeconds,
    lastLines: log.lastLines(quotedLines),
  };
  isOpen = false;
  log.close();
  let judged = judgeStage({ ...facts, deaths: environment.deaths().slice(deathsBefore), crashLines: '' });
  const mayHaveDied = judged.state === 'fail' || judged.state === 'unknown';
  if (mayHaveDied && ended.kind !== 'aborted') {
    const deaths = await awaitDeaths(environment, deathsBefore);
    judged = judgeStage({ ...facts, deaths, crashLines: await crashLines(environment, deaths) });
  }
  return finished(stage, judged, { ended, found, stamp }, logFile, emit);
}

/** What a stage's command did. */
interface Work {
  readonly ended: ExecOutcome;
  readonly found: Found;
  /** Of the result file, before it was read. */
  readonly stamp?: string | undefined;
}

async function work(
  stage: Stage,
  command: readonly string[],
  results: StageFile | undefined,
  context: StageContext,
  onOutput: OnOutput,
): Promise<Work> {
  const start = performance.now();
  const because = leadsOut(stage, context.hostDirectory) ?? (await results?.clear());
  if (because !== undefined) {
    const ended = { kind: 'lost', because, durationMs: performance.now() - start } as const;
    return { ended, found: { kind: 'unreadable', because } };
  }
  const ended = await execute(stage, command, context, onOutput);
  const stamp = await results?.stamp();
  return { ended, found: await findCases(stage, results, ended, context.logFile), stamp };
}

/** Does a stage's work; ends it at once when nothing that it could still do would tell more. */
async function unlessLost(
  context: StageContext,
  deathsBefore: number,
  begin: (within: StageContext) => Promise<Work>,
): Promise<Work> {
  const start = performance.now();
  const [cut, over] = [new AbortController(), new AbortController()];
  const working = begin({ ...context, signal: AbortSignal.any([context.signal, cut.signal]) });
  const because = await Promise.race([
    working.then(() => undefined),
    awaitLoss(context.environment, deathsBefore, over.signal),
  ]);
  over.abort();
  if (because === undefined) return working;
  const durationMs = performance.now() - start;
  cut.abort();
  // An engine that does not answer is not waited for.
  await Promise.race([working, sleep(cutLimitMs, undefined, { ref: false })]);
  return { ended: { kind: 'lost', because, durationMs }, found: { kind: 'unreadable', because } };
}

function finished(
  stage: Stage,
  judged: StageJudgement,
  { ended, found, stamp }: Pick<Work, 'ended' | 'found' | 'stamp'>,
  logFile: string,
  emit: Emit,
): StageOutcome {
  const cases = found.kind === 'cases' ? found.cases : null;
  const outcome: StageOutcome = {
    stage: stage.name,
    ...judged,
    exitCode: ended.kind === 'exited' ? ended.exitCode : null,
    cases,
    counts: cases === null ? null : countCases(cases),
    durationMs: ended.durationMs,
    logFile,
    stamp,
  };
  emitFinished(outcome, emit);
  return outcome;
}

const verbs = { pass: 'passed', fail: 'failed', unknown: 'could not be judged', vacuous: 'ran no case' } as const;

/** The outcome of a stage that is not run because an earlier one did not pass. */
export function skippedStage(stage: Stage, before: StageOutcome, emit: Emit): StageOutcome {
  return notRun(stage, { state: 'unknown', because: `not run: stage ${before.stage} ${verbs[before.state]}` }, emit);
}

/** The outcome of a stage that is not run because of what is known already. */
export function notRun(stage: Stage, judged: StageJudgement, emit: Emit): StageOutcome {
  const outcome: StageOutcome = {
    stage: stage.name,
    ...judged,
    exitCode: null,
    cases: null,
    counts: null,
    durationMs: 0,
    logFile: null,
  };
  emitFinished(outcome, emit);
  return outcome;
}

/** The outcome of a stage that had passed when a service was seen to have ended by itself; `undefined`: none has. */
export async function crashedStage(outcome: StageOutcome, environment: Environment): Promise<StageOutcome | undefined> {
  const deaths = environment.deaths();
  if (deaths.length === 0 || firstBlamed(deaths) > 0) return undefined;
  return { ...outcome, ...judgeDeaths(deaths, await crashLines(environment, deaths)) };
}

/** Tells that a stage has ended, or was taken from an earlier run. */
export function emitFinished(outcome: StageOutcome, emit: Emit): void {
  const { stage, state, because, counts: cases, exitCode, durationMs, cached } = outcome;
  const from = cached !== undefined && { cachedFrom: cached.run };
  emit({ type: 'stage.finished', stage, state, because, cases, exitCode, durationMs, ...from });
}

function resultFile({ results, ...stage }: Stage, { environment, hostDirectory }: StageContext): StageFile | undefined {
  if (results === undefined) return undefined;
  const file = stageFile(stage, results.path, environment, hostDirectory);
  return results.path === standardOutput ? printedFile(file) : file;
}

async function findCases(
  { results, service }: Stage,
  file: StageFile | undefined,
  ended: ExecOutcome,
  logFile: string,
): Promise<Found> {
  if (results === undefined || file === undefined) return { kind: 'undeclared' };
  if (ended.kind === 'lost') return { kind: 'unreadable', because: ended.because };
  const kept = logFile.replace(/\.log$/, `.${results.format}`);
  return readResults(results, file, service === undefined, (text) => writeFileSync(kept, text));
}

function execute(
  stage: Stage,
  command: readonly string[],
  context: StageContext,
  onOutput: OnOutput,
): Promise<ExecOutcome> {
  const { environment, hostDirectory, run, nonce, signal } = context;
  const env = { ...noNotices, ...stage.env, [runMarker]: run, GYM_NONCE: nonce };
  const timeoutMs = stage.timeoutSeconds * 1000;
  if (stage.service === undefined) {
    const workdir = hostFolder(stage, hostDirectory);
    const reachable = { ...portVariables(environment.publishedPorts()), ...env };
    return runOnHost({
      command,
      env: { ...plainPrograms(process.env), ...reachable },
      workdir,
      marker: `${runMarker}=${run}`,
      onOutput,
      signal,
      timeoutMs,
    });
  }
  const workdir = stage.workdir === undefined ? {} : { workdir: stage.workdir };
  return environment.exec(stage.service, { command, env, ...workdir, onOutput, signal, timeoutMs });
}

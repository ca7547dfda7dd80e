import { cpSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { openEventLog } from '../events/log.ts';
import { readEvidence } from '../evidence/evidence.ts';
import { runStage, type StageOutcome, skippedStage } from '../harness/stage.ts';
import { judgeInvariants, stageCheck } from '../judge/judge.ts';
import { listText, shareText, verbFor } from '../judge/text.ts';
import { isGreen, worst } from '../judge/verdict.ts';
import { waive } from '../judge/waive.ts';
import { heldOutDirectory, makeOwnFolder } from '../store/key.ts';
import { writeAtomically } from '../store/store.ts';
import { type HeldOut, heldOutCheck } from '../task/held-out.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import { listFiles } from '../workspace/files.ts';
import { matchesAny } from '../workspace/paths.ts';
import { type Builds, judgePerformance } from './performance.ts';
import type { VerifyRequest } from './request.ts';
import { asStageResult } from './stage-result.ts';

/** Where checks that are held out are judged, and what the others were judged on. */
export interface HeldOutPlace {
  readonly request: VerifyRequest;
  readonly environment: Environment;
  readonly builds: Builds;
  /** What the sources in sight gave. */
  readonly evidence: Evidence;
  readonly nonce: string;
  readonly again: string;
}

const asideName = 'files';

/**
 * Takes the files of what is held out from a snapshot, until it is their turn: the code that is judged and the stages in sight could print them. Folders
 * stay, as they may be mounted.
 */
export async function setAside(run: string, directory: string, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  const aside = join(heldOutDirectory(run), asideName);
  for (const path of (await listFiles(directory)).filter((each) => matchesAny(each, files))) {
    makeOwnFolder(dirname(join(aside, path)));
    cpSync(join(directory, path), join(aside, path), { verbatimSymlinks: true });
    rmSync(join(directory, path));
  }
}

/** Removes files of what is held out from a folder: the snapshot may be kept for the next run, in the checkout. What the stages left beside them goes as well. */
export function removeFiles(directory: string, files: readonly string[]): void {
  if (files.length === 0 || !existsSync(directory)) return;
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => matchesAny(path, files));
  for (const path of paths) {
    if (lstatSync(join(directory, path), { throwIfNoEntry: false })?.isDirectory() === false)
      rmSync(join(directory, path));
  }
}

/** Removes them when the run is over. */
export function removeAside(run: string): void {
  rmSync(join(heldOutDirectory(run), asideName), { recursive: true, force: true });
}

/**
 * Judges what is held out, and gives one check that says no more of it than the task allows. All else that comes of it (events, logs, samples, the
 * checks themselves) is kept outside the checkout, in the user's state directory.
 */
export async function judgeHeldOut({ task, files, tells }: HeldOut, place: HeldOutPlace): Promise<CheckResult> {
  const { request, builds, again } = place;
  const folder = heldOutDirectory(request.run);
  if (files.length > 0 && !existsSync(join(folder, asideName))) return elsewhere(again);
  makeOwnFolder(folder);
  const log = openEventLog(join(folder, 'events.ndjson'), request.run, []);
  if (files.length > 0) cpSync(join(folder, asideName), builds.directory, { recursive: true, verbatimSymlinks: true });
  const checks = await judgeAll({ ...request, task }, place, folder, log.emit).finally(() => {
    removeFiles(builds.directory, files);
    log.close();
  });
  writeAtomically(join(folder, 'checks.json'), `${JSON.stringify(checks, null, 1)}\n`);
  return summary(checks, tells, again);
}

async function judgeAll(
  request: VerifyRequest,
  { environment, builds, evidence, nonce, again }: HeldOutPlace,
  folder: string,
  emit: Emit,
): Promise<CheckResult[]> {
  const { task, run, signal } = request;
  const hostDirectory = builds.directory;
  const reader = readEvidence({ task, environment, hostDirectory, runDirectory: folder, nonce, signal }, emit);
  const outcomes: StageOutcome[] = [];
  for (const stage of task.stages) {
    const before = outcomes.find(({ state }) => !isGreen(state));
    if (before !== undefined) {
      outcomes.push(skippedStage(stage, before, emit));
      continue;
    }
    await reader.beforeStage(stage.name);
    const logFile = join(folder, 'stages', `${stage.name}.log`);
    const outcome = await runStage(stage, { environment, hostDirectory, logFile, emit, signal, run, nonce });
    outcomes.push(outcome);
    await reader.afterStage(stage.name, outcome.state);
  }
  const own = await reader.evidence();
  const all = { ...evidence, ...own, readings: new Map([...evidence.readings, ...own.readings]) };
  const stages = outcomes.map((outcome) => stageCheck(asStageResult(outcome, folder), again));
  const isReady = outcomes.every(({ state }) => isGreen(state));
  const ran = { ...builds, isGreen: isReady };
  const targets = await judgePerformance(request, ran, { run, runDirectory: folder, emit, signal }, again);
  const checks = [...stages, ...judgeInvariants(task.invariants, all, again), ...targets];
  return waive(checks, task.waivers, new Date());
}

/** The one check that stands for all that is held out. */
function summary(checks: readonly CheckResult[], tells: HeldOut['tells'], again: string): CheckResult {
  const gates = checks.filter(({ severity }) => severity === 'gate');
  const state = worst(gates.map((each) => each.state));
  const wrong = gates.filter((each) => !isGreen(each.state));
  const names = listText(wrong.map(({ name }) => name));
  const counted = `${shareText(wrong.length, gates.length, 'check')} held out ${verbFor(wrong.length, 'does', 'do')} not hold`;
  const because = {
    nothing: wrong.length === 0 ? 'all that is held out holds' : 'not all that is held out holds',
    count: counted,
    names: wrong.length === 0 ? 'all that is held out holds' : `${counted}: ${names}`,
  }[tells];
  return { ...unjudged(again, because), state, ...amounts(state) };
}

// How far off it is would tell of what is held out.
function amounts(state: CheckResult['state']): Pick<CheckResult, 'margin' | 'distance'> {
  if (state === 'fail') return { margin: -1, distance: 1 };
  return isGreen(state) ? { margin: 0, distance: 0 } : { margin: null, distance: null };
}

/** What is held out before all else holds. */
export const notYet = (again: string): CheckResult => unjudged(again, 'it is judged once all else holds');

const elsewhere = (again: string): CheckResult =>
  unjudged(again, 'its files are not here: it is judged where they are, as in a loop');

const unjudged = (again: string, because: string): CheckResult => ({
  name: heldOutCheck,
  kind: heldOutCheck,
  claim: 'what is held out of sight holds',
  severity: 'gate',
  risk: [],
  again,
  state: 'unknown',
  because,
  ...{ margin: null, distance: null, unit: null, parts: [], evidence: [] },
});

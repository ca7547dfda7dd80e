import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { readEvidence } from '../evidence/evidence.ts';
import { observedBy } from '../evidence/kinds.ts';
import { baselineFolder } from '../evidence/recorded.ts';
import { runStage, type StageOutcome } from '../harness/stage.ts';
import { isGreen } from '../judge/verdict.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import { folderBaseline } from '../workspace/baseline.ts';
import { type Commit, extractCommit, findCommit } from '../workspace/commit.ts';
import { ownBaseline } from '../workspace/judging.ts';
import type { Protection } from '../workspace/protection.ts';
import { takeSnapshot } from '../workspace/snapshot.ts';
import { bringUp } from './bring-up.ts';
import { isGuarded } from './guards.ts';
import type { VerifyRequest } from './request.ts';

/** What of the baseline a verification needs. `files`: its commit. `build`: its services beside this build's. */
export type BaselineNeed = 'nothing' | 'files' | 'build';

/** What a verification needs of the baseline, for what is in sight and what is held out. */
export function baselineNeed(
  request: Pick<VerifyRequest, 'task' | 'isCanary' | 'fault'>,
  heldOut: Pick<Task, 'targets' | 'invariants'> = { targets: [], invariants: [] },
): BaselineNeed {
  const { task, isCanary } = request;
  if (isCanary === true) return 'build';
  const kinds = [...task.targets, ...heldOut.targets].map(({ against }) => against.kind);
  if (kinds.includes('baseline') || comparesBuilds(task) || comparesBuilds(heldOut)) return 'build';
  return kinds.includes('ratchet') || isGuarded(request) ? 'files' : 'nothing';
}

const comparesBuilds = ({ invariants }: Pick<Task, 'invariants'>): boolean =>
  invariants.some((invariant) => invariant.comparesBuilds);

/** The commit of the baseline: the one that was asked for, or where HEAD and the default branch parted. */
export async function baselineCommit({ task, compareWith }: VerifyRequest): Promise<Result<Commit>> {
  if (typeof compareWith === 'object') return ok(compareWith);
  return findCommit(task.root, compareWith === ownBaseline ? undefined : compareWith);
}

/** Where the baseline's build is made. */
export interface BaselineWay {
  readonly commit: Commit;
  /** The snapshot that is judged: both builds are judged by its protected files. */
  readonly snapshot: string;
  readonly protection: Protection;
  readonly runDirectory: string;
  readonly emit: Emit;
}

/** A build of the baseline that is up, its stages passed. */
export interface BaselineBuild {
  readonly environment: Environment;
  readonly hostDirectory: string;
  /** What its sources gave, where an invariant compares the builds. */
  readonly evidence?: Evidence;
}

/** Where in a run's folder the files of the baseline are. */
export const filesFolder = 'baseline-files';
const buildFolder = 'baseline-build';

/** Removes the files of the baseline's build. */
export function removeBaselineFiles(runDirectory: string): void {
  for (const folder of [filesFolder, buildFolder]) rmSync(join(runDirectory, folder), { recursive: true, force: true });
}

/**
 * Brings the baseline's build up beside the one that is judged and runs the stages on it. After a failure nothing of it is left.
 *
 *     git's objects -> files -> protected files of the snapshot over them -> up -> stages (with their evidence, where it is compared)
 */
export async function bringUpBaseline(request: VerifyRequest, way: BaselineWay): Promise<Result<BaselineBuild>> {
  const files = await baselineFiles(way);
  if (!files.ok) return files;
  const environment = await upBaseline(request, way, files.value);
  if (!environment.ok) return environment;
  const ran = await runStages(request, way, environment.value, files.value);
  if (!ran.ok) await environment.value.down();
  return ran;
}

async function baselineFiles(way: BaselineWay): Promise<Result<string>> {
  const { commit, snapshot, runDirectory, emit } = way;
  const extracted = await extractCommit(commit, join(runDirectory, filesFolder), () => true);
  if (!extracted.ok) return extracted;
  const { folder, submodules } = extracted.value;
  emit({ type: 'noted', text: `the baseline is ${commit.hash.slice(0, 12)} (${commit.name})` });
  if (submodules.length > 0)
    emit({ type: 'noted', text: `the baseline's build is without its submodules: ${submodules.join(', ')}` });
  const directory = join(runDirectory, buildFolder);
  const judging = await folderBaseline(snapshot, 'the build that is judged');
  const laid = await takeSnapshot({ workspace: folder, baseline: judging, protection: way.protection, directory });
  return laid.ok ? ok(directory) : laid;
}

/** Its services have the same names: readers of the stream must not take them for those of the build that is judged. */
export function quiet(emit: Emit, name = 'baseline'): Emit {
  return (event) => {
    if (event.type === 'image.ready') emit(event);
    if (event.type === 'noted') emit({ type: 'noted', text: `${name}: ${event.text}` });
  };
}

/** Brings the environment of the baseline's files up. */
export function upBaseline(
  request: VerifyRequest,
  { runDirectory, emit }: Pick<BaselineWay, 'runDirectory' | 'emit'>,
  directory: string,
): Promise<Result<Environment>> {
  return bringUp(request, {
    directory,
    projectSuffix: '-baseline',
    logDirectory: join(runDirectory, baselineFolder, 'logs'),
    observed: comparesBuilds(request.task) ? observedBy(request.task) : [],
    emit: quiet(emit),
  });
}

async function runStages(
  { task, run, signal }: VerifyRequest,
  { runDirectory, emit }: BaselineWay,
  environment: Environment,
  hostDirectory: string,
): Promise<Result<BaselineBuild>> {
  const nonce = randomUUID();
  const folder = join(runDirectory, baselineFolder);
  const silent = quiet(emit);
  const place = { task, environment, hostDirectory, runDirectory: folder, nonce, signal };
  const reader = comparesBuilds(task) ? readEvidence(place, silent) : undefined;
  for (const stage of task.stages) {
    await reader?.beforeStage(stage.name);
    const logFile = join(folder, 'stages', `${stage.name}.log`);
    const context = { environment, hostDirectory, logFile, emit: silent, signal, run, nonce };
    const outcome = await runStage(stage, context);
    if (!isGreen(outcome.state)) return failed(stageFailed(outcome));
    emit({ type: 'noted', text: `baseline: ${stage.name} passed` });
    await reader?.afterStage(stage.name, outcome.state);
    if (signal.aborted) return failed({ kind: 'environment', message: 'it was stopped' });
  }
  const evidence = await reader?.evidence();
  return ok({ environment, hostDirectory, ...(evidence !== undefined && { evidence }) });
}

function stageFailed({ stage, state, because }: StageOutcome) {
  const message = `stage ${stage} of the baseline's build did not pass (${state}): ${because}`;
  return { kind: 'evidence' as const, message, remedy: 'Name a baseline that passes: gym verify --baseline REF.' };
}

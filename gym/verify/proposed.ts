import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { state } from '../events/event.ts';
import { problemsText } from '../events/problem.ts';
import { runStage } from '../harness/stage.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { cacheKey, readCache, writeCache } from '../store/cache.ts';
import type { Proposal } from '../store/proposals.ts';
import { verdictName } from '../store/run-files.ts';
import { heldOutFiles } from '../task/held-out.ts';
import { ownModules } from '../task/modules.ts';
import { withAccepted } from '../workspace/accepted.ts';
import type { Baseline } from '../workspace/baseline.ts';
import type { Protection } from '../workspace/protection.ts';
import { takeSnapshot } from '../workspace/snapshot.ts';
import { type BaselineWay, quiet, upBaseline } from './baseline.ts';
import { removeFiles } from './held-out.ts';
import type { VerifyRequest } from './request.ts';
import { inputsOfSteps, neverCached } from './reuse.ts';

type Tried = NonNullable<Verdict['proposals']>[number];
type Came = NonNullable<Tried['came']>;

/** What came of a trial, as it is kept for later runs. */
const keptTrial = z.object({ state, because: z.string() });
const trial = 'the stages with what is proposed';
/** So many are tried by themselves where all together fail: each takes an environment of its own. */
const aloneAtMost = 4;

type TrialWay = Pick<BaselineWay, 'runDirectory' | 'emit'> & { readonly protection: Protection };

/**
 * Tries the stages with what is proposed in the place of the baseline's files: all open proposals at once, in an environment of their own, or as an earlier run has tried
 * the very same; where these fail, the first four each by itself. It decides nothing, and tells a person what would come of them. One that changes the task itself
 * is not tried: its code would run within what judges before a person has looked at it.
 */
export async function tryProposed(request: VerifyRequest, way: TrialWay): Promise<Tried[]> {
  const { proposals = [], baseline, signal } = request;
  const all = proposals.filter(({ state }) => state === 'open');
  if (all.length === 0 || baseline === undefined) return [];
  const own = ownModules(request.task.file);
  const isDefining = ({ files }: Proposal): boolean => files.some(({ path }) => own.has(path));
  const open = all.filter((each) => !isDefining(each));
  const untried = all
    .filter(isDefining)
    .map((each) => triedAs(each, unknown('it changes the task itself: tried once it is accepted')));
  if (open.length === 0) return untried;
  const together = await tryThese(request, baseline, open, way);
  const ids = open.map(({ id }) => id);
  // What keeps all of them from being tried, such as an environment that does not come up, keeps each.
  const isTelling = together.state === 'fail' || together.state === 'vacuous';
  const tried: Tried[] = [];
  for (const each of open) {
    const others = ids.filter((id) => id !== each.id);
    const isAlone = isTelling && tried.length < aloneAtMost && !signal.aborted;
    if (others.length === 0) tried.push(triedAs(each, together));
    else if (isAlone) tried.push(triedAs(each, await tryThese(request, baseline, [each], way)));
    else tried.push(triedAs(each, { ...together, with: others }));
  }
  return [...tried, ...untried];
}

/** What comes of some proposals at once. */
async function tryThese(
  request: VerifyRequest,
  baseline: Baseline,
  proposals: readonly Proposal[],
  { runDirectory, protection, emit }: TrialWay,
): Promise<Came> {
  const { workspace, files: committed, task } = request;
  const directory = join(runDirectory, 'proposed-build');
  const changed = withAccepted(
    baseline,
    proposals.flatMap(({ files }) => files),
  );
  try {
    const taken = await takeSnapshot({ workspace, files: committed, baseline: changed, protection, directory });
    if (!taken.ok) return unknown(problemsText(taken.problems));
    removeFiles(directory, heldOutFiles(task));
    return await knownOr(request, directory, () => stagesIn(request, directory, { runDirectory, emit }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const triedAs = ({ id, files, reason }: Proposal, came: Came): Tried => ({
  ...{ id, state: 'open', reason, came },
  files: files.map(({ path }) => path),
});

/** What an earlier run has seen of the same, where that may be taken; or what a trial comes to now, kept for later runs. */
async function knownOr(
  { task, environmentVariables, cache, store, run }: VerifyRequest,
  directory: string,
  tryNow: () => Promise<Came>,
): Promise<Came> {
  if (cache === undefined) return tryNow();
  const { steps } = await inputsOfSteps({ task, environmentVariables, directory });
  if (steps.some((each) => neverCached(each) !== undefined)) return tryNow();
  const inputs = Object.fromEntries(
    steps.flatMap(({ step, inputs: own }) =>
      own.ok ? Object.entries(own.value).map(([name, value]) => [`${step.name}: ${name}`, value]) : [],
    ),
  );
  const found = cache === 'use' ? readCache(store, task.name, cacheKey(trial, inputs)) : 'nothing';
  const before = typeof found === 'object' ? found.record.passed : null;
  const known = keptTrial.safeParse(before?.kept);
  // A run whose folder is gone vouches for nothing.
  const isThere = before !== null && existsSync(join(store.runDirectory(before.run), verdictName));
  if (isThere && known.success)
    return { ...known.data, because: `${known.data.because}; cached from run ${before.run}` };
  const came = await tryNow();
  // What could not be judged is tried again.
  if (['pass', 'fail', 'vacuous'].includes(came.state)) {
    const passed = { run, kept: came, files: [] };
    writeCache(store, task.name, { schema: 'gym.cache/1', step: trial, inputs, passed, failed: null });
  }
  return came;
}

const unknown = (because: string): Came => ({ state: 'unknown', because });

async function stagesIn(
  request: VerifyRequest,
  hostDirectory: string,
  { runDirectory, emit }: Pick<BaselineWay, 'runDirectory' | 'emit'>,
): Promise<Came> {
  const { task, run, signal } = request;
  const environment = await upBaseline(request, { runDirectory, emit: quiet(emit, 'proposed') }, hostDirectory);
  if (!environment.ok) return unknown(problemsText(environment.problems));
  try {
    for (const stage of task.stages) {
      const logFile = join(runDirectory, 'proposed-run', 'stages', `${stage.name}.log`);
      const place = { environment: environment.value, hostDirectory, logFile };
      const outcome = await runStage(stage, {
        ...place,
        emit: quiet(emit, 'proposed'),
        signal,
        run,
        nonce: randomUUID(),
      });
      if (signal.aborted) return unknown('it was stopped');
      if (!isGreen(outcome.state)) return { state: outcome.state, because: `${stage.name}: ${outcome.because}` };
    }
    return { state: 'pass', because: 'all stages pass' };
  } finally {
    const down = await environment.value.down();
    if (!down.ok) for (const { message } of down.problems) emit({ type: 'noted', text: `left behind: ${message}` });
  }
}

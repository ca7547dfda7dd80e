import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { problemsText } from '../events/problem.ts';
import { runStage } from '../harness/stage.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { heldOutFiles } from '../task/held-out.ts';
import { withAccepted } from '../workspace/accepted.ts';
import type { Protection } from '../workspace/protection.ts';
import { takeSnapshot } from '../workspace/snapshot.ts';
import { type BaselineWay, quiet, upBaseline } from './baseline.ts';
import { removeFiles } from './held-out.ts';
import type { VerifyRequest } from './request.ts';

type Tried = NonNullable<Verdict['proposals']>[number];

/**
 * Tries the stages with what is proposed in the place of the baseline's files: all open proposals at once, in an environment of their own. It decides nothing, and
 * tells a person what would come of them.
 */
export async function tryProposed(
  request: VerifyRequest,
  protection: Protection,
  { runDirectory, emit }: Pick<BaselineWay, 'runDirectory' | 'emit'>,
): Promise<Tried[]> {
  const { proposals = [], baseline, workspace, files: committed } = request;
  const open = proposals.filter(({ state }) => state === 'open');
  if (open.length === 0 || baseline === undefined) return [];
  const directory = join(runDirectory, 'proposed-build');
  const changed = withAccepted(
    baseline,
    open.flatMap(({ files }) => files),
  );
  try {
    const taken = await takeSnapshot({ workspace, files: committed, baseline: changed, protection, directory });
    if (taken.ok) removeFiles(directory, heldOutFiles(request.task));
    const came = taken.ok
      ? await stagesIn(request, directory, { runDirectory, emit })
      : unknown(problemsText(taken.problems));
    return open.map(({ id, files, reason }) => ({
      id,
      state: 'open',
      files: files.map(({ path }) => path),
      reason,
      came,
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const unknown = (because: string): NonNullable<Tried['came']> => ({ state: 'unknown', because });

async function stagesIn(
  request: VerifyRequest,
  hostDirectory: string,
  { runDirectory, emit }: Pick<BaselineWay, 'runDirectory' | 'emit'>,
): Promise<NonNullable<Tried['came']>> {
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

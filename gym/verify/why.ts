import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { type CacheRecord, cacheKey, newestRecords, readParts } from '../store/cache.ts';
import { partsOf } from '../task/held-out.ts';
import { differences, type PartsOf } from './inputs.ts';
import { notInSight } from './part.ts';
import { type SnapshotAsk, takeProtected } from './protecting.ts';
import type { VerifyRequest } from './request.ts';
import { inputsOfSteps, neverCached, type PlannedStep } from './reuse.ts';

/** Why a stage would run again, or would not. */
export type Why =
  | { readonly kind: 'cached'; readonly run: string }
  | { readonly kind: 'never'; readonly because: string }
  /** It passed and failed with all the same. */
  | { readonly kind: 'flaky'; readonly passed: string; readonly failed: string }
  | { readonly kind: 'failed'; readonly run: string }
  | { readonly kind: 'new' }
  /** Against the newest run in which it passed: `file src/a.ts: changed`; of an image, what went into it. */
  | { readonly kind: 'changed'; readonly since: string; readonly what: readonly string[] };

/** What is told of a stage: with others it is a step, which runs as a whole. */
export interface Told {
  readonly step: string;
  readonly why: Why;
}

/** Says why a stage of the workspace, with the protected files that judge it, would run again, or would be taken from an earlier run. Nothing is brought up. */
export async function whyStage(
  { store, ...ask }: SnapshotAsk & Pick<VerifyRequest, 'store'>,
  stage: string,
): Promise<Result<Told>> {
  const { task, environmentVariables } = ask;
  const { visible, heldOut } = partsOf(task);
  const names = visible.stages.map(({ name }) => name);
  if (!names.includes(stage)) return failed(notInSight(task, 'stage', stage, names));
  if (heldOut !== undefined) {
    return ok({
      step: stage,
      why: { kind: 'never', because: 'the task holds checks out, and what they find has to be up' },
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'gym-why-'));
  try {
    const directory = join(folder, 'workspace');
    const taken = await takeProtected(ask, { directory, memoryFile: join(folder, 'memory') });
    if (!taken.ok) return taken;
    const { steps, environment } = await inputsOfSteps({ task, environmentVariables, directory });
    const planned = steps.find(({ step }) => step.stages.some(({ name }) => name === stage));
    if (planned === undefined) throw new Error('a stage is in no step');
    const { inputs } = planned;
    // Without an engine nobody can tell, which is another thing than a stage that always runs.
    if (!inputs.ok && inputs.problems[0].kind === 'environment') return inputs;
    const { name } = planned.step;
    const partsOf: PartsOf = {
      now: (value) => (environment.ok ? environment.value.builtOf[value] : undefined),
      before: (value) => readParts(store, task.name, value),
    };
    return ok({ step: name, why: whyStep(planned, newestRecords(store, task.name, name), partsOf) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same of a step, by what is known of it; the newest record comes first. */
function whyStep(planned: Omit<PlannedStep, 'reused'>, records: readonly CacheRecord[], partsOf: PartsOf): Why {
  const { step, inputs } = planned;
  const because = neverCached(planned);
  if (because !== undefined || !inputs.ok) return { kind: 'never', because: because ?? '' };
  const key = cacheKey(step.name, inputs.value);
  const same = records.find((each) => cacheKey(each.step, each.inputs) === key);
  if (same?.failed != null && same.passed !== null) {
    return { kind: 'flaky', passed: same.passed.run, failed: same.failed };
  }
  if (same?.passed != null) return { kind: 'cached', run: same.passed.run };
  if (same?.failed != null) return { kind: 'failed', run: same.failed };
  const last = records.find(({ passed }) => passed !== null);
  if (last?.passed == null) return { kind: 'new' };
  return { kind: 'changed', since: last.passed.run, what: differences(inputs.value, last.inputs, partsOf) };
}

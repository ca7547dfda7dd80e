import { ok, type Result } from '../events/problem.ts';
import { bringUp } from './bring-up.ts';
import { loadCompose } from './compose/load.ts';
import { connectEngine } from './engine.ts';
import type { Environment, UpRequest } from './environment.ts';
import { firstGeneration } from './labels.ts';
import { mark } from './mark.ts';
import { resettable } from './reset.ts';
import { timeUp } from './timings.ts';

/**
 * Brings an environment up. Problems of the Compose file are of kind `definition`, all else of kind `environment`.
 * After a failure or an abort nothing of it is left.
 */
export async function up(asked: UpRequest): Promise<Result<Environment>> {
  const timing = timeUp(asked.emit);
  const request = { ...asked, emit: timing.emit };
  const model = await timing.of('compose', async () =>
    loadCompose(request.composeFiles, request.variables, request.ambient),
  );
  if (!model.ok) return model;
  const engine = await timing.of('connect', () => connectEngine(request.ambient));
  if (!engine.ok) return engine;
  for (const text of model.value.notes) request.emit({ type: 'noted', text });
  const ground = { engine: engine.value, request, model: model.value, timing };
  const first = await bringUp(ground, { generation: firstGeneration, golden: undefined });
  const marked =
    first.ok && request.lease === 'kept' ? await mark(engine.value, request, firstGeneration) : ok(undefined);
  timing.finish();
  if (!first.ok) return first;
  if (marked.ok) return ok(resettable(ground, first.value));
  await first.value.environment.down();
  return marked;
}

import { mkdirSync } from 'node:fs';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { assemble } from './assemble.ts';
import { loadCompose } from './compose/load.ts';
import type { ComposeModel } from './compose/model.ts';
import { findLabelled, removeProject } from './down.ts';
import { connectEngine, type Engine } from './engine.ts';
import type { Environment, UpRequest } from './environment.ts';
import { prepareImages } from './image/images.ts';
import { environmentLabels, label } from './labels.ts';
import { makeNetworks } from './networks.ts';
import { timeUp, type UpTiming } from './timings.ts';
import { makeVolumes } from './volumes.ts';
import { watchEvents } from './watch.ts';

/**
 * Brings an environment up. Problems of the Compose file are of kind `definition`, all else of kind `environment`.
 * After a failure or an abort nothing of it is left.
 */
export async function up(asked: UpRequest): Promise<Result<Environment>> {
  const timing = timeUp(asked.emit);
  const request = { ...asked, emit: timing.emit };
  const model = await timing.of('compose', async () =>
    loadCompose(request.composeFile, request.variables, request.ambient),
  );
  if (!model.ok) return model;
  const engine = await timing.of('connect', () => connectEngine(request.ambient));
  if (!engine.ok) return engine;
  for (const text of model.value.notes) request.emit({ type: 'noted', text });
  mkdirSync(request.logDirectory, { recursive: true });

  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  request.signal.addEventListener('abort', interrupt, { once: true });
  if (request.signal.aborted) interrupt();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, request.deadlineMs);
  try {
    const brought = await bringUp(engine.value, request, model.value, stop, timing);
    timing.finish();
    if (brought.ok) return brought;
    const removed = await removeProject(engine.value, request.project, request.run);
    const [first, ...others] = brought.problems;
    const told = request.signal.aborted ? interrupted() : late ? lateProblem(first, request.deadlineMs) : first;
    return failed(told, ...others, ...(removed.ok ? [] : removed.problems));
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', interrupt);
  }
}

function interrupted(): Problem {
  return { kind: 'environment', message: 'interrupted while the environment came up; nothing of it is left' };
}

function lateProblem(problem: Problem, deadlineMs: number): Problem {
  const message = `the environment was not up within ${deadlineMs / 1000} s: ${problem.message}`;
  return { ...problem, message, remedy: problem.remedy ?? 'Allow more time, or make the service ready sooner.' };
}

async function bringUp(
  engine: Engine,
  request: UpRequest,
  model: ComposeModel,
  stop: AbortController,
  timing: UpTiming,
): Promise<Result<Environment>> {
  const { project, emit } = request;
  const free = await isFree(engine, project);
  if (!free.ok) return free;
  const labels = environmentLabels(request);
  const [images, networks, volumes, watch] = await Promise.all([
    timing.of('images', () => prepareImages({ engine, emit, signal: stop.signal, task: request.task }, model)),
    timing.of('networks', () => makeNetworks({ engine, model, project, labels })),
    timing.of('volumes', () => makeVolumes(engine, model, project, labels)),
    watchEvents(engine, project),
  ]);
  if (!watch.ok) return watch;
  const close = <Value>(result: Result<Value>): Result<Value> => {
    if (!result.ok) watch.value.close();
    return result;
  };
  for (const made of [images, networks, volumes]) if (!made.ok) return close(made);
  if (!images.ok || !networks.ok || !volumes.ok) throw new Error('unreachable');
  if (stop.signal.aborted) return close(failed({ kind: 'environment', message: 'images and networks took too long' }));
  const parts = { images: images.value, networks: networks.value, volumes: volumes.value, watch: watch.value };
  return close(await assemble({ engine, request, model, labels, stop, ...parts }));
}

async function isFree(engine: Engine, project: string): Promise<Result<void>> {
  const found = await findLabelled(engine, [`${label.project}=${project}`], () => true);
  if (!found.ok) return found;
  const { containers, networks, volumes } = found.value;
  if (containers.length + networks.length + volumes.length === 0) return ok(undefined);
  return failed({
    kind: 'environment',
    message: `an environment with the name ${project} is already there`,
    remedy: 'Take it down first: gym down',
  });
}

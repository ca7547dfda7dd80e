import { mkdirSync } from 'node:fs';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { assemble } from './assemble.ts';
import type { ComposeModel } from './compose/model.ts';
import { findLabelled } from './down.ts';
import { checkElsewhere } from './elsewhere.ts';
import type { Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';
import { fitsEngine } from './fits-engine.ts';
import { type Generation, logDirectoryOf, prefixOf, removeGeneration } from './generation.ts';
import { type Golden, seededModel } from './golden.ts';
import { prepareImages } from './image/images.ts';
import { environmentLabels, firstGeneration, label } from './labels.ts';
import { claimSlots, makePlaces, type Places } from './slots/claim.ts';
import type { UpTiming } from './timings.ts';
import { makeSeededVolumes, makeVolumes } from './volumes.ts';
import { watchEvents } from './watch.ts';

/** What every generation of an environment is made with. */
export interface UpGround {
  readonly engine: Engine;
  readonly request: UpRequest;
  readonly model: ComposeModel;
  /** What the first one's steps are timed by. */
  readonly timing?: UpTiming;
}

/** Which generation, and what it begins with; `undefined`: with nothing, so that it has to be seeded. */
export interface Beginning {
  readonly generation: string;
  readonly golden: Golden | undefined;
}

/** Brings one generation up within the deadline. After a failure or an abort nothing of it is left. */
export async function bringUp(ground: UpGround, beginning: Beginning): Promise<Result<Generation>> {
  const { engine, request } = ground;
  const apart = checkElsewhere(engine, ground.model, request);
  if (!apart.ok) return apart;
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
    const brought = await makeAll(ground, beginning, stop);
    if (brought.ok) return brought;
    const removed = await removeGeneration(engine, request.project, beginning.generation, request.run);
    const [first, ...others] = brought.problems;
    const told = request.signal.aborted ? interrupted : late ? lateProblem(first, request.deadlineMs) : first;
    return failed(told, ...others, ...(removed.ok ? [] : removed.problems));
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', interrupt);
  }
}

const interrupted: Problem = {
  kind: 'environment',
  message: 'interrupted while the environment came up; nothing of it is left',
};

/** Whether a problem is no more than that: the environment was to end before it was up, and did. What of it is left has problems of its own. */
export const isInterruption = ({ message }: Problem): boolean => message === interrupted.message;

function lateProblem(problem: Problem, deadlineMs: number): Problem {
  const message = `the environment was not up within ${deadlineMs / 1000} s: ${problem.message}`;
  return { ...problem, message, remedy: problem.remedy ?? 'Allow more time, or make the service ready sooner.' };
}

async function makeAll(
  { engine, request, model: whole, timing }: UpGround,
  { generation, golden }: Beginning,
  stop: AbortController,
): Promise<Result<Generation>> {
  const fits = await fitsEngine(engine, whole);
  if (!fits.ok) return fits;
  const { project, emit } = request;
  const model = golden === undefined ? whole : seededModel(whole, golden);
  const labels = { ...environmentLabels(request), [label.generation]: generation };
  const prefix = prefixOf(project, generation);
  const logDirectory = logDirectoryOf(request, generation);
  mkdirSync(logDirectory, { recursive: true });
  const volumesOf = (): ReturnType<typeof makeVolumes> =>
    golden === undefined
      ? makeVolumes(engine, model, prefix, labels)
      : makeSeededVolumes(engine, model, golden, prefix, labels);
  const timed: UpTiming['of'] = (part, step) => (timing === undefined ? step() : timing.of(part, step));
  // A reset has its own way of being quick.
  const isFirst = generation === firstGeneration;
  const free = isFirst ? isFree(engine, project) : Promise.resolve(ok(undefined));
  const claimed = isFirst ? claimSlots({ engine, model, labels }, request) : Promise.resolve(undefined);
  const placesOf = async (): Promise<Result<Places>> => {
    const places = makePlaces({ engine, model, project: prefix, labels }, await claimed);
    const made = timed('networks', () => places.made);
    // Docker looks for a container's network when it is started, Podman when it is made.
    const there = engine.isPodman ? await made : ok(undefined);
    return there.ok ? ok({ ...places, made }) : there;
  };
  const [images, places, volumes, watch] = await Promise.all([
    timed('images', () => prepareImages({ engine, emit, signal: stop.signal, task: request.task }, model)),
    free.then((isSo) => (isSo.ok ? placesOf() : isSo)),
    free.then((isSo) => (isSo.ok ? timed('volumes', volumesOf) : isSo)),
    watchEvents(engine, project, generation),
    claimed,
  ]);
  const close = async <Value>(result: Result<Value>): Promise<Result<Value>> => {
    // What is still being made would be missed by who removes all.
    if (places.ok) await places.value.made;
    if (!result.ok && watch.ok) watch.value.close();
    return result;
  };
  for (const made of [watch, images, places, volumes]) if (!made.ok) return close(made);
  if (!watch.ok || !images.ok || !places.ok || !volumes.ok) throw new Error('unreachable');
  if (stop.signal.aborted) return close(failed({ kind: 'environment', message: 'images and networks took too long' }));
  const parts = { images: images.value, places: places.value, volumes: volumes.value, watch: watch.value };
  return close(await assemble({ engine, request, model, labels, generation, prefix, logDirectory, stop, ...parts }));
}

async function isFree(engine: Engine, project: string): Promise<Result<void>> {
  const labels = [`${label.project}=${project}`, `${label.generation}=${firstGeneration}`];
  // It may have claimed slots by now.
  const found = await findLabelled(engine, labels, (each) => !(label.slots in (each ?? {})));
  if (!found.ok) return found;
  const { containers, networks, volumes } = found.value;
  if (containers.length + networks.length + volumes.length === 0) return ok(undefined);
  return failed({
    kind: 'environment',
    message: `an environment with the name ${project} is already there`,
    remedy: 'Take it down first: gym down',
  });
}

import { randomBytes } from 'node:crypto';
import type { EventBody } from '../events/event.ts';
import { ok, type Result } from '../events/problem.ts';
import { bringUp, type UpGround } from './bring-up.ts';
import type { Engine } from './engine.ts';
import type { Environment } from './environment.ts';
import { type Generation, mayStandBeside, removeGeneration } from './generation.ts';
import { type Golden, otherWay, ownGround, takeGolden } from './golden.ts';
import { goldenKey } from './golden-key.ts';
import {
  beginGolden,
  findGolden,
  isStillThere,
  listGolden,
  publishGolden,
  removeGolden,
  removeParts,
  retireGolden,
  sharedGround,
  staleGolden,
} from './golden-states.ts';

/** A generation, and the state that the next ones begin with; `undefined`: they have to be seeded. */
export interface Next {
  readonly generation: Generation;
  readonly golden: Golden | undefined;
}

/** Not used by any generation of any environment before. */
export function newGeneration(): string {
  return `r${randomBytes(4).toString('hex')}`;
}

/** Brings a generation up from the golden state, in the way that is possible here. */
export async function bringUpFrom(ground: UpGround, generation: string, golden: Golden): Promise<Result<Next>> {
  const isThere = await isStillThere(ground.engine, golden);
  if (!isThere.ok) return isThere;
  const brought = await bringUp(ground, { generation, golden });
  if (brought.ok) return ok({ generation: brought.value, golden });
  const other = otherWay(golden);
  if (other === undefined || ground.request.signal.aborted) return brought;
  ground.request.emit({ type: 'noted', text: `not reset by ${golden.how}: ${brought.problems[0].message}` });
  return bringUpFrom(ground, generation, other);
}

/**
 * Brings the next generation up from the golden state; where there is none, from the one that another life of the environment, or another
 * checkout with the same content, has kept; where there is none of that either, or where it leads to none, it is seeded, and its state is taken
 * before anybody uses it.
 */
export async function bringUpNext(
  ground: UpGround,
  generation: string,
  golden: Golden | undefined,
): Promise<Result<Next>> {
  const { engine, model, request } = ground;
  const next = golden === undefined ? undefined : await bringUpFrom(ground, generation, golden);
  if (next?.ok || (next !== undefined && request.signal.aborted)) return next;
  // What a process holds leaves nothing behind.
  const key = request.lease === 'kept' ? await goldenKey(ground) : undefined;
  const shared = key === undefined ? undefined : await bringUpShared(ground, generation, key);
  if (shared?.ok || (shared !== undefined && request.signal.aborted)) return shared;
  const brought = await bringUp(ground, { generation, golden: undefined });
  if (!brought.ok) return brought;
  // What the seeds have read may have changed meanwhile.
  const isKeyed = key !== undefined && key === (await goldenKey(ground));
  const taken = isKeyed
    ? await takeShared(ground, brought.value, key)
    : await takeGolden(ownGround(engine, model, request, brought.value.prefix), brought.value);
  if (!taken.ok) request.emit({ type: 'noted', text: `the seeded state is not kept: ${taken.problems[0].message}` });
  return ok({ generation: brought.value, golden: taken.ok ? taken.value : undefined });
}

/** Brings a generation up from the state that is kept under a key; `undefined`: there is none. One that leads to nothing is given up. */
async function bringUpShared(ground: UpGround, generation: string, key: string): Promise<Result<Next> | undefined> {
  const { engine, request } = ground;
  const found = await findGolden(engine, key);
  if (!found.ok || found.value === undefined) return undefined;
  request.emit({
    type: 'noted',
    text: 'not seeded again: the state is there that the same images and files came to before',
  });
  const next = await bringUpFrom(ground, generation, found.value);
  if (!next.ok && !request.signal.aborted) await retireGolden(engine, found.value);
  return next;
}

/** Takes a state for all environments with that key. One that cannot be made whole leaves nothing. */
async function takeShared(ground: UpGround, from: Generation, key: string): Promise<Result<Golden | undefined>> {
  const shared = sharedGround(ground, key);
  const { engine, state } = shared;
  const begun = await beginGolden(shared);
  const taken = begun.ok ? await takeGolden(shared, from) : begun;
  if (!taken.ok || taken.value === undefined) {
    await removeParts(engine, state);
    return taken;
  }
  const kept = await publishGolden(shared, { ...taken.value, state });
  if (kept.ok) await removeStale(engine);
  return kept;
}

/** A failure does not matter here: the next one who keeps a state tries again, and `gym gc`. */
async function removeStale(engine: Engine): Promise<void> {
  const listed = await listGolden(engine);
  if (listed.ok) await removeGolden(engine, staleGolden(listed.value, Date.now()));
}

/** The next generation, up before it is asked for, with what happened meanwhile. */
interface Spare {
  readonly next: Result<Next>;
  readonly events: readonly EventBody[];
}

/** The environment as its users see it, whatever its generation. */
export function resettable(ground: UpGround, first: Generation): Environment {
  const { engine, request, model } = ground;
  const ending = new AbortController();
  const signal = AbortSignal.any([request.signal, ending.signal]);
  let current = first;
  /** One-shots of the seeds ended in it. */
  let seeder = first;
  let golden: Golden | undefined;
  let spare: Promise<Spare | undefined> = Promise.resolve(undefined);
  const of = (service: string): Generation['environment'] =>
    (current.containers.has(service) ? current : seeder).environment;

  /** The old one is removed before the next one comes up: both at once would slow each other down. */
  const prepare = async (old: Generation): Promise<Spare | undefined> => {
    const removed = await removeGeneration(engine, request.project, old.name);
    if (!removed.ok || golden === undefined || ending.signal.aborted || !mayStandBeside(model)) return undefined;
    const events: EventBody[] = [];
    const silent = { ...request, signal, emit: (event: EventBody) => events.push(event) };
    return { events, next: await bringUpFrom({ ...ground, request: silent }, newGeneration(), golden) };
  };
  const reset = async (): Promise<Result<void>> => {
    const ready = await spare;
    const old = current;
    old.environment.release();
    if (ready?.next.ok !== true) {
      const removed = await removeGeneration(engine, request.project, old.name);
      if (!removed.ok) return removed;
    }
    const next = ready?.next.ok === true ? ready.next : await bringUpNext(ground, newGeneration(), golden);
    if (!next.ok) return next;
    // What happened to a spare is nobody's business before it is used.
    if (ready?.next.ok === true) for (const event of ready.events) request.emit(event);
    current = next.value.generation;
    if (golden === undefined) seeder = current;
    golden = next.value.golden;
    spare = prepare(old);
    return ok(undefined);
  };
  return {
    project: request.project,
    services: [...model.services.keys()],
    exec: (service, command) => of(service).exec(service, command),
    readFile: (service, path, limitBytes) => of(service).readFile(service, path, limitBytes),
    fileStamp: (service, path) => of(service).fileStamp(service, path),
    observe: (observed, command) => current.environment.observe(observed, command),
    readFolder: (service, request) => of(service).readFolder(service, request),
    forward: (service, port) => of(service).forward(service, port),
    stats: (service) => of(service).stats(service),
    runBeside: (request) => current.environment.runBeside(request),
    macAddress: (service, network) => of(service).macAddress(service, network),
    publishedPort: (service, port, protocol) => of(service).publishedPort(service, port, protocol),
    publishedPorts: () => current.environment.publishedPorts(),
    logProblem: (service) => of(service).logProblem(service),
    logFile: (service) => of(service).logFile(service),
    deaths: () => current.environment.deaths(),
    engineAnswers: (limitMs) => current.environment.engineAnswers(limitMs),
    flushLogs: () => current.environment.flushLogs(),
    pause: () => current.environment.pause(),
    resume: () => current.environment.resume(),
    reset,
    release() {
      ending.abort();
      current.environment.release();
    },
    async down() {
      ending.abort();
      await spare;
      return current.environment.down();
    },
  };
}

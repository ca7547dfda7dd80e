import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ok, type Result } from '../events/problem.ts';
import { isNotedUp, readResetNote, writeResetNote } from '../store/kept.ts';
import { ownerState, thisOwner } from '../store/owner.ts';
import { openStore } from '../store/store.ts';
import type { UpGround } from './bring-up.ts';
import { loadCompose } from './compose/load.ts';
import { findLabelled, removeAll } from './down.ts';
import { connectEngine, type Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';
import { mayStandBeside, removeGeneration } from './generation.ts';
import { goldenSchema } from './golden.ts';
import { firstGeneration, goldenGeneration, type Labels, label } from './labels.ts';
import { hold, listMarks, type Mark, mark, spareSince, unmark } from './mark.ts';
import { bringUpFrom, bringUpNext, newGeneration } from './reset.ts';
import { startWatchdog } from './watchdog.ts';

/** What one reset of a kept environment leaves for the next one. */
const noteSchema = z.object({
  /** The generation that is used. */
  current: z.string(),
  /** One that is up and waits to be used. */
  spare: z.string().nullable(),
  golden: goldenSchema.nullable(),
  /** The process that brings a spare up, as in labels. */
  builder: z.string().nullable(),
  /** When a process was started that will be the builder, in epoch milliseconds; 0: none was. */
  promisedAt: z.number(),
});
type Note = z.infer<typeof noteSchema>;

const none: Note = { current: firstGeneration, spare: null, golden: null, builder: null, promisedAt: 0 };
const lookMs = 10;
const wantedMs = 100;
/** A process that was to be the builder and has not said so by then will not be. */
const startMs = 2_000;

function readNote(checkout: string, project: string): Note | undefined {
  return noteSchema.safeParse(readResetNote(openStore(checkout), project)).data;
}

function writeNote({ checkout, project }: UpRequest, note: Note): void {
  writeResetNote(openStore(checkout), project, note);
}

/** The generation that is used, of the environment that something belongs to. `marks`: at least all of that environment. */
export function currentGeneration(labels: Labels, marks: readonly Mark[]): string {
  const { [label.project]: project = '', [label.checkout]: checkout = '' } = labels ?? {};
  return generationOf(readNote(checkout, project), project, marks);
}

/** The note says it; where that is not there (`git clean`) or is of another one that had the name, the newest mark. */
function generationOf(note: Note | undefined, project: string, marks: readonly Mark[]): string {
  const own = marks.filter((each) => each.project === project).toSorted((a, b) => b.since - a.since);
  if (note !== undefined && own.some(({ generation }) => generation === note.current)) return note.current;
  return own[0]?.generation ?? note?.current ?? firstGeneration;
}

/** Those of an environment's containers that are used: not a spare's, nor what a reset has left. */
export async function usedContainers<Info extends { readonly Labels: Record<string, string> }>(
  engine: Engine,
  containers: readonly Info[],
): Promise<Result<readonly Info[]>> {
  const [newest] = containers;
  const { [label.project]: project = '', [label.checkout]: checkout = '' } = newest?.Labels ?? {};
  if (new Set(containers.map(({ Labels }) => Labels[label.generation])).size < 2) return ok(containers);
  const marks = await listMarks(engine, project);
  if (!marks.ok) return marks;
  const current = generationOf(readNote(checkout, project), project, marks.value);
  const used = containers.filter(({ Labels }) => Labels[label.generation] === current);
  // Of one that was reset by the process which holds it, only that process knows.
  return ok(used.length > 0 || newest?.Labels[label.lease] === 'kept' ? used : containers);
}

/** Whether something of a kept environment is used or will be: the environment came up to the end, and it is not what a reset has left. */
export function isUsed(labels: Labels, marks: readonly Mark[]): boolean {
  const {
    [label.project]: project = '',
    [label.checkout]: checkout = '',
    [label.generation]: generation,
  } = labels ?? {};
  if (!marks.some((each) => each.project === project) && !isNotedUp(openStore(checkout), project)) return false;
  if (generation === undefined || generation === goldenGeneration) return true;
  const note = readNote(checkout, project);
  return generation === generationOf(note, project, marks) || generation === note?.spare;
}

/** How a reset was done: by a spare that was up, or by bringing the next generation up. */
export type ResetWay = 'spare' | 'made';

/**
 * Resets a kept environment, whoever brought it up. `request`: as it would be brought up; `current`: the generation that is used. With a spare the old generation still runs when it
 * returns, with nothing that the new one could meet; the next sweep removes it.
 */
export async function resetKept(request: UpRequest, current: string): Promise<Result<ResetWay>> {
  const engine = await connectEngine(request.ambient);
  if (!engine.ok) return engine;
  const note = { ...(await readyNote(request)), current };
  if (note.spare !== null && (await isUp(engine.value, request, note.spare, note))) {
    writeNote(request, { ...note, current: note.spare, spare: null, builder: null, promisedAt: Date.now() });
    return ok('spare');
  }
  const ground = groundOf(engine.value, request);
  if (!ground.ok) return ground;
  // Should this process be killed in between, nothing is taken for an environment that is up, and nothing of it stays.
  const watchdog = startWatchdog(request.ambient);
  const held = await hold(engine.value, request);
  if (!held.ok) return held;
  const unmarked = await unmark(engine.value, request.project);
  if (!unmarked.ok) return unmarked;
  for (const old of [note.current, note.spare]) {
    const removed = old === null ? ok(undefined) : await removeGeneration(engine.value, request.project, old);
    if (!removed.ok) return removed;
  }
  const next = await bringUpNext(ground.value, newGeneration(), note.golden ?? undefined);
  if (!next.ok) return next;
  const { generation, golden = null } = next.value;
  generation.environment.release();
  const marked = await mark(engine.value, request, generation.name);
  if (!marked.ok) return marked;
  writeNote(request, { current: generation.name, spare: null, golden, builder: null, promisedAt: Date.now() });
  await held.value();
  watchdog.end();
  return ok('made');
}

function groundOf(engine: Engine, request: UpRequest): Result<UpGround> {
  const model = loadCompose(request.composeFiles, request.variables, request.ambient);
  return model.ok ? ok({ engine, request, model: model.value }) : model;
}

/** The note, once nobody is bringing a spare up any more. */
async function readyNote({ checkout, project, signal, deadlineMs }: UpRequest): Promise<Note> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const note = readNote(checkout, project) ?? none;
    const builds = note.builder === null ? Date.now() - note.promisedAt < startMs : isAlive(note.builder);
    if (!builds || signal.aborted || performance.now() > until) return note;
    await sleep(lookMs);
  }
}

function isAlive(owner: string): boolean {
  return ownerState(owner) === 'alive';
}

async function isUp(engine: Engine, { project }: UpRequest, generation: string, { golden }: Note): Promise<boolean> {
  const filters = JSON.stringify({ label: [`${label.project}=${project}`, `${label.generation}=${generation}`] });
  const running = await engine.call('listing containers', () => engine.docker.listContainers({ filters }));
  if (!running.ok) return false;
  const services = new Set(running.value.map(({ Labels }) => Labels[label.service]));
  return Object.keys(golden?.services ?? {}).every((service) => services.has(service));
}

/** Brings a spare of a kept environment up, for the next reset. Where there is one, or none is possible, nothing is done. */
export async function prepareSpare(request: UpRequest): Promise<Result<void>> {
  const { checkout, project } = request;
  const note = readNote(checkout, project);
  if (note === undefined || note.spare !== null || (note.builder !== null && isAlive(note.builder)))
    return ok(undefined);
  const builder = thisOwner();
  writeNote(request, { ...note, builder, promisedAt: 0 });
  const built = await build(request, note, builder);
  const now = readNote(checkout, project);
  if (now?.builder === builder) writeNote(request, { ...now, builder: null });
  return built;
}

async function build(request: UpRequest, note: Note, builder: string): Promise<Result<void>> {
  const { checkout, project } = request;
  const engine = await connectEngine(request.ambient);
  if (!engine.ok) return engine;
  const marks = await listMarks(engine.value, project);
  if (!marks.ok) return marks;
  // Without a mark it was taken down meanwhile: all of it is for others to remove.
  if (marks.value.length === 0) return ok(undefined);
  const isOfNoUse = (labels: Labels): boolean => !isUsed(labels, marks.value);
  const left = await findLabelled(engine.value, [`${label.project}=${project}`], isOfNoUse);
  const removed = left.ok ? await removeAll(engine.value, left.value) : left;
  if (!removed.ok) return removed;
  const ground = groundOf(engine.value, request);
  if (!ground.ok) return ground;
  if (note.golden === null || !mayStandBeside(ground.value.model)) return ok(undefined);
  // It may be taken down meanwhile, or be reset without this spare.
  const isWanted = (): boolean => readNote(checkout, project)?.builder === builder;
  const unwanted = new AbortController();
  const timer = setInterval(() => isWanted() || unwanted.abort(), wantedMs);
  const signal = AbortSignal.any([request.signal, unwanted.signal]);
  const generation = newGeneration();
  const next = await bringUpFrom({ ...ground.value, request: { ...request, signal } }, generation, note.golden);
  clearInterval(timer);
  if (next.ok) next.value.generation.environment.release();
  const marked = next.ok && isWanted() ? await mark(engine.value, request, generation, spareSince) : ok(undefined);
  if (next.ok && marked.ok && isWanted()) {
    writeNote(request, { ...note, spare: generation, golden: next.value.golden ?? null, builder: null, promisedAt: 0 });
    return ok(undefined);
  }
  return next.ok ? removeGeneration(engine.value, project, generation) : next;
}

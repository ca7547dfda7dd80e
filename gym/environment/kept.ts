import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ok, type Result } from '../events/problem.ts';
import { readResetNote, writeResetNote } from '../store/kept.ts';
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
import { bringUpFrom, bringUpNext, newGeneration } from './reset.ts';

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
  // Opening a store makes it.
  if (!existsSync(join(checkout, '.gym'))) return undefined;
  return noteSchema.safeParse(readResetNote(openStore(checkout), project)).data;
}

function writeNote({ checkout, project }: UpRequest, note: Note): void {
  writeResetNote(openStore(checkout), project, note);
}

/** The generation that is used, of the environment that something belongs to. */
export function currentGeneration(labels: Labels): string {
  return readNote(labels?.[label.checkout] ?? '', labels?.[label.project] ?? '')?.current ?? firstGeneration;
}

/** Those of an environment's containers that are used: not a spare's, nor what a reset has left. */
export function usedContainers<Info extends { readonly Labels: Record<string, string> }>(
  containers: readonly Info[],
): readonly Info[] {
  const [newest] = containers;
  const current = currentGeneration(newest?.Labels);
  const used = containers.filter(({ Labels }) => Labels[label.generation] === current);
  // Of one that was reset by the process which holds it, only that process knows.
  return used.length > 0 || newest?.Labels[label.lease] === 'kept' ? used : containers;
}

/** Whether something belongs to a generation of a kept environment that nobody uses nor will. */
export function isOfNoUse(labels: Labels): boolean {
  const generation = labels?.[label.generation];
  if (generation === undefined || generation === goldenGeneration) return false;
  const note = readNote(labels?.[label.checkout] ?? '', labels?.[label.project] ?? '') ?? none;
  return generation !== note.current && generation !== note.spare;
}

/** How a reset was done: by a spare that was up, or by bringing the next generation up. */
export type ResetWay = 'spare' | 'made';

/**
 * Resets a kept environment, whoever brought it up. `request`: as it would be brought up. With a spare the old generation still runs when it
 * returns, with nothing that the new one could meet; the next sweep removes it.
 */
export async function resetKept(request: UpRequest): Promise<Result<ResetWay>> {
  const engine = await connectEngine(request.ambient);
  if (!engine.ok) return engine;
  const note = await readyNote(request);
  if (note.spare !== null && (await isUp(engine.value, request, note.spare, note))) {
    writeNote(request, { ...note, current: note.spare, spare: null, builder: null, promisedAt: Date.now() });
    return ok('spare');
  }
  const ground = groundOf(engine.value, request);
  if (!ground.ok) return ground;
  for (const old of [note.current, note.spare]) {
    const removed = old === null ? ok(undefined) : await removeGeneration(engine.value, request.project, old);
    if (!removed.ok) return removed;
  }
  const next = await bringUpNext(ground.value, newGeneration(), note.golden ?? undefined);
  if (!next.ok) return next;
  const { generation, golden = null } = next.value;
  generation.environment.release();
  writeNote(request, { current: generation.name, spare: null, golden, builder: null, promisedAt: Date.now() });
  return ok('made');
}

function groundOf(engine: Engine, request: UpRequest): Result<UpGround> {
  const model = loadCompose(request.composeFile, request.variables, request.ambient);
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
  if (next.ok && isWanted()) {
    writeNote(request, { ...note, spare: generation, golden: next.value.golden ?? null, builder: null, promisedAt: 0 });
    return ok(undefined);
  }
  return next.ok ? removeGeneration(engine.value, project, generation) : next;
}

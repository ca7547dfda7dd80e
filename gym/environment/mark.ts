import { randomBytes } from 'node:crypto';
import { ok, type Result } from '../events/problem.ts';
import { noteNotUp, noteUp } from '../store/kept.ts';
import { openStore } from '../store/store.ts';
import type { Engine } from './engine.ts';
import type { Origin, UpRequest } from './environment.ts';
import { carries, environmentLabels, goldenGeneration, type Labels, label } from './labels.ts';

/**
 * Says on the engine that a generation of a kept environment is up and used: an empty volume, which nothing mounts, made as the last thing
 * of an up or a reset, and removed as the first thing of a down. A kept environment without one was never brought up to the end.
 * Labels of what is there cannot be changed, and a file beside the code goes with `git clean`. A spare is marked when it is up, before anybody
 * uses it, as older than all others.
 *
 *     coming up ──mark──► kept ──unmark──► going down
 *                          │ ▲
 *                    reset └─┘ the next generation is marked; of two marks the newer one holds
 */
export interface Mark {
  readonly project: string;
  readonly generation: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** `null`: not known. */
  readonly origin: Origin | null;
}

/** Since when a spare is used, as its mark has it: it holds where the note says so, or when no other is left. */
export const spareSince = 0;

/** The mark that these labels are; `undefined`: they are those of something else. */
export function markOf(labels: Labels): Mark | undefined {
  const { [label.mark]: since, [label.project]: project, [label.generation]: generation } = labels ?? {};
  if (since === undefined || project === undefined || generation === undefined) return undefined;
  const { [label.files]: files, [label.model]: model } = labels ?? {};
  const origin = files === undefined || model === undefined ? null : { files, model };
  return { project, generation, since: Number(since), origin };
}

/** The marks that are there: of all environments, or of one. */
export async function listMarks(engine: Engine, project?: string): Promise<Result<readonly Mark[]>> {
  const listed = await listVolumes(engine, project);
  return listed.ok ? ok(listed.value.flatMap(({ Labels }) => markOf(Labels) ?? [])) : listed;
}

/** Marks a generation as up and used. */
export async function mark(
  engine: Engine,
  request: UpRequest,
  generation: string,
  since: number = Date.now(),
): Promise<Result<void>> {
  const { project, origin } = request;
  const Labels = {
    ...environmentLabels(request),
    [label.generation]: generation,
    [label.mark]: String(since),
    ...(origin !== undefined && { [label.files]: origin.files, [label.model]: origin.model }),
  };
  const Name = `${project}.up-${randomBytes(4).toString('hex')}`;
  const made = await engine.call('marking the environment as up', () => engine.docker.createVolume({ Name, Labels }));
  if (!made.ok) return made;
  noteUp(openStore(request.checkout), project, origin?.files ?? '');
  return ok(undefined);
}

/**
 * Says that this process is busy with an environment that has no mark meanwhile: while it lives nobody sweeps the state that resets begin
 * with. Gives what ends that.
 */
export async function hold(engine: Engine, request: UpRequest): Promise<Result<() => Promise<unknown>>> {
  const Labels = { ...environmentLabels(request), [label.generation]: goldenGeneration };
  const Name = `${request.project}.held-${randomBytes(4).toString('hex')}`;
  const made = await engine.call('holding the environment', () => engine.docker.createVolume({ Name, Labels }));
  if (!made.ok) return made;
  return ok(() => engine.call('letting the environment go', () => engine.docker.getVolume(Name).remove()));
}

/** Takes the marks of an environment away: from here on it is a leftover, should this process not go on to remove it. */
export async function unmark(engine: Engine, project: string): Promise<Result<void>> {
  const listed = await listVolumes(engine, project);
  if (!listed.ok) return listed;
  for (const { Name, Labels } of listed.value) {
    noteNotUp(openStore(Labels[label.checkout] ?? ''), project);
    const removed = await engine.call('unmarking the environment', () => engine.docker.getVolume(Name).remove());
    if (!removed.ok && removed.status !== 404) return removed;
  }
  return ok(undefined);
}

async function listVolumes(engine: Engine, project: string | undefined) {
  const wanted = [label.mark, project === undefined ? label.project : `${label.project}=${project}`];
  const filters = JSON.stringify({ label: wanted });
  const listed = await engine.call('listing volumes', () => engine.docker.listVolumes({ filters }));
  // Podman gives those with any of the labels.
  return listed.ok ? ok((listed.value.Volumes ?? []).filter(({ Labels }) => carries(Labels, wanted))) : listed;
}

import type { Result } from '../events/problem.ts';
import type { ComposeModel } from './compose/model.ts';
import { findLabelled, removeAll } from './down.ts';
import type { Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';
import { firstGeneration, label } from './labels.ts';
import type { Probe } from './probe.ts';
import type { RunningEnvironment } from './running.ts';

/** All that an environment consists of between two resets. A reset puts a new one in its place. */
export interface Generation {
  readonly name: string;
  /** What the engine's names of its parts begin with. */
  readonly prefix: string;
  readonly environment: RunningEnvironment;
  /** By service. */
  readonly containers: ReadonlyMap<string, { readonly id: string; readonly probe: Probe | undefined }>;
  /** The engine's names by those of the Compose file. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Services that have ended as they should. */
  readonly completed: ReadonlySet<string>;
}

/** The first one's parts have the environment's plain name. */
export function prefixOf(project: string, generation: string): string {
  return generation === firstGeneration ? project : `${project}-${generation}`;
}

/** Each has logs of its own: one may come up while another one is in use. */
export function logDirectoryOf({ logDirectory }: UpRequest, generation: string): string {
  return generation === firstGeneration ? logDirectory : `${logDirectory}-${generation}`;
}

/** Removes one generation, of one run where that is given. */
export async function removeGeneration(
  engine: Engine,
  project: string,
  generation: string,
  run?: string,
): Promise<Result<void>> {
  const labels = [`${label.project}=${project}`, `${label.generation}=${generation}`];
  if (run !== undefined) labels.push(`${label.run}=${run}`);
  const found = await findLabelled(engine, labels, () => true);
  return found.ok ? removeAll(engine, found.value) : found;
}

/** Whether two generations can be there at once: nothing of the host or of others is used that both would have to share. */
export function mayStandBeside(model: ComposeModel): boolean {
  const services = [...model.services.values()];
  const sharesNothing = services.every(
    ({ mounts, networkMode, pid, ipc, macAddress }) =>
      mounts.every((mount) => mount.kind !== 'bind' || mount.readOnly) &&
      [networkMode, pid, ipc].every((mode) => mode === null || mode.startsWith('service:') || mode === 'none') &&
      macAddress === null,
  );
  const own = ({ external }: { external: string | null }): boolean => external === null;
  const isFixed = [...model.networks.values()].some(({ ipam }) => ipam?.pools.some(({ subnet }) => subnet !== null));
  return sharesNothing && !isFixed && [...model.networks.values(), ...model.volumes.values()].every(own);
}

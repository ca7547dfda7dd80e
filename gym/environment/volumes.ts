import { failed, ok, type Result } from '../events/problem.ts';
import type { ComposeModel, VolumeModel } from './compose/model.ts';
import type { Engine } from './engine.ts';
import { label } from './labels.ts';

/** Makes the volumes of a model; external ones have to be there. Gives the engine's names by those of the Compose file. */
export async function makeVolumes(
  engine: Engine,
  model: ComposeModel,
  project: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<ReadonlyMap<string, string>>> {
  const made = await Promise.all(
    [...model.volumes.values()].map(async (volume) => ({
      volume,
      name: await (volume.external === null ? make(engine, volume, project, labels) : find(engine, volume.external)),
    })),
  );
  const names = new Map<string, string>();
  for (const { volume, name } of made) {
    if (!name.ok) return name;
    names.set(volume.name, name.value);
  }
  return ok(names);
}

async function make(
  engine: Engine,
  volume: VolumeModel,
  project: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<string>> {
  const name = `${project}_${volume.name}`;
  const created = await engine.call(`making the volume ${volume.name}`, () =>
    engine.docker.createVolume({
      Name: name,
      Driver: volume.driver ?? 'local',
      DriverOpts: { ...volume.driverOptions },
      Labels: { ...volume.labels, ...labels, [label.resource]: volume.name },
    }),
  );
  return created.ok ? ok(name) : created;
}

async function find(engine: Engine, external: string): Promise<Result<string>> {
  const what = `looking for the external volume "${external}"`;
  const found = await engine.call(what, () => engine.docker.getVolume(external).inspect());
  if (found.ok) return ok(external);
  if (found.status !== 404) return found;
  const message = `there is no external volume "${external}"`;
  return failed({ kind: 'environment', message, remedy: `Make it: docker volume create ${external}` });
}

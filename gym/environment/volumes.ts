import { failed, ok, type Result } from '../events/problem.ts';
import type { ComposeModel, VolumeModel } from './compose/model.ts';
import { copyVolume, makeOverlay, volumeName } from './copy.ts';
import type { Engine } from './engine.ts';
import type { Golden } from './golden.ts';
import { isStillThere } from './golden-states.ts';
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

/** Makes a generation's volumes with the golden state in them; volumes of others are as they are. */
export async function makeSeededVolumes(
  engine: Engine,
  model: ComposeModel,
  golden: Golden,
  prefix: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<ReadonlyMap<string, string>>> {
  const others = new Map([...model.volumes].filter(([name]) => !(name in golden.volumes)));
  const names = await makeVolumes(engine, { ...model, volumes: others }, prefix, labels);
  if (!names.ok) return names;
  const made = await Promise.all(
    Object.entries(golden.volumes).map(async ([name, source]) => ({
      name,
      volume: await makeSeeded(engine, golden.how, source, volumeName(prefix, name), {
        ...model.volumes.get(name)?.labels,
        ...labels,
        [label.resource]: name,
        ...(golden.state !== null && { [label.golden]: golden.state }),
      }),
    })),
  );
  const all = new Map(names.value);
  for (const { name, volume } of made) {
    if (!volume.ok) return volume;
    all.set(name, volume.value);
  }
  const isThere = await isStillThere(engine, golden);
  return isThere.ok ? ok(all) : isThere;
}

async function makeSeeded(
  engine: Engine,
  how: Golden['how'],
  source: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<string>> {
  const overlay = how === 'overlay' ? await makeOverlay(engine, source, name, labels) : undefined;
  if (overlay !== undefined) return overlay;
  const made = await engine.call('making a volume', () =>
    engine.docker.createVolume({ Name: name, Labels: { ...labels } }),
  );
  if (!made.ok) return made;
  const copied = await copyVolume(engine, source, name, labels);
  return copied.ok ? ok(name) : copied;
}

async function make(
  engine: Engine,
  volume: VolumeModel,
  project: string,
  labels: Readonly<Record<string, string>>,
): Promise<Result<string>> {
  const name = volumeName(project, volume.name);
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

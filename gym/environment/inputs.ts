import { failed, ok, type Result } from '../events/problem.ts';
import type { Inputs } from '../store/cache.ts';
import { sha256 } from '../store/sha256.ts';
import { plainText, serviceText } from './compose/hash.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import type { Engine } from './engine.ts';
import { ContentHash, isClosedService, NotKeyed } from './golden-key.ts';
import { planBuild } from './image/build.ts';
import { findImage } from './image/pull.ts';

/** What an environment is made of, as far as its model and the engine tell. */
export interface EnvironmentInputs {
  readonly inputs: Inputs;
  /** What each image is built of, in parts, by the hash of all of them: the value of its input. */
  readonly builtOf: Readonly<Record<string, Inputs>>;
  /** Ids of the images that come from elsewhere, by reference. */
  readonly images: Readonly<Record<string, string>>;
  /** Absolute paths of what its services are given of the machine, outside of the snapshot, with a hash of the content. */
  readonly outside: Readonly<Record<string, string>>;
  /** Paths in the snapshot that its services are given as they are, besides what their images are built of. */
  readonly inside: readonly string[];
}

interface Ground {
  readonly engine: Engine;
  /** Variables that the model was made with, as they are now. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly model: ComposeModel;
  readonly task: string;
  /** The snapshot that the model is of. */
  readonly directory: string;
}

const unkeyed = (message: string): Result<never> => failed({ kind: 'evidence', message });

/**
 * All that an environment depends on: what its Compose file comes to, its images by what they are built of, files of the machine, the engine
 * and its kernel. A problem says what of it has no content that could be compared.
 */
export async function environmentInputs(ground: Ground): Promise<Result<EnvironmentInputs>> {
  const { engine, model, directory } = ground;
  const open = openPart(model);
  if (open !== undefined) return unkeyed(open);
  const version = await engine.call('asking for the version', () => engine.docker.version());
  if (!version.ok) return version;
  const images = await imagesOf(ground);
  if (!images.ok) return images;
  const given = await givenFiles(ground);
  if (!given.ok) return given;
  // The snapshot lies elsewhere in every run.
  const placeless = (text: string): string => sha256(text.replaceAll(directory, '.'));
  const services = [...model.services.values()].map((service) => [
    `service ${service.name}`,
    placeless(serviceText(service)),
  ]);
  const { networks, volumes, secrets, configs } = model;
  const { Version, KernelVersion, Arch } = version.value;
  return ok({
    inputs: {
      ...Object.fromEntries(services),
      'networks, volumes, secrets and configs': placeless(plainText([networks, volumes, secrets, configs])),
      ...images.value.inputs,
      ...variableInputs(ground.variables),
      ...Object.fromEntries(Object.entries(given.value.outside).map(([path, hash]) => [`outside ${path}`, hash])),
      'Docker engine': `${engine.address} ${Version} ${KernelVersion} ${Arch}`,
    },
    builtOf: images.value.builtOf,
    images: images.value.ids,
    ...given.value,
  });
}

/** Variables by their names, with hashes of their values: they may be secrets. */
export function variableInputs(variables: Readonly<Record<string, string | undefined>>): Inputs {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      `variable ${name}`,
      value === undefined ? 'unset' : sha256(value),
    ]),
  );
}

/** What of it is of the host, of others, or of another machine; `undefined`: nothing. */
function openPart(model: ComposeModel): string | undefined {
  const service = [...model.services.values()].find((each) => !isClosedService(each));
  if (service !== undefined) return `service ${service.name} has something of the host that is no file`;
  const pulls = [...model.services.values()].find(({ pullPolicy }) => pullPolicy === 'always');
  if (pulls !== undefined) return `service ${pulls.name} is pulled anew each time`;
  const foreign = [...model.networks.values(), ...model.volumes.values()].find(({ external }) => external !== null);
  if (foreign !== undefined) return `${foreign.name} was made by somebody else`;
  const isOwn = (driver: string | null, options: Readonly<Record<string, string>>): boolean =>
    (driver ?? 'local') === 'local' && (Object.keys(options).length === 0 || options['type'] === 'tmpfs');
  const volume = [...model.volumes.values()].find(({ driver, driverOptions }) => !isOwn(driver, driverOptions));
  return volume === undefined ? undefined : `the volume ${volume.name} may have something in it from elsewhere`;
}

interface Images extends Pick<EnvironmentInputs, 'inputs' | 'builtOf'> {
  readonly ids: Readonly<Record<string, string>>;
}

/** Images by what they are built of, or by id where they come from elsewhere. Nothing is pulled or built. */
async function imagesOf({ engine, model, task }: Ground): Promise<Result<Images>> {
  const ids = new Map<string, Promise<Result<string>>>();
  const idOf = (reference: string): Promise<Result<string>> => {
    const known = ids.get(reference) ?? idAt(engine, reference);
    ids.set(reference, known);
    return known;
  };
  const services = [...model.services.values()];
  const builders = new Map(services.flatMap((each) => (each.build && each.image !== null ? [[each.image, each]] : [])));
  const built = new Map<string, ReturnType<typeof planBuild>>();
  const buildOf = (service: ServiceModel, build: NonNullable<ServiceModel['build']>): ReturnType<typeof planBuild> => {
    const key = JSON.stringify([build, service.platform]);
    const known = built.get(key) ?? planBuild({ task }, service, build, idOf);
    built.set(key, known);
    return known;
  };
  const inputs: Record<string, string> = {};
  const builtOf: Record<string, Inputs> = {};
  for (const service of services) {
    const builder = service.build === null ? builders.get(service.image ?? '') : service;
    if (builder?.build) {
      const { additionalContexts, ssh } = builder.build;
      if (ssh.length > 0 || Object.values(additionalContexts).some((from) => !from.startsWith('/')))
        return unkeyed(`the image of ${service.name} is built of something from elsewhere`);
      const planned = await buildOf(builder, builder.build);
      if (!planned.ok) return planned;
      const hash = planned.value.reference.split(':').at(-1) ?? '';
      inputs[`what the image of ${service.name} is built of`] = hash;
      builtOf[hash] = planned.value.parts;
    } else if (service.image !== null) await idOf(service.image);
  }
  const known: Record<string, string> = {};
  for (const [reference, asked] of ids) {
    const id = await asked;
    if (!id.ok) return id;
    known[reference] = id.value;
    inputs[`image ${reference}`] = id.value;
  }
  return ok({ inputs, builtOf, ids: known });
}

async function idAt(engine: Engine, reference: string): Promise<Result<string>> {
  const found = await findImage({ engine }, reference);
  if (!found.ok) return found;
  return found.value === undefined ? unkeyed(`the image ${reference} is not there yet`) : ok(found.value.id);
}

async function givenFiles({
  engine,
  model,
  directory,
}: Ground): Promise<Result<Pick<EnvironmentInputs, 'outside' | 'inside'>>> {
  const mounts = [...model.services.values()].flatMap((service) => service.mounts);
  const binds = mounts.flatMap((mount) => (mount.kind === 'bind' ? [mount] : []));
  const stores = [...model.secrets.values(), ...model.configs.values()];
  const files = stores.flatMap(({ from }) => (from.kind === 'file' ? [from.file] : []));
  const isInside = (path: string): boolean => path === directory || path.startsWith(`${directory}/`);
  const written = binds.find(({ source, readOnly }) => !readOnly && !isInside(source));
  if (written !== undefined) return unkeyed(`${written.source} of this machine can be written to by a service`);
  const paths = [...new Set([...binds.map(({ source }) => source), ...files])];
  const content = new ContentHash(engine.address.startsWith('unix://'));
  const outside: Record<string, string> = {};
  for (const path of paths.filter((each) => !isInside(each))) {
    const hash = await outsideHash(path, content);
    if (hash === undefined) return unkeyed(`${path} of this machine has no content that could be compared`);
    outside[path] = hash;
  }
  const inside = paths.filter(isInside).map((path) => path.slice(directory.length + 1) || '.');
  return ok({ outside, inside });
}

/** Hash of a file or folder of this machine; `undefined`: it has none. */
export async function outsideHash(path: string, content = new ContentHash(true)): Promise<string | undefined> {
  if (/^\/(?:proc|sys|dev|run|var\/run)(?:\/|$)/.test(path)) return undefined;
  try {
    return await content.ofPath(path);
  } catch (error) {
    if (error instanceof NotKeyed || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../store/sha256.ts';
import type { UpGround } from './bring-up.ts';
import { modelHash } from './compose/hash.ts';
import type { ComposeModel, MountModel, ServiceModel, StoreModel } from './compose/model.ts';
import { isPlainVolume } from './golden.ts';
import { prepareImages } from './image/images.ts';

/** Changes when what a state consists of does, so that an older one is not taken for it. */
const format = 'gym.golden/1';
/** Beyond these, looking at files of the host would take longer than seeding. */
const bytesLimit = 64 * 2 ** 20;
const filesLimit = 20_000;

/**
 * What an environment's seeded state depends on, as 32 hexadecimal digits: the ids of its images, what its Compose file comes to, the content
 * of the files that it is given (folders of the host, secrets, configs); not where any of it lies, nor whose it is. `undefined`: it may
 * depend on something else, or an image cannot be had.
 */
export async function goldenKey({ engine, request, model }: UpGround): Promise<string | undefined> {
  if (!isClosed(model)) return undefined;
  const { signal, task } = request;
  // Who brings it up tells how that went.
  const images = await prepareImages({ engine, emit: () => undefined, signal, task }, model);
  if (!images.ok) return undefined;
  const content = new ContentHash(engine.address.startsWith('unix://'));
  const services = new Map<string, ServiceModel>();
  try {
    for (const [name, service] of model.services) {
      const mounts = await Promise.all(service.mounts.map((mount) => content.ofMount(mount)));
      services.set(name, { ...service, mounts, build: null, image: images.value.get(name)?.id ?? null });
    }
    const [secrets, configs] = [await content.ofStores(model.secrets), await content.ofStores(model.configs)];
    const text = modelHash({ ...model, name: '', services, secrets, configs });
    return sha256(`${format}\0${text}`).slice(0, 32);
  } catch (error) {
    if (error instanceof NotKeyed || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

/** Whether nothing of the host, of others, or of another machine comes in but by files, which are looked at. */
function isClosed(model: ComposeModel): boolean {
  const isOwn = ({ external }: { readonly external: string | null }): boolean => external === null;
  return (
    [...model.services.values()].every(isClosedService) &&
    [...model.services.values()].every(({ mounts }) =>
      mounts.every((mount) => mount.kind !== 'bind' || mount.readOnly),
    ) &&
    [...model.networks.values(), ...model.volumes.values()].every(isOwn) &&
    [...model.volumes.keys()].every((name) => isPlainVolume(model, name))
  );
}

/** Whether a service has nothing of the host but files: no namespace, no device, no other container of it. */
export function isClosedService(service: ServiceModel): boolean {
  const { networkMode, pid, ipc, uts, userns, cgroup, devices, deviceCgroupRules, gpus, reservedDevices } = service;
  const isOwnSpace = (mode: string | null): boolean =>
    mode === null || mode === 'none' || mode === 'private' || mode === 'shareable' || mode.startsWith('service:');
  return (
    [networkMode, pid, ipc, uts, userns, cgroup].every(isOwnSpace) &&
    [devices, deviceCgroupRules, gpus, reservedDevices].every((each) => each.length === 0) &&
    !service.privileged &&
    service.volumesFrom.every((from) => !from.startsWith('container:')) &&
    service.extraHosts.every((host) => !host.endsWith(':host-gateway'))
  );
}

/** Thrown where something has no content that could be compared. */
export class NotKeyed extends Error {}

/** Puts hashes of contents in the place of paths of the host. */
export class ContentHash {
  #bytes = 0;
  #files = 0;
  readonly #isHere: boolean;

  /** `isHere`: the engine's machine is this one. Paths of another one lead to other files. */
  constructor(isHere: boolean) {
    this.#isHere = isHere;
  }

  async ofMount(mount: MountModel): Promise<MountModel> {
    if (mount.kind !== 'bind') return mount;
    if (/^\/(?:proc|sys|dev|run|var\/run)(?:\/|$)/.test(mount.source)) throw new NotKeyed();
    return { ...mount, source: await this.ofPath(mount.source) };
  }

  async ofStores(stores: ReadonlyMap<string, StoreModel>): Promise<ReadonlyMap<string, StoreModel>> {
    const hashed = new Map<string, StoreModel>();
    for (const [name, store] of stores) {
      const { from } = store;
      const content = from.kind === 'file' ? await this.ofPath(from.file) : from.content;
      hashed.set(name, { ...store, from: { kind: 'content', content } });
    }
    return hashed;
  }

  /** Of a file, or of a folder and all in it: paths, modes, owners, contents. Throws `NotKeyed`, or what the file system says. */
  async ofPath(path: string): Promise<string> {
    if (!this.#isHere) throw new NotKeyed();
    const hash = createHash('sha256');
    const top = await stat(path);
    const walk = async (place: string, below: string): Promise<void> => {
      const stats = below === '' ? top : await lstat(place);
      this.#files += 1;
      if (stats.isFile()) this.#bytes += stats.size;
      if (this.#files > filesLimit || this.#bytes > bytesLimit || stats.dev !== top.dev) throw new NotKeyed();
      hash.update(`\0${below}\0${stats.mode.toString(8)} ${stats.uid} ${stats.gid}\0`);
      if (stats.isSymbolicLink()) hash.update(await readlink(place));
      else if (stats.isFile())
        hash.update(
          createHash('sha256')
            .update(await readFile(place))
            .digest(),
        );
      else if (stats.isDirectory())
        // What gym itself writes while it works is no seed.
        for (const name of (await readdir(place)).sort())
          if (name !== '.gym') await walk(join(place, name), `${below}/${name}`);
          // A socket or a device: whatever is behind it is not looked at.
          else throw new NotKeyed();
    };
    await walk(path, '');
    return hash.digest('hex');
  }
}

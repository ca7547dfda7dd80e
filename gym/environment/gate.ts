import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import type Dockerode from 'dockerode';
import { pack } from 'tar-stream';
import { joinedServices } from './compose/joined.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import type { Answer, Engine } from './engine.ts';
import type { ReadyImage } from './image/ready.ts';

/**
 * What holds a container back that runs already: its shell waits for a line, then becomes the service's own program. Starting is what
 * costs time, so services start while those that they depend on still boot.
 */
export interface Gate {
  /** Lets the service's program begin, and begin at once whenever the container is started again. */
  open(): Promise<void>;
  /** Lets go of it: what still waits ends. */
  close(): void;
}

/**
 * The first argument is the file by which a container that is started again knows that its gate is open; only root can make it from
 * inside. An end without a line (gym is gone) ends the container. The program's input is empty, as that of any container without a terminal.
 */
const waitThenBecome = '[ -e "/$1" ] || { read -r _ || exit 1; true >"/$1"; } 2>/dev/null; shift; exec "$@" </dev/null';
const markerStart = '.gym-began-';

/** Whether a service gives the same result behind a gate: it has to wait for others, and nothing has to be there at its start that they make. */
export function mayWait(model: ComposeModel, service: ServiceModel): boolean {
  const waits = service.dependsOn.some((each) => model.services.has(each.service));
  const isPlain = !service.tty && !service.stdinOpen && !service.readOnly && service.links.length === 0;
  return (
    waits &&
    isPlain &&
    joinedServices(service).length === 0 &&
    !service.mounts.some((m) => isMadeByOthers(model, service, m))
  );
}

/** A bind that is not there yet, or that lies in a folder of the host which another service writes to: it may be replaced before the start. */
function isMadeByOthers(model: ComposeModel, service: ServiceModel, mount: ServiceModel['mounts'][number]): boolean {
  if (mount.kind !== 'bind') return false;
  if (!existsSync(mount.source)) return true;
  const holds = (folder: string): boolean => mount.source.startsWith(folder.endsWith(sep) ? folder : folder + sep);
  return [...model.services.values()].some(
    (other) =>
      other.name !== service.name &&
      other.mounts.some((each) => each.kind === 'bind' && !each.readOnly && holds(each.source)),
  );
}

/** Makes a container: behind a gate where `behind` says so and the image has a shell, else a plain one. */
export async function createContainer(
  engine: Engine,
  image: ReadyImage,
  options: Dockerode.ContainerCreateOptions,
  behind: boolean,
): Promise<Answer<{ readonly id: string; readonly gate: Gate | null }>> {
  const make = (with_: Dockerode.ContainerCreateOptions): Promise<Answer<Dockerode.Container>> =>
    engine.call(`making the container ${options.name}`, () => engine.docker.createContainer(with_));
  const gated = behind ? await gatedOptions(engine, image, options) : undefined;
  if (gated !== undefined) {
    const made = await make(gated.options);
    if (!made.ok) return made;
    const { id } = made.value;
    if (await hasShell(engine, image, id)) {
      const gate = await attachGate(engine, id, gated.marker);
      return gate.ok ? { ok: true, value: { id, gate: gate.value } } : gate;
    }
    const removed = await engine.call('removing a container', () => made.value.remove({ force: true, v: true }));
    if (!removed.ok) return removed;
  }
  const made = await make(options);
  return made.ok ? { ok: true, value: { id: made.value.id, gate: null } } : made;
}

/** `undefined`: it is not known what the container would run. Entrypoint and command are combined as the engine does. */
async function gatedOptions(
  engine: Engine,
  image: ReadyImage,
  options: Dockerode.ContainerCreateOptions,
): Promise<{ options: Dockerode.ContainerCreateOptions; marker: Marker } | undefined> {
  const inspected = await engine.call('looking at an image', () => engine.docker.getImage(image.id).inspect());
  if (!inspected.ok) return undefined;
  const entrypoint = words(options.Entrypoint);
  const command = words(options.Cmd);
  const ofImage = inspected.value.Config;
  const program =
    entrypoint.length > 0
      ? [...entrypoint.filter((word) => word !== ''), ...command]
      : [...words(ofImage.Entrypoint), ...(command.length > 0 ? command : words(ofImage.Cmd))];
  if (program.length === 0) return undefined;
  // Of its own in every container: an image that is made of one has its marker in it.
  const name = `${markerStart}${randomBytes(4).toString('hex')}`;
  const user = options.User ?? ofImage.User ?? '';
  return {
    marker: { name, isMadeInside: /^(?:root|0)?(?::|$)/.test(user) },
    options: {
      ...options,
      Entrypoint: ['/bin/sh', '-c', waitThenBecome, 'sh', name],
      Cmd: program,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    },
  };
}

/** The file that says that a gate is open. */
interface Marker {
  readonly name: string;
  /** By the shell that waits: else by the engine, which takes longer. */
  readonly isMadeInside: boolean;
}

function words(value: string | readonly string[] | null | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** What a container runs, its gate left out. */
export function programOf(config: {
  readonly Entrypoint?: string | string[] | null | undefined;
  readonly Cmd?: string[] | null | undefined;
}): readonly string[] {
  const entrypoint = words(config.Entrypoint).filter((word) => word !== '');
  return [...(entrypoint[2] === waitThenBecome ? [] : entrypoint), ...words(config.Cmd)];
}

/** Whether a path of a container is what its gate has put there. */
export function isGateMarker(path: string): boolean {
  return path.startsWith(`/${markerStart}`);
}

/** By image: an image's id is the hash of what is in it. */
const shells = new Map<string, Promise<boolean>>();

/** Whether there is a shell in the image that a container was made of; asked once for each image. */
function hasShell(engine: Engine, { id: image }: ReadyImage, container: string): Promise<boolean> {
  const known = shells.get(image);
  if (known !== undefined) return known;
  const ask = async (): Promise<void> => {
    const answer: NodeJS.ReadableStream = await engine.docker.getContainer(container).infoArchive({ path: '/bin/sh' });
    // One that nobody reads would hold its connection.
    answer.resume();
  };
  const asked = engine.call('looking for a shell', ask).then(({ ok }) => ok);
  shells.set(image, asked);
  return asked;
}

async function attachGate(engine: Engine, id: string, marker: Marker): Promise<Answer<Gate>> {
  const container = engine.docker.getContainer(id);
  const attached = await engine.call('holding a container back', () =>
    container.attach({ stream: true, stdin: true, hijack: true }),
  );
  if (!attached.ok) return attached;
  const stream = attached.value;
  // A container that is removed ends it by an error; its end is told elsewhere.
  stream.on('error', () => undefined);
  stream.resume();
  const close = (): void => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  };
  const open = async (): Promise<void> => {
    await new Promise<void>((resolve) => stream.end('\n', resolve));
    if (!marker.isMadeInside) {
      const archive = markerArchive(marker.name);
      await engine.call('marking a container', () => container.putArchive(archive, { path: '/' }));
    }
    close();
  };
  return { ok: true, value: { open, close } };
}

function markerArchive(marker: string): NodeJS.ReadableStream {
  const archive = pack();
  archive.entry({ name: marker }, '');
  archive.finalize();
  return archive;
}

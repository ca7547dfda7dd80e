import { existsSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ComposeModel } from '../environment/compose/model.ts';
import type { Problem } from '../events/problem.ts';
import { listText } from '../judge/text.ts';
import type { Task } from '../task/schema.ts';

/** What is judged, and the folders that are still being written to. */
export interface Judged {
  readonly task: Task;
  readonly model: ComposeModel;
  /** The snapshot. */
  readonly directory: string;
  /** The agent's folder and the checkout. */
  readonly live: readonly string[];
}

/**
 * Ways by which something else than the snapshot would be judged: a bind or a build context of the folder that is still being changed, a link of the
 * workspace that leads out of it where gym or a stage on the host would follow it, and programs planted where Node looks for them above the snapshot.
 */
export function waysOut({ task, model, directory, live }: Judged): Problem[] {
  const root = realpathSync(directory);
  const mounted = [...model.services.values()].flatMap(({ name, mounts, build }) => [
    ...mounts.flatMap((mount) =>
      mount.kind === 'bind' ? [{ service: name, does: 'mounts', path: mount.source }] : [],
    ),
    ...(build === null ? [] : [{ service: name, does: 'is built from', path: build.context }]),
    ...(build === null || build.dockerfileInline !== null
      ? []
      : [{ service: name, does: 'is built by', path: build.dockerfile }]),
  ]);
  const places = mounted.flatMap(({ service, does, path }): Problem[] => {
    const why = wayOut(path, { directory, root, live });
    if (why === undefined) return [];
    const message = `${service} ${does} ${isWithin(path, directory) ? relative(directory, path) : path}, ${why}`;
    return [
      {
        kind: 'definition',
        message,
        place: { service },
        remedy: 'Name it relative to the Compose file, without links.',
      },
    ];
  });
  const runsOnHost = task.stages.some(({ service }) => service === undefined);
  return runsOnHost ? [...places, ...linksOut(directory, root), ...plantedAbove(directory)] : places;
}

interface Where {
  readonly directory: string;
  readonly root: string;
  readonly live: readonly string[];
}

function wayOut(path: string, { directory, root, live }: Where): string | undefined {
  const real = realPath(path);
  if (isWithin(path, directory)) return isWithin(real, root) ? undefined : 'which leads out of the workspace by a link';
  const isLive = live.some((folder) => isWithin(real, realPath(folder))) && !isWithin(real, root);
  return isLive ? 'which may change while it is judged: a snapshot of it is what is judged' : undefined;
}

/** Links of a snapshot that lead to something outside of it. What they would lead to in a container is not there on the host. */
function linksOut(directory: string, root: string): Problem[] {
  const links = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isSymbolicLink(),
  );
  const out = links
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((link) => existsSync(link) && !isWithin(realPath(resolve(dirname(link), readlinkSync(link))), root));
  if (out.length === 0) return [];
  const names = listText(out.map((link) => relative(directory, link)).sort());
  const message = `the workspace has links that lead out of it, which a stage on the host would follow: ${names}`;
  return [{ kind: 'definition', message, remedy: 'Put the files themselves there.' }];
}

/** Node and npm look for packages and their programs in every folder above. Between a snapshot and its checkout nobody has any reason to put some. */
function plantedAbove(directory: string): Problem[] {
  const store = `${sep}.gym${sep}`;
  const top = directory.slice(0, directory.lastIndexOf(store) + store.length - 1);
  const planted = foldersUpTo(dirname(directory), top)
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => existsSync(folder));
  return planted.map((folder) => ({
    kind: 'evidence',
    message: `somebody put packages where stages on the host would find them: ${folder}`,
    remedy: 'Remove it.',
  }));
}

function foldersUpTo(folder: string, top: string): string[] {
  return folder === top || folder === dirname(folder) ? [folder] : [folder, ...foldersUpTo(dirname(folder), top)];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

/** Where a path leads; of what is not there, where the nearest folder above it does. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return dirname(path) === path ? path : join(realPath(dirname(path)), relative(dirname(path), path));
}

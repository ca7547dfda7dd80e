import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Place, type Result } from '../events/problem.ts';
import type { ComposeModel, StoreModel, StoreMount } from './compose/model.ts';

/** Files of the host that secrets and configs are mounted from, by `storeKey`. */
export type StoreFiles = ReadonlyMap<string, string>;

type Kind = 'secrets' | 'configs';

/** Names one secret or config of one service. */
export function storeKey(kind: Kind, service: string, { source, target }: StoreMount): string {
  return [kind, service, source, target ?? ''].join('\0');
}

/**
 * Sees to the files of all secrets and configs. A file without a mode or owner is mounted as it is; all else is written into `directory`,
 * which only its owner may enter.
 */
export function writeStores(model: ComposeModel, directory: string): Result<StoreFiles> {
  const files = new Map<string, string>();
  for (const service of model.services.values()) {
    for (const kind of ['secrets', 'configs'] as const) {
      for (const mount of service[kind]) {
        const store = model[kind].get(mount.source);
        if (store === undefined) throw new Error(`no ${kind} ${mount.source}`);
        const path = join(directory, `${kind}-${files.size}`);
        const file = writeStore(store, mount, directory, path, {
          file: service.file,
          line: service.line,
          service: service.name,
        });
        if (!file.ok) return file;
        files.set(storeKey(kind, service.name, mount), file.value);
      }
    }
  }
  return ok(files);
}

function writeStore(
  store: StoreModel,
  mount: StoreMount,
  directory: string,
  path: string,
  place: Place,
): Result<string> {
  const isPlain = mount.mode === null && mount.uid === null && mount.gid === null;
  try {
    const bytes = store.from.kind === 'file' ? readFileSync(store.from.file) : store.from.content;
    if (store.from.kind === 'file' && isPlain) return ok(store.from.file);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(path, bytes, { mode: 0o600 });
    if (mount.uid !== null || mount.gid !== null) chownSync(path, Number(mount.uid ?? 0), Number(mount.gid ?? 0));
    // After the owner: a change of owner may take bits away. Not at creation: there the process's mask would.
    chmodSync(path, mount.mode ?? 0o444);
    return ok(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'Its file has to be there; only root may give it another owner (uid, gid).';
    return failed({ kind: 'environment', message: `${store.name} cannot be mounted: ${why}`, place, remedy });
  }
}

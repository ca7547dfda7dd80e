import { existsSync, rmSync } from 'node:fs';
import { storesHere } from '../../api/stores.ts';
import { connectEngine } from '../../environment/engine.ts';
import { listEnvironments } from '../../environment/existing.ts';
import { findEngineGarbage, type Garbage, removeEngineGarbage } from '../../environment/garbage.ts';
import { countText, shareText, verbFor } from '../../judge/text.ts';
import { findStoreGarbage, type StoreGarbage } from '../../loop/garbage.ts';
import { openHistory } from '../../store/history.ts';
import { heldOutDirectory, heldOutStore } from '../../store/key.ts';
import { killOrphans } from '../../store/processes.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { problemText } from '../render/problem.ts';
import { painter, tableText } from '../render/style.ts';

const header = ['KIND', 'NAME', 'SIZE', 'WHY'];

/** `gym gc`: removes what nobody holds, on the engine and in the store of this checkout; `--dry-run` only lists it. */
export async function run({ cwd, env, stdout, stderr }: Context, args: Arguments): Promise<CommandEnd> {
  const isDry = args.flag('dry-run');
  if (!isDry) await killOrphans();
  const engine = await connectEngine(env);
  if (!engine.ok) return engine.problems;
  const [onEngine, environments] = await Promise.all([findEngineGarbage(engine.value), listEnvironments(env)]);
  if (!onEngine.ok) return onEngine.problems;
  if (!environments.ok) return environments.problems;
  const usedRuns = new Set(environments.value.map((each) => each.run));
  const stores = await Promise.all(
    storesHere(cwd)
      .flatMap(withHeldOut)
      .map(async (store) => ({ store, items: await storeGarbage(store, usedRuns) })),
  );
  const inStore = stores.flatMap(({ items: each }) => each);
  const items = [...onEngine.value.items, ...inStore];
  if (items.length === 0) {
    stderr.write('there is nothing to remove\n');
    return 0;
  }
  stdout.write(`${tableText([header, ...items.map(cells)], stdout.columns)}\n`);
  const total = bytesText(items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));
  if (isDry) {
    stderr.write(
      `${countText(items.length, 'thing')}, ${total}; gym gc removes ${verbFor(items.length, 'it', 'them')}\n`,
    );
    return 0;
  }
  for (const each of stores) removeFromStore(each.store, each.items);
  const removed = await removeEngineGarbage(engine.value, onEngine.value);
  const problems = removed.ok ? [] : removed.problems;
  for (const problem of problems) stderr.write(`${problemText(problem, painter(stderr))}\n`);
  stderr.write(`removed ${shareText(items.length - problems.length, items.length, 'thing')}, ${total}\n`);
  return 0;
}

/** A checkout's store, and the one outside it where what is held out was proven. */
function withHeldOut(store: Store): Store[] {
  const outside = heldOutStore(store);
  return existsSync(outside.historyFile) ? [store, outside] : [store];
}

async function storeGarbage(store: Store, usedRuns: ReadonlySet<string>): Promise<readonly StoreGarbage[]> {
  const history = openHistory(store);
  try {
    return await findStoreGarbage({ store, history, usedRuns, now: Date.now() });
  } finally {
    history.close();
  }
}

/** The chain says that gym removes the folders of runs before it does: what is missing without that was removed by somebody else. */
function removeFromStore(store: Store, items: readonly StoreGarbage[]): void {
  const runs = items.filter(({ kind }) => kind === 'run').map(({ name }) => name);
  if (runs.length > 0) {
    const history = openHistory(store);
    history.removed(runs);
    history.close();
  }
  for (const each of items) each.remove();
  for (const run of runs) rmSync(heldOutDirectory(run), { recursive: true, force: true });
}

function cells({ kind, name, bytes, why }: Garbage): string[] {
  return [kind, name.replace(/^sha256:(.{12}).*$/, '$1'), bytes === null ? '-' : bytesText(bytes), why];
}

/** A size as people say it, in powers of 1000 as the docker CLI does: `13 kB`, `2.4 GB`. */
function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(2 + (power > 0 ? 1 : 0)))} ${units[power]}`;
}

import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ok } from '../events/problem.ts';
import type { Proposal, ProposedFile } from '../store/proposals.ts';
import type { ModuleState } from '../task/state.ts';
import type { Baseline } from './baseline.ts';
import { entryAt, isExecutable } from './paths.ts';

/**
 * A baseline with changes that a person has accepted. One counts as long as the baseline has what it was changed from: when it is merged, or the file has
 * become another one, it is over.
 */
export function withAccepted(baseline: Baseline, changes: readonly ProposedFile[]): Baseline {
  const valid = new Map(changes.filter((each) => isValid(baseline, each)).map((each) => [each.path, each]));
  if (valid.size === 0) return baseline;
  const gone = [...valid.values()].filter(({ content }) => content === null).map(({ path }) => path);
  const others = baseline.paths.filter((path) => !valid.has(path));
  const own = (paths: readonly string[]): string[] => paths.filter((path) => !valid.has(path));
  const mine = (paths: readonly string[]): ProposedFile[] => paths.flatMap((path) => valid.get(path) ?? []);
  return {
    ...baseline,
    paths: [...others, ...[...valid.keys()].filter((path) => !gone.includes(path))],
    async changed(paths, folder) {
      const changed = await baseline.changed(own(paths), folder);
      const differing = mine(paths).filter((each) => !isThere(each, join(folder, each.path)));
      return changed.ok ? ok([...changed.value, ...differing.map(({ path }) => path)]) : changed;
    },
    async write(paths, folder) {
      writeProposed(mine(paths), folder);
      return baseline.write(own(paths), folder);
    },
    isSame: (path, file) => {
      const change = valid.get(path);
      return change === undefined ? baseline.isSame(path, file) : isThere(change, file);
    },
    async read(path) {
      const content = valid.get(path)?.content;
      return content == null ? baseline.read(path) : ok(Buffer.from(content, 'base64').toString());
    },
  };
}

/** The modules of a task with changes to them. `folder`: the task's. */
export function modulesWith(state: ModuleState, changes: readonly ProposedFile[], folder: string): ModuleState {
  if (changes.length === 0) return state;
  const texts = new Map(changes.map(({ path, content }) => [path, content]));
  return (module) => {
    const content = texts.get(relative(folder, module));
    return content == null ? state(module) : Buffer.from(content, 'base64').toString();
  };
}

/** Whether the baseline has what a file was changed from. */
export function isValid(baseline: Baseline, { path, base }: ProposedFile): boolean {
  return baseline.idOf(path) === (base ?? undefined);
}

/** The files of the proposals that a person has accepted, as far as they count. */
export function acceptedFiles(
  baseline: Baseline,
  proposals: readonly Pick<Proposal, 'state' | 'files'>[],
): ProposedFile[] {
  const files = proposals.flatMap((each) => (each.state === 'accepted' ? each.files : []));
  return files.filter((each) => isValid(baseline, each));
}

function isThere({ content, isExecutable: executable }: ProposedFile, file: string): boolean {
  const stat = entryAt(file);
  if (content === null) return stat === undefined;
  return stat?.isFile() === true && isExecutable(stat) === executable && readFileSync(file, 'base64') === content;
}

/** Writes proposed files into a folder. */
export function writeProposed(files: readonly ProposedFile[], folder: string): void {
  for (const { path, content, isExecutable: executable } of files) {
    const file = join(folder, path);
    rmSync(file, { recursive: true, force: true });
    if (content === null) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(content, 'base64'));
    chmodSync(file, executable ? 0o755 : 0o644);
  }
}

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { alsoNeeded, judgeGuards } from '../guard/guards.ts';
import { readTests } from '../guard/tests/read.ts';
import { waive } from '../judge/waive.ts';
import type { Task } from '../task/schema.ts';
import { type ChangesRequest, changesSince } from '../workspace/changes.ts';
import { findCommit } from '../workspace/commit.ts';
import { matchesAny } from '../workspace/paths.ts';

/**
 * What the task's guards have against its folder as it is in `directory`, held against the baseline: a line for each gate that fails. Where there
 * is no baseline, or it cannot be read, they have nothing: the verdict says so.
 */
export async function failedGuards(
  task: Task,
  { directory, accepted }: Pick<ChangesRequest, 'directory' | 'accepted'>,
  now: Date,
): Promise<string[]> {
  const commit = await findCommit(task.root, undefined);
  if (!commit.ok) return [];
  // Of the repository that the files were written by.
  rmSync(join(directory, '.git'), { recursive: true, force: true });
  const mayLack = (path: string): boolean => matchesAny(path, task.hidden);
  const changes = await changesSince({ commit: commit.value, directory, accepted, mayLack, alsoRead: alsoNeeded });
  if (!changes.ok || changes.value.files.length === 0) return [];
  const { files, others } = changes.value;
  const stagesWithResults = task.stages.filter(({ results }) => results !== undefined).length;
  const guarded = {
    changes: files,
    others,
    tests: readTests(files),
    stages: [],
    stagesWithResults,
    settings: task.guards,
  };
  return waive(judgeGuards(guarded, 'git commit'), task.waivers, now)
    .filter(({ state, severity }) => state === 'fail' && severity === 'gate')
    .map(({ name, because }) => `fail ${name}: ${because}`);
}

import { existsSync, globSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { type GitRun, runGit } from './git.ts';

/** The patches of a folder in the order in which they are applied: by name. None when there is no such folder. */
export function patchesOf(folder: string): string[] {
  return globSync('*.patch', { cwd: folder })
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Applies a unified diff to a folder, all of it or nothing, and gives the paths that it changed (the new name of a rename). Paths in the patch are
 * relative to the folder, with `a/` and `b/` before them; text before the diff is allowed.
 */
export async function applyPatch(directory: string, patchFile: string): Promise<Result<string[]>> {
  const place = { file: patchFile };
  if (!existsSync(patchFile)) return failed({ kind: 'definition', message: 'there is no such patch', place });
  // In a folder of some repository, git apply passes over paths without a word: so no repository may be seen.
  const options = { cwd: directory, env: { GIT_CEILING_DIRECTORIES: realpathSync(dirname(directory)) } };
  const listed = await runGit(['apply', '--numstat', '-z', patchFile], options);
  if (listed.exitCode !== 0) return refused(listed, patchFile, directory);
  const paths = listed.stdout.split('\0').flatMap((line) => line.split('\t')[2] ?? []);
  if (paths.length === 0) return failed({ kind: 'definition', message: 'the patch changes nothing', place });
  const applied = await runGit(['apply', '--whitespace=nowarn', patchFile], options);
  return applied.exitCode === 0 ? ok(paths) : refused(applied, patchFile, directory);
}

function refused(run: GitRun, file: string, directory: string): Result<never> {
  if (run.exitCode === 127) {
    return failed({ kind: 'environment', message: 'git cannot be run', remedy: 'install git and put it on the PATH' });
  }
  const said = run.stderr.trim().replaceAll(/^error: /gm, '');
  const line = /corrupt patch at (?:line |.*:)(\d+)/.exec(said)?.[1];
  return failed({
    kind: 'definition',
    message: `the patch does not apply to ${directory}\n${said}`,
    place: line === undefined ? { file } : { file, line: Number(line) },
    remedy: `make it anew with: git diff --relative > ${file}`,
  });
}

import { globSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Task } from '../task/schema.ts';
import { listFiles } from '../workspace/files.ts';
import { runGit } from '../workspace/git.ts';
import { protectionOf } from '../workspace/protection.ts';
import type { Cheat } from './cheat.ts';

/** Cheats that reach beyond the workspace's files: for git's settings, for gym's own store, for a folder that is not judged. */
export const meddling: readonly Cheat[] = [
  { name: 'bends-git', what: 'lets git overlook what it changes, and commits past the hooks', act: bendGit },
  { name: 'plants-verdicts', what: "writes passes into gym's store", act: plantVerdicts },
  { name: 'links-out', what: 'puts links in the place of its files, to copies that it can still change', act: linkOut },
];

async function bendGit(task: Task, workspace: string): Promise<void> {
  const guarded = (await listFiles(workspace)).filter(protectionOf(task).covers);
  for (const path of guarded) writeFileSync(join(workspace, path), '');
  writeFileSync(join(workspace, '.gitignore'), '/*\n!/.gitignore\n');
  for (const args of [
    ['config', 'core.hooksPath', '/dev/null'],
    ['update-index', '--assume-unchanged', '--', ...guarded],
    ['update-index', '--skip-worktree', '--', ...guarded],
    [
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@a',
      'commit',
      '--quiet',
      '--no-verify',
      '--amend',
      '--allow-empty',
      '-m',
      'it passes',
    ],
  ]) {
    await runGit(args, { cwd: workspace });
  }
}

/** The store that the workspace is in: of a loop, its own. */
function storeAbove(folder: string): string | undefined {
  if (basename(folder) === '.gym') return folder;
  return dirname(folder) === folder ? undefined : storeAbove(dirname(folder));
}

async function plantVerdicts(_: Task, workspace: string): Promise<void> {
  const store = storeAbove(workspace);
  if (store === undefined) return;
  for (const path of globSync('runs/*/verdict*.json', { cwd: store })) {
    const file = join(store, path);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"fail"', '"pass"'));
  }
  const history = new DatabaseSync(join(store, 'history.sqlite'), { timeout: 5000 });
  history.exec("UPDATE runs SET state = 'pass', exitCode = 0");
  history.close();
}

async function linkOut(task: Task, workspace: string): Promise<void> {
  const store = storeAbove(workspace);
  if (store === undefined) return;
  const { covers } = protectionOf(task);
  for (const path of (await listFiles(workspace)).filter((each) => !covers(each))) {
    const elsewhere = join(store, 'elsewhere', path);
    mkdirSync(dirname(elsewhere), { recursive: true });
    renameSync(join(workspace, path), elsewhere);
    symlinkSync(elsewhere, join(workspace, path));
  }
}

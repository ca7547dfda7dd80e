import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { findJudged, openTask } from '../../api/tasks.ts';
import { verifyTask } from '../../api/verify.ts';
import { failed, ok, type Problem, placeText, type Result } from '../../events/problem.ts';
import type { GitHook } from '../../hooks/git-hooks.ts';
import { runQuickStages } from '../../hooks/quick.ts';
import { failedGuards } from '../../hooks/staged.ts';
import { terse } from '../../judge/terse.ts';
import type { ProposedFile } from '../../store/proposals.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { acceptedFiles } from '../../workspace/accepted.ts';
import { type Commit, extractCommit } from '../../workspace/commit.ts';
import { git, withoutRepository } from '../../workspace/git.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tellLeftovers } from '../leftovers.ts';
import { progressLines } from '../render/progress.ts';

/** A commit waits no longer for the quick stages. */
const commitLimitMs = 10_000;

/**
 * `gym hooks run pre-commit|pre-push TASK`: 0 lets git go on, 1 holds it up. It is held up by what fails alone: what cannot be judged is told.
 */
export async function runGitHook(context: Context, hook: GitHook, named: string): Promise<CommandEnd> {
  const index = context.env['GIT_INDEX_FILE'];
  const env = withoutRepository(context.env);
  // What a stage starts on the host would take this repository for its own.
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  const here = { ...context, env, cwd: checkoutOf(context.cwd) };
  const task = await openTask(named, here);
  if (!task.ok) return letGo(context, task.problems);
  return hook === 'pre-commit' ? onCommit(here, task.value, index) : onPush(here, task.value, named);
}

/** The guards and the quick stages, on what is staged. */
async function onCommit(context: Context, task: Task, index: string | undefined): Promise<number> {
  const env: Record<string, string> = index === undefined ? {} : { GIT_INDEX_FILE: index };
  const staged = await git(['write-tree'], { cwd: context.cwd, env });
  if (!staged.ok) return letGo(context, staged.problems);
  return withFiles(context, task, staged.value, async (directory, hooks) => {
    const guarded = await failedGuards(task, { directory, accepted: await acceptedOf(context, task) }, new Date());
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(commitLimitMs)]);
    const notes = join(hooks, 'rests-commit.json');
    const words = await runQuickStages({ task, directory, notes, signal, clock: Date.now });
    const failures = [...guarded, ...(words === undefined ? [] : [words])];
    for (const failure of failures) context.stderr.write(`gym: ${failure}\n`);
    return failures.length === 0 ? 0 : 1;
  });
}

/** What a person has accepted of what was proposed: the guards hold against it. */
async function acceptedOf(context: Context, { root }: Task): Promise<readonly ProposedFile[]> {
  const found = await findJudged(root, undefined, context);
  if (!found.ok || found.value.judging.kind === 'own') return [];
  return acceptedFiles(found.value.judging.baseline, found.value.proposals);
}

/** The whole verification, of each commit that is pushed; it is judged as it is committed, whatever is in the folder. */
async function onPush(context: Context, task: Task, named: string): Promise<number> {
  for (const commit of pushedCommits(await text(process.stdin))) {
    const hash = await git(['rev-parse', '--verify', `${commit}^{commit}`], { cwd: context.cwd });
    if (!hash.ok) return letGo(context, hash.problems);
    const exitCode = await withFiles(context, task, hash.value, async (workspace) => {
      const { cwd, env, signal } = context;
      const judged = await verifyTask({
        ...{ cwd, env, signal, named, workspace, cache: 'use' },
        listeners: [progressLines(context.stderr)],
        onCleared: (cleared) => tellLeftovers(context, cleared),
      });
      if (!judged.ok) return letGo(context, judged.problems);
      const { verdict } = judged.value;
      // What judges a commit again is another push: to verify judges what is in the folder.
      const checks = verdict.checks.map((check) => ({ ...check, again: 'git push' }));
      context.stderr.write(`${terse({ ...verdict, checks })}\n`);
      if (verdict.exitCode === 1 || verdict.exitCode === 2) {
        const why = `commit ${hash.value.slice(0, 12)} does not pass as it is committed`;
        context.stderr.write(`gym: not pushed: ${why}. Mend it, commit, and push again.\n`);
        return 1;
      }
      return verdict.exitCode === 0 ? 0 : letGo(context, []);
    });
    if (exitCode !== 0 || context.signal.aborted) return 1;
  }
  return 0;
}

/** Of lines `LOCAL-REF LOCAL-HASH REMOTE-REF REMOTE-HASH` (githooks(5)); without any, HEAD. What is deleted has no commit. */
function pushedCommits(refs: string): string[] {
  const lines = refs.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return ['HEAD'];
  const hashes = lines.map((line) => line.split(' ')[1] ?? '');
  return [...new Set(hashes)].filter((hash) => !/^0*$/.test(hash));
}

/** The task's folder as a commit or tree has it, for as long as `use` takes. */
async function withFiles(
  context: Context,
  task: Task,
  hash: string,
  use: (directory: string, hooks: string) => Promise<number>,
): Promise<number> {
  const store = openStore(checkoutOf(task.root));
  store.make();
  const hooks = join(store.directory, 'hooks');
  mkdirSync(hooks, { recursive: true });
  const directory = mkdtempSync(join(hooks, 'git-'));
  try {
    const extracted = await extract(task, hash, directory);
    return extracted.ok ? await use(extracted.value, hooks) : letGo(context, extracted.problems);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function extract(task: Task, hash: string, directory: string): Promise<Result<string>> {
  const top = checkoutOf(task.root);
  const gitDirectory = await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: top });
  if (!gitDirectory.ok) return gitDirectory;
  const commit: Commit = { gitDirectory: gitDirectory.value, hash, folder: relative(top, task.root), name: hash };
  const extracted = await extractCommit(commit, join(directory, 'files'), () => true);
  if (!extracted.ok) return extracted;
  const { folder } = extracted.value;
  if (existsSync(join(folder, basename(task.file)))) return ok(folder);
  return failed({ kind: 'usage', message: `${hash.slice(0, 12)} does not have the task ${task.name}` });
}

function letGo({ stderr }: Context, problems: readonly Problem[]): number {
  for (const { place, message, remedy } of problems) {
    const where = placeText(place);
    stderr.write(`gym: ${where === '' ? '' : `${where}: `}${message}${remedy === undefined ? '' : `. ${remedy}`}\n`);
  }
  stderr.write('gym could not judge it, so git goes on\n');
  return 0;
}

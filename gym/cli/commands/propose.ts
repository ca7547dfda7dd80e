import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { proposalStore, taskFileAbove } from '../../api/proposals.ts';
import { failed, ok, type Result } from '../../events/problem.ts';
import { newProposalId, type ProposedFile, writeProposal } from '../../store/proposals.ts';
import { loadTask } from '../../task/load.ts';
import { protectionIn } from '../../verify/protecting.ts';
import type { Baseline } from '../../workspace/baseline.ts';
import { findJudging } from '../../workspace/judging.ts';
import { entryAt, isExecutable } from '../../workspace/paths.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** `gym propose`: asks a person for a change to protected files, which are as they should be in the workspace. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const reason = args.text('reason');
  if (reason === undefined) {
    return [
      { kind: 'usage', message: 'say why', remedy: 'gym propose FILE… --reason "the case asked for the old rounding"' },
    ];
  }
  const files = args.positionals.map((name) => resolve(context.cwd, name));
  const taskFile = taskFileAbove(files[0] ?? context.cwd);
  if (taskFile === undefined) return [{ kind: 'usage', message: `${args.positionals[0]} is in the folder of no task` }];
  const judging = await findJudging(taskFile, undefined);
  if (!judging.ok) return judging.problems;
  if (judging.value.kind === 'own')
    return [{ kind: 'usage', message: `nothing has to be proposed: ${judging.value.note}` }];
  const { baseline, state } = judging.value;
  const task = await loadTask(taskFile, state);
  if (!task.ok) return task.problems;
  const { covers } = protectionIn(task.value, task.value.root, context.env);
  const proposed = proposedFiles(
    files.map((file) => relative(task.value.root, file)),
    task.value.root,
    baseline,
    covers,
  );
  if (!proposed.ok) return proposed.problems;
  const store = proposalStore(task.value.root);
  const id = newProposalId(store);
  const diff = await diffText(proposed.value, task.value.root, baseline);
  writeProposal(store, {
    ...{ schema: 'gym.proposal/1', id, task: task.value.name, folder: baseline.commit?.folder ?? '' },
    ...{ files: proposed.value, reason, diff },
    ...{ loop: context.env['GYM_RUN_ID'] ?? null, isAgents: context.isAgent, at: Date.now() },
    ...{ state: 'open', decidedAt: null },
  });
  context.stdout.write(
    `proposal ${id}: ${proposed.value.map(({ path }) => path).join(', ')}. A person decides: gym review ${id}\n`,
  );
  return 0;
}

function proposedFiles(
  paths: readonly string[],
  root: string,
  baseline: Baseline,
  covers: (path: string) => boolean,
): Result<ProposedFile[]> {
  const free = paths.find((path) => !covers(path));
  if (free !== undefined) return failed({ kind: 'usage', message: `${free} is not protected: just change it` });
  const files = paths.map((path): ProposedFile & { same: boolean } => {
    const stat = entryAt(join(root, path));
    const base = baseline.idOf(path) ?? null;
    const isThere = stat?.isFile() === true;
    return {
      ...{ path, base, content: isThere ? readFileSync(join(root, path), 'base64') : null },
      isExecutable: isThere && isExecutable(stat),
      same: isThere ? base !== null && baseline.isSame(path, join(root, path)) : base === null,
    };
  });
  const same = files.find((file) => file.same);
  if (same !== undefined) return failed({ kind: 'usage', message: `${same.path} is as it is in ${baseline.name}` });
  return ok(files.map(({ same: _, ...file }) => file));
}

/** What would change, as a unified diff. */
async function diffText(files: readonly ProposedFile[], root: string, baseline: Baseline): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gym-propose-'));
  try {
    const known = files.filter(({ base }) => base !== null).map(({ path }) => path);
    await baseline.write(known, folder);
    return files.map(({ path }) => diffOf(path, folder, root)).join('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function diffOf(path: string, before: string, after: string): string {
  const [from, to] = [before, after].map((folder) =>
    entryAt(join(folder, path)) === undefined ? '/dev/null' : join(folder, path),
  );
  const args = ['diff', '--no-index', '--no-color', '--', from ?? '', to ?? ''];
  try {
    execFileSync('git', args, { cwd: dirname(before), stdio: ['ignore', 'pipe', 'ignore'] });
    return '';
  } catch (thrown) {
    const text = thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout) : '';
    // The first lines have the paths of the copies.
    const body = text.slice(Math.max(0, text.indexOf('\n@@') + 1));
    return `--- ${path}\n+++ ${path}\n${body === '' ? `${basename(path)} differs\n` : body}`;
  }
}

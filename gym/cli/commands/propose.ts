import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { loadWith, proposalStore, taskFileAbove } from '../../api/proposals.ts';
import { failed, ok, type Result } from '../../events/problem.ts';
import { newProposalId, type Proposal, type ProposedFile, writeProposal } from '../../store/proposals.ts';
import { loadTask } from '../../task/load.ts';
import { protectionIn } from '../../verify/protecting.ts';
import type { Baseline } from '../../workspace/baseline.ts';
import { findJudging } from '../../workspace/judging.ts';
import { entryAt, isExecutable } from '../../workspace/paths.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** `gym propose`: asks a person for a change to protected files: as they are in the workspace, or one as a draft of it has it. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const reason = args.text('reason');
  if (reason === undefined) {
    return [
      { kind: 'usage', message: 'say why', remedy: 'gym propose FILE… --reason "the case asked for the old rounding"' },
    ];
  }
  const files = args.positionals.map((name) => resolve(context.cwd, name));
  const from = args.text('from');
  if (from !== undefined && files.length > 1)
    return [{ kind: 'usage', message: '--from has the content of one file', remedy: 'Propose each by itself.' }];
  const taskFile = taskFileAbove(files[0] ?? context.cwd);
  if (taskFile === undefined) return [{ kind: 'usage', message: `${args.positionals[0]} is in the folder of no task` }];
  const judging = await findJudging(taskFile, undefined);
  if (!judging.ok) return judging.problems;
  if (judging.value.kind === 'own')
    return [{ kind: 'usage', message: `nothing has to be proposed: ${judging.value.note}` }];
  const { baseline, state } = judging.value;
  const task = await loadTask(taskFile, state);
  if (!task.ok) return task.problems;
  const { root } = task.value;
  const { covers } = protectionIn(task.value, root, context.env);
  const paths = files.map((file) => relative(root, file));
  // A draft may be of a file that is to be made.
  const isThere = (path: string): boolean => existsSync(join(root, path)) || baseline.paths.includes(path);
  const missing = from === undefined ? paths.find((path) => !isThere(path)) : undefined;
  if (missing !== undefined) return [{ kind: 'usage', message: `there is no file ${missing}` }];
  const free = paths.find((path) => !covers(path));
  if (free !== undefined) return [{ kind: 'usage', message: `${free} is not protected: just change it` }];
  const changed = await changeOf(paths, { root, baseline, draft: from && resolveDraft(context.cwd, from) });
  if (!changed.ok) return changed.problems;
  const loaded = await loadWith(taskFile, judging.value, changed.value.files);
  if (!loaded.ok) return loaded.problems;
  const store = proposalStore(root);
  const id = newProposalId(store);
  writeProposal(store, {
    ...{ schema: 'gym.proposal/1', id, task: task.value.name, folder: baseline.commit?.folder ?? '', reason },
    ...changed.value,
    ...{ loop: context.env['GYM_RUN_ID'] ?? null, isAgents: context.isAgent, at: Date.now() },
    ...{ state: 'open', decidedAt: null },
  });
  context.stdout.write(`proposal ${id}: ${paths.join(', ')}. A person decides: gym review ${id}\n`);
  return 0;
}

const standardInput = '-';
const resolveDraft = (cwd: string, from: string): string => (from === standardInput ? from : resolve(cwd, from));

/** What is proposed, and from what. */
interface Asked {
  /** The task's folder. */
  readonly root: string;
  readonly baseline: Baseline;
  /** A file that has the content of the only one, or `-`; none: they are in the workspace as they should be. */
  readonly draft: string | undefined;
}

async function changeOf(
  paths: readonly string[],
  { root, baseline, draft }: Asked,
): Promise<Result<Pick<Proposal, 'files' | 'diff'>>> {
  const folder = mkdtempSync(join(tmpdir(), 'gym-propose-'));
  const [before, drafts] = [join(folder, 'before'), join(folder, 'drafts')];
  try {
    const [path = ''] = paths;
    const drafted = draft === undefined ? ok(undefined) : await writeDraft(draft, join(root, path), join(drafts, path));
    if (!drafted.ok) return drafted;
    const after = draft === undefined ? root : drafts;
    const files = proposedFiles(paths, after, baseline);
    if (!files.ok) return files;
    mkdirSync(before);
    await baseline.write(
      files.value.filter(({ base }) => base !== null).map((each) => each.path),
      before,
    );
    return ok({ files: files.value, diff: paths.map((each) => diffOf(each, before, after)).join('') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes what a file should have to `to`, as executable as the file itself is. */
async function writeDraft(draft: string, file: string, to: string): Promise<Result<void>> {
  const content = draft === standardInput ? await buffer(process.stdin) : contentOf(draft);
  if (content === undefined) return failed({ kind: 'usage', message: `there is no file ${draft}` });
  if (draft === standardInput && content.length === 0) {
    const remedy = 'Give it all that the file should have; to have it removed, remove it in the workspace.';
    return failed({ kind: 'usage', message: 'there is nothing on standard input', remedy });
  }
  const stat = entryAt(file) ?? entryAt(draft);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, content, { mode: stat?.isFile() === true && isExecutable(stat) ? 0o755 : 0o644 });
  return ok(undefined);
}

const contentOf = (file: string): Buffer | undefined =>
  statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file) : undefined;

function proposedFiles(paths: readonly string[], folder: string, baseline: Baseline): Result<ProposedFile[]> {
  const files = paths.map((path): ProposedFile & { same: boolean } => {
    const file = join(folder, path);
    const stat = entryAt(file);
    const base = baseline.idOf(path) ?? null;
    const isThere = stat?.isFile() === true;
    return {
      ...{ path, base, content: isThere ? readFileSync(file, 'base64') : null },
      isExecutable: isThere && isExecutable(stat),
      same: isThere ? base !== null && baseline.isSame(path, file) : base === null,
    };
  });
  const same = files.find((file) => file.same);
  if (same !== undefined) return failed({ kind: 'usage', message: `${same.path} is as it is in ${baseline.name}` });
  return ok(files.map(({ same: _, ...file }) => file));
}

/** What would change of a file, as a unified diff. */
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

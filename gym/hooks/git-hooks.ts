import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { writeAtomically } from '../store/store.ts';
import { displayPath } from '../task/display-path.ts';
import type { Task } from '../task/schema.ts';
import { git, runGit } from '../workspace/git.ts';
import { type Call, callWords, shellWord } from './command.ts';
import type { Change } from './install.ts';

/** The hooks of git that gym has something for. */
export const gitHooks = ['pre-commit', 'pre-push'] as const;
export type GitHook = (typeof gitHooks)[number];

const mark = '# Written by `gym hooks install git`; `gym hooks uninstall git` removes it.';

/** Who runs the git hooks of a checkout. `folder`: git itself, from there. */
type Runner =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'framework'; readonly name: string; readonly remedy: (line: (hook: GitHook) => string) => string };

/** Where a hook calls gym: in a file as gym writes it, or in one that somebody else wrote or added to. */
export interface FoundGitHook {
  readonly hook: GitHook;
  readonly file: string;
  readonly isOwn: boolean;
}

/**
 * Writes gym's git hooks for a task. Hooks of others, and frameworks that run the hooks, are left alone: the problem says which line to add to
 * them. Then nothing was changed.
 */
export async function installGitHooks(task: Task, top: string, call: Call): Promise<Result<Change>> {
  const line = (hook: GitHook): string => lineOf(hook, task, top, call);
  const runner = await runnerOf(top);
  if (!runner.ok) return runner;
  if (runner.value.kind === 'framework') return installedByHand(runner.value.name, runner.value.remedy(line), top);
  const { folder } = runner.value;
  const hooks = gitHooks.map((hook) => {
    const file = join(folder, hook);
    return { hook, file, state: stateOf(file, hook), text: scriptOf(line(hook), call) };
  });
  const [first, ...others] = hooks
    .filter(({ state }) => state === 'of others')
    .map(({ hook, file }): Problem => {
      const message = `there is a ${hook} hook that gym did not write, so it is left alone`;
      const remedy = `Add to its end: ${line(hook)} || exit $?`;
      return { kind: 'usage', message, place: { file: displayPath(file) }, remedy };
    });
  if (first !== undefined) return failed(first, ...others);
  const isFresh = ({ state, file, text }: (typeof hooks)[number]): boolean =>
    state === 'absent' || (state === 'written' && readFileSync(file, 'utf8') !== text);
  const fresh = hooks.filter(isFresh);
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of fresh) {
    writeAtomically(file, text);
    chmodSync(file, 0o755);
  }
  return ok(fresh.length === 0 ? 'was installed already' : 'installed');
}

/** Removes the hooks that are as gym writes them. A line in somebody's own hook is left, and a problem says so. */
export async function uninstallGitHooks(top: string): Promise<Result<Change>> {
  const found = await foundGitHooks(top);
  if (!found.ok) return found;
  const own = found.value.filter(({ isOwn }) => isOwn);
  for (const { file } of own) rmSync(file);
  const [first, ...others] = found.value
    .filter(({ isOwn }) => !isOwn)
    .map(({ hook, file }): Problem => {
      const message = 'it calls gym, and not all in it was written by gym, so it is left alone';
      const remedy = `Take out what has hooks run ${hook}.`;
      return { kind: 'usage', message, place: { file: displayPath(file) }, remedy };
    });
  if (first !== undefined) return failed(first, ...others);
  return ok(own.length > 0 ? 'removed' : 'was not installed');
}

/** The git hooks of a checkout that call gym. */
export async function foundGitHooks(top: string): Promise<Result<FoundGitHook[]>> {
  const folder = await hooksFolder(top);
  if (!folder.ok) return folder;
  return ok(
    gitHooks.flatMap((hook): FoundGitHook[] => {
      const files = [join(folder.value, hook), join(top, '.husky', hook), ...configsOf(top)];
      const file = files.find((each) => ['written', 'calls gym'].includes(stateOf(each, hook)));
      return file === undefined ? [] : [{ hook, file, isOwn: stateOf(file, hook) === 'written' }];
    }),
  );
}

const lefthookFiles = ['lefthook', '.lefthook'].flatMap((name) =>
  ['yml', 'yaml', 'json', 'jsonc', 'toml'].map((ending) => `${name}.${ending}`),
);
const preCommitFiles = ['.pre-commit-config.yaml', '.pre-commit-config.yml'];

function configsOf(top: string): string[] {
  return [...lefthookFiles, ...preCommitFiles].map((name) => join(top, name));
}

async function runnerOf(top: string): Promise<Result<Runner>> {
  const folder = await hooksFolder(top);
  if (!folder.ok) return folder;
  if (/(^|\/)\.husky(\/_)?$/.test(folder.value)) {
    const remedy = (line: (hook: GitHook) => string): string =>
      gitHooks.map((hook) => `Add to .husky/${hook}: ${line(hook)}`).join('\n  ');
    return ok({ kind: 'framework', name: 'husky', remedy });
  }
  const has = (names: readonly string[]): string | undefined => names.find((name) => existsSync(join(top, name)));
  const lefthook = has(lefthookFiles);
  if (lefthook !== undefined) return ok({ kind: 'framework', name: 'lefthook', remedy: lefthookRemedy(lefthook) });
  const preCommit = has(preCommitFiles);
  if (preCommit !== undefined) return ok({ kind: 'framework', name: 'pre-commit', remedy: preCommitRemedy(preCommit) });
  const common = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: top });
  if (!common.ok) return common;
  const isOfCheckout = [top, common.value].some((each) => !relative(each, folder.value).startsWith('..'));
  if (isOfCheckout) return ok({ kind: 'folder', folder: folder.value });
  const remedy = (line: (hook: GitHook) => string): string =>
    gitHooks.map((hook) => `Add to ${join(folder.value, hook)}: ${line(hook)} || exit $?`).join('\n  ');
  return ok({ kind: 'framework', name: 'core.hooksPath, for other checkouts as well,', remedy });
}

const lefthookRemedy =
  (file: string) =>
  (line: (hook: GitHook) => string): string =>
    [
      `Add to ${file}:`,
      ...gitHooks.flatMap((hook) => [
        `${hook}:`,
        '  commands:',
        '    gym:',
        `      run: ${line(hook)}`,
        ...(hook === 'pre-push' ? ['      use_stdin: true'] : []),
      ]),
    ].join('\n  ');

const preCommitRemedy =
  (file: string) =>
  (line: (hook: GitHook) => string): string =>
    [
      `Add to the repos of ${file}, then run pre-commit install -t pre-commit -t pre-push:`,
      '- repo: local',
      '  hooks:',
      ...gitHooks.flatMap((hook) => [
        `  - {id: gym-${hook}, name: gym ${hook}, entry: ${line(hook)}, language: system,`,
        `     pass_filenames: false, always_run: true, stages: [${hook}]}`,
      ]),
    ].join('\n  ');

async function installedByHand(name: string, remedy: string, top: string): Promise<Result<Change>> {
  const found = await foundGitHooks(top);
  if (!found.ok) return found;
  if (found.value.length === gitHooks.length) return ok('was installed already');
  return failed({ kind: 'usage', message: `${name} runs the git hooks here, so gym writes none`, remedy });
}

/** The folder that git takes hooks from. gym's own git commands are told another one, which comes last. */
async function hooksFolder(top: string): Promise<Result<string>> {
  if (!existsSync(join(top, '.git'))) {
    const message = 'there are no hooks of git: the folder is in no git repository';
    return failed({ kind: 'usage', message, place: { file: displayPath(top) }, remedy: 'git init first.' });
  }
  const configured = await runGit(['config', '--type=path', '--get-all', 'core.hooksPath'], { cwd: top });
  const path = configured.stdout.trim().split('\n').at(-2);
  if (path !== undefined && path !== '') return ok(resolve(top, path));
  const common = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: top });
  return common.ok ? ok(join(common.value, 'hooks')) : common;
}

/** git runs hooks in the top folder of the checkout. */
function lineOf(hook: GitHook, task: Task, top: string, call: Call): string {
  return `${callWords(call, '.')} hooks run ${hook} ${shellWord(relative(top, task.root) || '.')}`;
}

/** Where gym is not installed (another worktree, a fresh clone), or its Node.js is too old, nothing is held up: the judge decides, not the hook. */
function scriptOf(line: string, call: Call): string {
  const gym = callWords(call, '.');
  const missing = `command -v ${gym} >/dev/null || { echo 'gym is not installed here, so nothing was checked' >&2; exit 0; }`;
  return `#!/bin/sh\n${mark}\n${missing}\n${line} || [ $? -ne 1 ]\n`;
}

/** What a file is to a hook. `written`: by gym, and nobody has changed it since. */
function stateOf(file: string, hook: GitHook): 'absent' | 'written' | 'calls gym' | 'of others' {
  if (!existsSync(file)) return 'absent';
  const text = readFileSync(file, 'utf8');
  const [, own, missing = '', run = '', ...more] = text.split('\n');
  const isOwn =
    own === mark && missing.startsWith('command -v ') && run.endsWith(' || [ $? -ne 1 ]') && more.join('') === '';
  if (isOwn) return 'written';
  return text.includes(`hooks run ${hook} `) ? 'calls gym' : 'of others';
}

import { execFile } from 'node:child_process';
import { failed, ok, type Result } from '../events/problem.ts';

/** What git said. */
export interface GitRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where git runs, with what besides. */
export interface GitOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** How the bytes that it prints become text; UTF-8 by default. */
  readonly encoding?: 'utf8' | 'latin1';
}

/** Nothing of the user's machine may run or ask in between: no hooks, no file watcher, no signing, no background clean-up. */
const quiet = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'commit.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

/** The variables that belong to one repository, as `git rev-parse --local-env-vars` lists them: set when a git hook started gym. */
const local = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** An environment in which git looks at the current folder alone. */
export function withoutRepository(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !local.includes(name)));
}

/** Runs git; its exit code is a value. 127: git is not there. */
export function runGit(args: readonly string[], { cwd, env, input, encoding }: GitOptions): Promise<GitRun> {
  const options = {
    cwd,
    encoding: encoding ?? 'utf8',
    env: { ...withoutRepository(process.env), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', ...env },
    maxBuffer: Number.POSITIVE_INFINITY,
  };
  return new Promise((resolve) => {
    // Not execa: its import takes longer than most of what git is asked, and every command asks git.
    const child = execFile('git', [...quiet, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number') return resolve({ exitCode, stdout, stderr });
      resolve({ exitCode: 127, stdout: '', stderr: stderr || String(error?.message) });
    });
    // Git may end before it has read all.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Runs git and gives the bytes that it printed; any exit code but 0 is a problem. */
export async function gitBytes(args: readonly string[], options: GitOptions): Promise<Result<Buffer>> {
  // Each character of latin1 is one byte, so nothing is lost.
  const run = await runGit(args, { ...options, encoding: 'latin1' });
  return run.exitCode === 0 ? ok(Buffer.from(run.stdout, 'latin1')) : refused(args, options, run);
}

/** Runs git and gives what it printed, without the last line break; any exit code but 0 is a problem. */
export async function git(args: readonly string[], options: GitOptions): Promise<Result<string>> {
  const run = await runGit(args, options);
  return run.exitCode === 0 ? ok(run.stdout.replace(/\n$/, '')) : refused(args, options, run);
}

function refused(args: readonly string[], options: GitOptions, run: GitRun): Result<never> {
  if (run.exitCode === 127) {
    return failed({ kind: 'environment', message: 'git cannot be run', remedy: 'install git and put it on the PATH' });
  }
  const said = run.stderr.trim().split('\n').slice(-5).join('\n');
  return failed({
    kind: 'environment',
    message: `git ${args[0]} in ${options.cwd}: ${said || `exit ${run.exitCode}`}`,
  });
}

/** Where a repository is: its top folder, and the folder that git keeps it in. */
export interface Repository {
  readonly top: string;
  readonly gitDirectory: string;
}

/** The repository that has a folder, unless it ignores it. */
export async function repositoryOf(folder: string): Promise<Repository | undefined> {
  // Asked at once: each takes as long as git takes to start.
  const [found, ignored] = await Promise.all([
    runGit(['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-dir'], { cwd: folder }),
    runGit(['check-ignore', '--quiet', folder], { cwd: folder }),
  ]);
  const [top, gitDirectory] = found.stdout.split('\n');
  if (found.exitCode !== 0 || top === undefined || gitDirectory === undefined) return undefined;
  return ignored.exitCode === 0 ? undefined : { top, gitDirectory };
}

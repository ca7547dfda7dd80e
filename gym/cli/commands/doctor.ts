import { statfsSync } from 'node:fs';
import { execa } from 'execa';
import { connectEngine } from '../../environment/engine.ts';
import { checkoutOf } from '../../store/store.ts';
import { displayPath } from '../../task/display-path.ts';
import { findTasks } from '../../task/found.ts';
import { loadTask } from '../../task/load.ts';
import type { CommandEnd, Context } from '../context.ts';
import { filesAbout, sectionIn, type TaskDocs, taskDocs } from '../docs/files.ts';
import { glyph, painter } from '../render/style.ts';

/** What one look at the machine found. */
interface Finding {
  readonly what: string;
  readonly state: 'pass' | 'fail' | 'unknown';
  readonly found: string;
  readonly remedy?: string;
  /** Of something in the repo, not of the machine. */
  readonly isDocs?: true;
}

const leastFreeBytes = 2 * 1024 ** 3;

/**
 * `gym doctor`: what gym needs on this machine, and what to do where it is missing. Exit code 4 when something is; 1 when only what is
 * written about a task for agents is out of date.
 */
export async function run(context: Context): Promise<CommandEnd> {
  const { cwd, env, stdout } = context;
  const findings = [node(), await git(), await engine(env), disk(cwd), ...(await docs(context))];
  const paint = painter(stdout);
  for (const { what, state, found, remedy } of findings) {
    stdout.write(`${glyph(state, paint)} ${what.padEnd(16)} ${found}\n`);
    if (state !== 'pass' && remedy !== undefined) stdout.write(`  ${remedy}\n`);
  }
  const failed = findings.filter(({ state }) => state === 'fail');
  if (failed.length === 0) return 0;
  return failed.every(({ isDocs }) => isDocs) ? 1 : 4;
}

/** Whether what is written about tasks for agents is still true; of tasks with nothing written, nothing is said. */
async function docs(context: Context): Promise<Finding[]> {
  const findings = await Promise.all(
    findTasks(context.cwd).map(async ({ file }): Promise<Finding[]> => {
      const loaded = await loadTask(file);
      if (!loaded.ok) return [];
      const task = loaded.value;
      const files = filesAbout({ task, top: checkoutOf(task.root) });
      const made = files.length === 0 ? undefined : await taskDocs(file, context);
      return made?.ok === true ? files.map((path) => docsFinding(path, made.value)) : [];
    }),
  );
  return findings.flat();
}

function docsFinding(file: string, about: TaskDocs): Finding {
  const section = sectionIn(file, about);
  const what = displayPath(file);
  const { name } = about.task;
  if (section.ok && section.value.isCurrent)
    return { what, state: 'pass', found: `says what is true of ${name}`, isDocs: true };
  const remedy = section.ok ? `gym docs ${name} --write ${what}` : section.problems[0].message;
  return { what, state: 'fail', found: `does not say what is true of ${name}`, remedy, isDocs: true };
}

function node(): Finding {
  return { what: 'Node.js', state: 'pass', found: process.versions.node };
}

async function git(): Promise<Finding> {
  const said = await execa('git', ['--version'], { reject: false });
  if (said.exitCode === 0) return { what: 'git', state: 'pass', found: said.stdout.replace('git version ', '') };
  return {
    what: 'git',
    state: 'fail',
    found: 'cannot be run',
    remedy: 'Install git: snapshots and worktrees need it.',
  };
}

async function engine(env: Context['env']): Promise<Finding> {
  const connected = await connectEngine(env);
  if (!connected.ok) {
    const [{ message, remedy }] = connected.problems;
    return { what: 'Docker engine', state: 'fail', found: message, ...(remedy !== undefined && { remedy }) };
  }
  const { docker, address } = connected.value;
  const info = await connected.value.call('asking the engine about itself', () => docker.version());
  const version = info.ok ? `${info.value.Version} (API ${info.value.ApiVersion})` : 'of unknown version';
  return { what: 'Docker engine', state: 'pass', found: `${version} at ${address}` };
}

function disk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free >= leastFreeBytes) return { what: 'disk', state: 'pass', found };
  return { what: 'disk', state: 'fail', found, remedy: 'Make room: images and logs need at least 2 GiB.' };
}

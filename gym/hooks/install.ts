import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import { writeAtomically } from '../store/store.ts';
import { displayPath } from '../task/display-path.ts';
import type { Task } from '../task/schema.ts';
import { type Call, callWords, shellWord } from './command.ts';
import { type HookKind, type Program, topWords } from './programs.ts';
import { type FoundHook, ownHooks, type WantedHook, withHooks, withoutHooks } from './settings.ts';
import { turnLimitMs } from './stop.ts';

/** What became of a settings file. */
export type Change = 'installed' | 'was installed already' | 'removed' | 'was not installed';

/** A guard or a look at an edit that takes longer than this has something wrong with it. */
const quickSeconds = 10;
/** After its own limit a verification still takes its containers down. */
const endingSeconds = 60;

const labels: Readonly<Record<HookKind, string>> = {
  stop: 'gym: is it done?',
  edit: 'gym: quick stages',
  guard: 'gym: protected files',
};

/** Writes gym's hooks for a task into a program's settings, beside what is there. */
export function installHooks(program: Program, task: Task, top: string, call: Call): Result<Change> {
  const file = join(top, program.settings);
  const before = readIf(file);
  const after = withHooks(before ?? '', wantedHooks(program, task, top, call), displayPath(file));
  if (!after.ok) return after;
  if (after.value === before) return ok('was installed already');
  write(file, after.value);
  return ok('installed');
}

/** Takes gym's hooks out of a program's settings; a file that had nothing else goes, and its folder where it is empty then. */
export function uninstallHooks(program: Program, top: string): Result<Change> {
  const file = join(top, program.settings);
  const before = readIf(file);
  if (before === undefined) return ok('was not installed');
  const after = withoutHooks(before, displayPath(file));
  if (!after.ok) return after;
  if (after.value === before) return ok('was not installed');
  if (after.value !== undefined) write(file, after.value);
  else remove(file);
  return ok('removed');
}

/** The hooks of gym's in a program's settings. */
export function installedHooks(program: Program, top: string): Result<readonly FoundHook[]> {
  const file = join(top, program.settings);
  const text = readIf(file);
  return text === undefined ? ok([]) : ownHooks(text, displayPath(file));
}

function wantedHooks(program: Program, task: Task, top: string, call: Call): WantedHook[] {
  const folder = shellWord(relative(top, task.root) || '.');
  // Exit code 2 would hold the agent up, and is also what a gym or Node.js that is too old ends with.
  const command = `${callWords(call, topWords(program))} hooks run ${program.name} ${folder} || exit 1`;
  const stopSeconds = Math.ceil(turnLimitMs(task.limits) / 1000) + endingSeconds;
  const seconds: Readonly<Record<HookKind, number>> = { stop: stopSeconds, edit: quickSeconds, guard: quickSeconds };
  return (['stop', 'edit', 'guard'] as const).map((kind) => {
    const { event, matcher } = program.places[kind];
    const timeout = seconds[kind] * program.second;
    const handler = { type: 'command', command, timeout, ...program.label(labels[kind]) };
    return { event, group: { ...(matcher !== undefined && { matcher }), hooks: [handler] } };
  });
}

function readIf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** A link stays one, and the mode stays. */
function write(file: string, text: string): void {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeAtomically(file, text);
    return;
  }
  const real = realpathSync(file);
  const { mode } = statSync(real);
  writeAtomically(real, text);
  chmodSync(real, mode);
}

function remove(file: string): void {
  rmSync(file);
  if (readdirSync(dirname(file)).length === 0) rmdirSync(dirname(file));
}

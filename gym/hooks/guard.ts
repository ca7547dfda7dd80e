import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { HookInput } from './input.ts';

/** Links that lead to links, as many as Linux follows. */
const linksLimit = 40;

/** Absolute paths of the files that a call of a tool would write, as far as the call itself names them. */
export function touchedFiles({ tool, toolInput, cwd }: HookInput): string[] {
  const named = [toolInput['file_path'], toolInput['notebook_path']].filter((path) => typeof path === 'string');
  const { command } = toolInput;
  const isPatch = tool === 'apply_patch' || tool === 'Bash';
  const patched = isPatch && typeof command === 'string' ? patchedFiles(command) : [];
  return [...new Set([...named, ...patched])].map((path) => resolve(cwd, path));
}

/** Files in the headers of Codex's patches (https://github.com/openai/codex, apply_patch), wherever in the text they are. */
function patchedFiles(text: string): string[] {
  if (!text.includes('*** Begin Patch')) return [];
  const headers = text.matchAll(/^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+?)\s*$/gm);
  return [...headers].map(([, path = '']) => path);
}

/** What may not be changed. */
export interface Guarded {
  /** The folder of the task. */
  readonly root: string;
  /** Of a path relative to it. */
  readonly isProtected: (path: string) => boolean;
  /** Absolute paths of gym's own files, and of folders with all that is in them. */
  readonly own: readonly string[];
}

/**
 * The first of the files that may not be changed, by its name or by where links lead, and whether it is the task's or gym's own; undefined:
 * all may be.
 */
export function firstGuarded(
  files: readonly string[],
  { root, isProtected, own }: Guarded,
): { readonly file: string; readonly of: 'task' | 'gym' } | undefined {
  const isOfTask = (path: string, folder: string): boolean => {
    const below = relative(folder, path);
    return isBelow(below) && isProtected(below);
  };
  const isOwn = (path: string): boolean => own.some((each) => isWithin(path, each) || isWithin(path, realOf(each)));
  for (const file of files) {
    const target = realOf(file);
    if (isOwn(file) || isOwn(target)) return { file, of: 'gym' };
    if (isOfTask(file, root) || isOfTask(target, realOf(root))) return { file, of: 'task' };
  }
  return undefined;
}

const isBelow = (path: string): boolean => path !== '' && !path.startsWith('..') && !isAbsolute(path);

const isWithin = (path: string, folder: string): boolean => path === folder || isBelow(relative(folder, path));

/** Where a path leads once links are followed; what is not there yet is where the folder that is there leads. */
function realOf(path: string, links = 0): string {
  if (existsSync(path)) return realpathSync(path);
  if (dirname(path) === path || links > linksLimit) return path;
  const folder = realOf(dirname(path), links);
  const own = join(folder, basename(path));
  // A link to what is not there yet: writing to it makes that.
  const isLink = lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? realOf(resolve(folder, readlinkSync(own)), links + 1) : own;
}

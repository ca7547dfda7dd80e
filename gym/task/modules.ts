import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** By the URL of a module: those that it imports. Node loads a module once, so what was seen stays. */
const imports = new Map<string, Set<string>>();

/** By the path of a module: its text, where it was not read from that file. */
const texts = new Map<string, string>();

/** Notes the text that a module was loaded with, where it is not that of its file. */
export function noteText(file: string, text: string): void {
  texts.set(file, text);
}

/** The text that a module was loaded with. */
export function moduleText(file: string): string {
  return texts.get(file) ?? readFileSync(file, 'utf8');
}

/** Modules that import what cannot be looked through: packages, and what reads files or asks others. */
const opaque = new Set<string>();
/** Of Node's own, what computes and no more. */
const plain = new Set(['node:assert', 'node:assert/strict', 'node:path', 'node:url', 'node:util', 'node:buffer']);

/** Notes that one module imports another. */
export function noteImport(parent: string | undefined, url: string): void {
  if (parent?.startsWith('file:') !== true) return;
  const importer = withoutQuery(parent);
  if (!isOwn(url)) {
    if (!plain.has(url)) opaque.add(importer);
    return;
  }
  const known = imports.get(importer);
  if (known === undefined) imports.set(importer, new Set([withoutQuery(url)]));
  else known.add(withoutQuery(url));
}

/** Whether a URL is that of a file that belongs to no package. */
export const isOwn = (url: string): boolean => url.startsWith('file:') && !url.includes('/node_modules/');

const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');

/** Absolute paths of all modules that a file was loaded with, by itself or by those that it imports, sorted; packages are not among them. */
export function importsOf(file: string): string[] {
  // Node names a module by where it really is.
  const url = pathToFileURL(existsSync(file) ? realpathSync(file) : file).href;
  const found = new Set([url]);
  for (const each of found) for (const imported of imports.get(each) ?? []) found.add(imported);
  found.delete(url);
  return [...found].map((each) => fileURLToPath(each)).sort();
}

/** Paths of a task's file and of what it was loaded with, relative to its folder. */
export function ownModules(file: string): ReadonlySet<string> {
  const folder = dirname(existsSync(file) ? realpathSync(file) : file);
  return new Set([basename(file), ...importsOf(file).map((each) => relative(folder, each))]);
}

/** Whether a file came to what it is by its modules and variables alone: none of them could read a file or ask anybody. */
export function isTransparent(file: string): boolean {
  const modules = [file, ...importsOf(file)].map((each) => pathToFileURL(realpathSync(each)).href);
  return !modules.some((each) => opaque.has(each));
}

/** Names that were looked up in an object; `isOpen`: all of it was, so that it may depend on anything in it. */
export interface Noted<Values extends object> {
  readonly object: Values;
  readonly names: ReadonlySet<string>;
  isOpen(): boolean;
}

/** An object in the place of another that notes which of its values are asked for. */
export function noting<Values extends object>(values: Values): Noted<Values> {
  const names = new Set<string>();
  let isOpen = false;
  const note = (name: string | symbol): void => {
    if (typeof name === 'string') names.add(name);
  };
  const object = new Proxy(values, {
    get: (of, name) => {
      note(name);
      return Reflect.get(of, name);
    },
    has: (of, name) => {
      note(name);
      return Reflect.has(of, name);
    },
    getOwnPropertyDescriptor: (of, name) => {
      note(name);
      return Reflect.getOwnPropertyDescriptor(of, name);
    },
    ownKeys: (of) => {
      isOpen = true;
      return Reflect.ownKeys(of);
    },
  });
  return { object, names, isOpen: () => isOpen };
}

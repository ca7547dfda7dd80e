import { existsSync, readFileSync, realpathSync } from 'node:fs';
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

/** Notes that one module imports another. */
export function noteImport(parent: string | undefined, url: string): void {
  if (parent === undefined || !isOwn(parent) || !isOwn(url)) return;
  const [importer, imported] = [withoutQuery(parent), withoutQuery(url)];
  const known = imports.get(importer);
  if (known === undefined) imports.set(importer, new Set([imported]));
  else known.add(imported);
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

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locateImport, locateName } from './locate.ts';

/** A position in a file; the column (1-based) is known of a frame of a stack. */
interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The innermost frame of an error's stack in a folder, without what is installed there. */
export function frameWithin(error: Error, folder: string): Frame | undefined {
  const real = realpathSync(folder);
  for (const [, path = '', line, column] of (error.stack ?? '').matchAll(/(file:\/\/\S+?|\/[^\n:]+?):(\d+):(\d+)/g)) {
    const within = relative(real, asPath(path));
    if (within.startsWith('..') || within.split('/').includes('node_modules')) continue;
    return { file: join(folder, within), line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** Where an error that came up while a file was loaded belongs: the file that does not parse, that threw, or that imports in vain. */
export function placeOfThrown(error: Error, file: string): { file: string; line?: number } {
  // Node prints `/…/task.ts:12` or `file:///…/task.ts:12` first where a file does not parse.
  const [, unparsed, line] = /^(file:\/\/.+|\/.+):(\d+)\n/.exec(error.stack ?? '') ?? [];
  if (unparsed !== undefined) return { file: inFolder(asPath(unparsed), dirname(file)), line: Number(line) };
  const [, missing, importer] = /^Cannot find (?:module|package) '(.+)' imported from (.+)$/m.exec(error.message) ?? [];
  if (missing !== undefined && importer !== undefined) return placeOfImport(missing, asPath(importer), file);
  const frame = frameWithin(error, dirname(file));
  return frame === undefined ? { file } : { ...frame, ...lineOfUndefined(error, frame) };
}

/** For a name that is not defined, V8 gives the module's first line when it stands in what the file exports by default. */
function lineOfUndefined({ message }: Error, frame: Frame): { line?: number } {
  const [, name] = /^(\S+) is not defined$/.exec(message) ?? [];
  if (name === undefined || frame.line !== 1 || frame.column !== 1) return {};
  const line = locateName(readFileSync(frame.file, 'utf8'), name);
  return line === undefined ? {} : { line };
}

function placeOfImport(missing: string, importer: string, file: string): { file: string; line?: number } {
  if (!existsSync(importer)) return { file };
  const line = locateImport(readFileSync(importer, 'utf8'), (specifier) =>
    specifier.startsWith('.')
      ? resolve(dirname(importer), specifier) === missing
      : specifier === missing || specifier.startsWith(`${missing}/`),
  );
  return { file: inFolder(importer, dirname(file)), ...(line !== undefined && { line }) };
}

/** A path as seen from the folder as it was named, which a link may have led to. */
function inFolder(path: string, folder: string): string {
  const within = relative(realpathSync(folder), path);
  return within.startsWith('..') ? path : join(folder, within);
}

function asPath(path: string): string {
  return path.startsWith('file:') ? fileURLToPath(path) : path;
}

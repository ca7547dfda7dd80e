import { relative } from 'node:path';

/** A path as its reader would type it: relative to the current folder where that is shorter. */
export function displayPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('../../') ? file : short;
}

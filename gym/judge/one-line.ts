import { stripVTControlCharacters } from 'node:util';

/** Size of a text in UTF-8. */
export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** One line without control characters, colours or marks of writing direction: what a stage printed may hold anything. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
}

/** One line of at most `most` bytes; a cut shows. */
export const clipped = (text: string, most: number): string => cut(oneLine(text), most);

/** At most `most` bytes, cut between characters. */
export function cut(text: string, most: number): string {
  if (bytesOf(text) <= most) return text;
  const kept = Buffer.from(text).subarray(0, most - 3);
  return `${kept.toString('utf8').replace(/\uFFFD+$/u, '')}…`;
}

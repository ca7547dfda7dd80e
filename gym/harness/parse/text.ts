import { stripVTControlCharacters } from 'node:util';

const messageLines = 8;
const messageChars = 600;
/** Lines of a stack or of a tool's output in which a place is looked for, and how much of each. */
const stackLines = 200;
const stackChars = 500;

/** The first lines of a message, without colours; bounded, because a verdict quotes it. */
export function firstLines(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const clean = stripVTControlCharacters(text.slice(0, 16 * messageChars)).trim();
  if (clean === '') return undefined;
  const lines = clean.split(/\r?\n/).slice(0, messageLines).join('\n').trimEnd();
  if (lines.length <= messageChars) return lines.length < clean.length ? `${lines} …` : lines;
  return `${lines.slice(0, messageChars)} …`;
}

const file = String.raw`(?<file>[^\s:()'"]+\.[A-Za-z]\w{0,9}):(?<line>\d+)`;
/** `at f (file:line:column)`, `❯ file:line:column`, `f (file:///file:line:column)`, `file:line: Error`. */
const frame = new RegExp(String.raw`^\s*(?:(?:at|❯)\s+(?:[^()]*\()?|[^()]*\s\()?(?:file://)?${file}\b`);
/** `at package.Class.method(Class.java:17)`: the file has no folder, the class tells whose frame it is. */
const javaFrame = /^\s*at [\w.$/]+\((?<file>[\w$]+\.(?:java|kt|scala|groovy)):(?<line>\d+)\)/;

/**
 * The first place in a stack that is in the tests' own code. `owner` is the class of the case: only its frames
 * count in a Java stack, where those of the assertion library come first.
 */
export function placeIn(text: string | undefined, owner?: string): { file: string; line: number } | undefined {
  if (text === undefined) return undefined;
  const lines = stripVTControlCharacters(text.slice(0, stackLines * stackChars)).split('\n', stackLines);
  for (const line of lines) {
    const at = line.slice(0, stackChars);
    const java = javaFrame.exec(at);
    const found = java === null ? frame.exec(at)?.groups : ownFrame(at, owner) ? java.groups : undefined;
    const path = found?.['file'];
    if (path === undefined || path.includes('node_modules/')) continue;
    return { file: path, line: Number(found?.['line']) };
  }
  return undefined;
}

const ownFrame = (line: string, owner: string | undefined): boolean =>
  owner !== undefined && owner !== '' && line.includes(`at ${owner}`);

/** A duration to the microsecond: what tools print, without the digits that a multiplication adds. */
export const milliseconds = (value: number): number => Math.round(value * 1000) / 1000;

/** Whether a name is that of a JavaScript or TypeScript file, not of a test. */
export const isTestFile = (name: string): boolean => /^\S+\.[cm]?[jt]sx?$/.test(name);

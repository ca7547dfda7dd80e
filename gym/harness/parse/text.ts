import { stripVTControlCharacters } from 'node:util';

const messageLines = 8;
const messageChars = 600;
/** Lines of a stack or of a tool's output in which a place is looked for, and how much of each. */
const stackLines = 200;
const stackChars = 500;

/** Lines that tell what was got and what was wanted: diffs, and the words of the tools. */
const telling = /^\s*(?:[-+] |E\s|(?:expected|received|actual|got|want|left|right|which is|but was)\b.*:)/i;

/**
 * The first lines of a message, without colours and blank lines; bounded, because a verdict quotes it. Where that cuts a
 * long one, the lines that tell what was got and wanted are kept before others; lines of brackets go first.
 */
export function firstLines(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const clean = stripVTControlCharacters(text.slice(0, 16 * messageChars)).trim();
  const all = clean.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (all.length === 0) return undefined;
  const lines = chosen(all).join('\n').trimEnd();
  if (lines.length > messageChars) return `${lines.slice(0, messageChars)} …`;
  return all.length > messageLines ? `${lines} …` : lines;
}

function chosen(all: readonly string[]): readonly string[] {
  if (all.length <= messageLines) return all;
  const lines = all.filter((line) => !/^[\s()[\]{},]*$/.test(line));
  const tells = (line: string, index: number): boolean => index > 0 && telling.test(line);
  const kept = new Set(lines.filter(tells).slice(0, messageLines - 2));
  let room = messageLines - kept.size;
  return lines.filter((line, index) => {
    if (tells(line, index)) return kept.has(line);
    room -= 1;
    return room >= 0;
  });
}

const file = String.raw`(?<file>[^\s:()'"]+\.[A-Za-z]\w{0,9}):(?<line>\d+)`;
/** `at f (file:line:column)`, `❯ file:line:column`, `f (file:///file:line:column)`, `file:line: Error`; `# file:line` of Ruby, `--> file:line` of Rust. */
const frame = new RegExp(String.raw`^\s*(?:(?:at|❯|#|-->)\s+(?:[^()]*\()?|[^()]*\s\()?(?:file://)?${file}\b`);
/** `E   File "tests/test_cart.py", line 1`. */
const pythonFrame = /^(?:E\s)?\s*File "(?<file>[^"]+)", line (?<line>\d+)/;
/** `at Shop.CartTest.Charges() in /home/dev/CartTest.cs:line 17`. */
const dotnetFrame = /^\s*at .* in (?<file>.+):line (?<line>\d+)\s*$/;
/** `thread 'name' panicked at file:line:column`, `test did not panic as expected at file:line:column`; `', file:line:column` before Rust 1.73. */
const rustPanic = new RegExp(String.raw`(?:\b(?:panicked|as expected) at |', (?=\S+:\d+:\d+$))${file}\b`);
/** `at package.Class.method(Class.java:17)`: the file has no folder, the class tells whose frame it is. */
const javaFrame = /^\s*at [\w.$/]+\((?<file>[\w$]+\.(?:java|kt|scala|groovy)):(?<line>\d+)\)/;

/** Code of packages, of a language's own library and of its runtime: where nobody mends a test. */
const others =
  /node_modules\/|\/(?:site|dist)-packages\/|\/lib\/python3|\/go[^/]*\/src\/(?:testing|runtime|reflect|time|sync|internal)\/|^\/(?:usr\/src\/)?rustc\b|^_testmain\.go$|\/gems\/|^\/_\//;

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
    const plain = frame.exec(at) ?? rustPanic.exec(at) ?? pythonFrame.exec(at) ?? dotnetFrame.exec(at);
    const found = java === null ? plain?.groups : ownFrame(at, owner) ? java.groups : undefined;
    const path = found?.['file'];
    if (path === undefined || others.test(path)) continue;
    return { file: path.replace(/^\.\//, ''), line: Number(found?.['line']) };
  }
  return undefined;
}

const ownFrame = (line: string, owner: string | undefined): boolean =>
  owner !== undefined && owner !== '' && line.includes(`at ${owner}`);

/** A duration to the microsecond: what tools print, without the digits that a multiplication adds. */
export const milliseconds = (value: number): number => Math.round(value * 1000) / 1000;

/** Whether a name is that of a JavaScript or TypeScript file, not of a test. */
export const isTestFile = (name: string): boolean => /^\S+\.[cm]?[jt]sx?$/.test(name);

/** Without the excerpt of the source that Jest and Playwright add (`> 3 | code`): the place tells more. */
export const withoutSource = (text: string): string =>
  stripVTControlCharacters(text.slice(0, 16 * messageChars)).replace(/^ *(?:(?:> *)?\d+ \|.*|\| *\^+ *)(?:\n|$)/gm, '');

/** Said of a case that was expected to fail and did not: the tools count that as a failure. */
export const passedUnexpectedly = 'it was expected to fail, and passed';

/** Said of a case that failed as it was expected to (xfail, todo): it ran and shows nothing, so it counts as skipped. */
export const expectedToFail = (reason?: string): string =>
  `expected to fail${reason === undefined || reason === '' ? '' : `: ${reason}`}`;

/** Said of a case that passed only when it was tried again; `before` is what an earlier attempt said. */
export const flaky = (before?: string): string =>
  `flaky: passed when it was tried again${before === undefined ? '' : `; before: ${before}`}`;

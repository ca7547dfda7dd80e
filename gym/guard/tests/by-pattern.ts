import type { Stack } from './stacks.ts';
import { type DeclaredCase, type Marked, oneLine, type TestCode } from './test-code.ts';

/** What a test file declares, told by the patterns of its stack. Lines and offsets of the blanked source are those of the source. */
export function readByPattern(stack: Stack, file: string, source: string): TestCode {
  const code = source.replaceAll(stack.blank, blanked);
  const starts = [...code.matchAll(stack.cases)].filter(
    // Several attributes of one test match its name each.
    (match, index, all) => all.findIndex((other) => endOf(other) === endOf(match)) === index,
  );
  const bodies = starts.map((match) => bodyOf(stack, code, match));
  const cases = starts.map((match, index) => declared(stack, file, source, code, match, bodies[index] ?? [0, 0]));
  const counted = (text: string): number => text.match(stack.assertions)?.length ?? 0;
  const inBodies = bodies.reduce((sum, [from, to]) => sum + counted(code.slice(from, to)), 0);
  const marks = (text: string, pattern: RegExp | undefined): Marked[] =>
    pattern === undefined
      ? []
      : [...text.matchAll(pattern)].map(({ index, 0: found }) => marked(file, source, index, found));
  return {
    cases,
    skips: [...code.matchAll(stack.skips)]
      .map(({ index, 0: found }): Marked => {
        const at = index + (found.length - found.trimStart().length);
        const name = caseUnderCondition(stack, code, { cases, starts, bodies }, at, found);
        return { ...marked(file, source, index, found), ...(name !== undefined && { caseUnderCondition: name }) };
      })
      .concat(marks(source, stack.skipsInText)),
    empty: [...source.matchAll(stack.empty)]
      .filter(({ index, 0: found }) => /\w/.test(code.slice(index, index + found.length)))
      .map(({ index, 0: found }) => marked(file, source, index, found)),
    loose: Math.max(0, counted(code) - inBodies),
  };
}

type Match = RegExpExecArray;
const endOf = ({ index, 0: text }: Match): number => index + text.length;

/** Words that skip where something is so. */
const conditional = /skipif|skipunless|enabledif|enabledon|disabledif|disabledon|assum|skip\.if/i;

/** The case that a mark skips under a condition: it stands in a block of the case's body, or says so itself. */
function caseUnderCondition(
  stack: Stack,
  code: string,
  found: {
    readonly cases: readonly DeclaredCase[];
    readonly starts: readonly Match[];
    readonly bodies: readonly (readonly [number, number])[];
  },
  at: number,
  words: string,
): string | undefined {
  const { cases, starts, bodies } = found;
  const within = bodies.findIndex(([from, to]) => from <= at && at < to);
  const [from = 0, to = 0] = bodies[within] ?? [];
  if (within >= 0) {
    const isConditional = conditional.test(words) || depthIn(stack, code.slice(from, to), at - from) > 0;
    return isConditional ? cases[within]?.name : undefined;
  }
  const next = starts.findIndex((match) => match.index + match[0].length > at);
  const gap = code.slice(at, starts[next]?.index ?? at);
  return conditional.test(words) && !/\n[ \t]*\n|^\S*\s*=/.test(gap) ? cases[next]?.name : undefined;
}

/** Spaces as long as a comment or a text, whose quotes and line ends stay. */
function blanked(text: string): string {
  const isText = /^["'`]/.test(text) && text.length > 1;
  const inner = isText ? text.slice(1, -1) : text;
  const spaces = inner.replaceAll(/[^\n]/g, ' ');
  return isText ? `${text[0]}${spaces}${text.at(-1)}` : spaces;
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

function marked(file: string, source: string, index: number, found: string): Marked {
  const at = index + (found.length - found.trimStart().length);
  const line = lineAt(source, at);
  return { file, line, text: oneLine(source.split('\n')[line - 1] ?? '') };
}

function declared(
  stack: Stack,
  file: string,
  source: string,
  code: string,
  match: Match,
  [from, to]: readonly [number, number],
): DeclaredCase {
  const group = match.slice(1).find((each) => each !== undefined) ?? '';
  const at = match.index + match[0].lastIndexOf(group);
  const name = source
    .slice(at, at + group.length)
    .replaceAll(/^["'`]|["'`]$/g, '')
    .replaceAll(/\s+/g, ' ');
  const body = code.slice(from, to);
  const [reached, returnsAt] = reachedOf(stack, body);
  const assertions = reached.match(stack.assertions)?.length ?? 0;
  const all = body.match(stack.assertions)?.length ?? 0;
  return {
    // A test that is disabled by its name is the same one.
    name: name.replaceAll('DISABLED_', ''),
    file,
    line: lineAt(code, at),
    isMany: stack.many.test(aroundOf(code, match)),
    assertions,
    wholes: 0,
    calls: new Set([...reached.matchAll(/\b([A-Za-z_]\w*)\s*[!(]/g)].map(([, called = '']) => called)),
    returnsAt: returnsAt === undefined || all === assertions ? undefined : lineAt(code, from + returnsAt),
  };
}

/** A declaration with the decorators above it. */
function aroundOf(code: string, match: Match): string {
  const lines = code.slice(0, match.index).split('\n').slice(0, -1);
  const first = lines.findLastIndex((line) => line.trim() === '' || /^\s*(?:def|class|return|assert)\b/.test(line));
  return `${lines.slice(first + 1).join('\n')}\n${match[0]}`;
}

function bodyOf(stack: Stack, code: string, match: Match): readonly [number, number] {
  const from = endOf(match);
  if (stack.body === 'braces') return bracesFrom(code, from);
  const start = match.index + (match[0].length - match[0].trimStart().length);
  const indent = start - (code.lastIndexOf('\n', start - 1) + 1);
  const lineEnd = code.indexOf('\n', from);
  if (lineEnd < 0) return [from, code.length];
  const end = new RegExp(stack.body === 'end' ? `^ {0,${indent}}end\\b` : `^[ \\t]{0,${indent}}[^\\s)#]`, 'gm');
  end.lastIndex = lineEnd + 1;
  const found = end.exec(code);
  // A body may stand on the line itself: `def test_it(): assert it()`.
  return [from, found?.index ?? code.length];
}

function bracesFrom(code: string, from: number): readonly [number, number] {
  const open = code.indexOf('{', from);
  if (open < 0) return [from, from];
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1;
    if (code[at] === '}') depth -= 1;
    if (depth === 0) return [open + 1, at];
  }
  return [open + 1, code.length];
}

/** The part of a body before a return at its top, and the offset of that; of a body without one all of it. */
function reachedOf(stack: Stack, body: string): readonly [string, number | undefined] {
  const pattern = stack.body === 'braces' ? /^[ \t]*return\b[^\n]*/gm : /^[ \t]*(?:return|next)\b[^\n]*$/gm;
  for (const { index, 0: found } of body.matchAll(pattern)) {
    const at = index + (found.length - found.trimStart().length);
    if (depthIn(stack, body, at) === 0) return [body.slice(0, index), at];
  }
  return [body, undefined];
}

/** How many blocks of a body a place in it is within; where the indentation tells, how many columns. */
function depthIn(stack: Stack, body: string, index: number): number {
  if (stack.body !== 'braces') {
    const indents = [...body.matchAll(/^([ \t]*)\S/gm)].slice(1).map(([, indent = '']) => indent.length);
    return index - (body.lastIndexOf('\n', index - 1) + 1) - Math.min(...indents);
  }
  let depth = 0;
  for (const character of body.slice(0, index)) depth += character === '{' ? 1 : character === '}' ? -1 : 0;
  return depth;
}

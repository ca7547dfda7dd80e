import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { failed, ok } from '../events/problem.ts';
import { sha256 } from '../store/sha256.ts';
import type { Task } from '../task/schema.ts';
import { listFiles } from '../workspace/files.ts';
import { matchesAny } from '../workspace/paths.ts';
import type { RunnableFault } from './patches.ts';

/** Each takes a whole run: more say little more. */
const mostMutants = 20;

/** One small change of a source file. */
export interface Mutant {
  readonly line: number;
  /** Offsets of what is replaced. */
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

/**
 * Words and signs that are replaced, each by what a tired programmer would write: conditions at their borders and turned round, plus
 * and minus, and and or, true and false, numbers off by one. After the operators of Stryker and mutmut that find most.
 */
const operators: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/(?<=\s)(===|!==|==|!=)(?=\s)/g, (sign) => ({ '===': '!==', '!==': '===', '==': '!=', '!=': '==' })[sign] ?? sign],
  [/(?<=\s)(<=|>=|<|>)(?=\s)/g, (sign) => ({ '<=': '<', '>=': '>', '<': '<=', '>': '>=' })[sign] ?? sign],
  [/(?<=\s)(&&|\|\|)(?=\s)/g, (sign) => (sign === '&&' ? '||' : '&&')],
  [/(?<=\s)(\+|-)(?=\s)/g, (sign) => (sign === '+' ? '-' : '+')],
  [/(?<=\s)(\+=|-=)(?=\s)/g, (sign) => (sign === '+=' ? '-=' : '+=')],
  [
    /\b(true|false|True|False)\b/g,
    (word) => ({ true: 'false', false: 'true', True: 'False', False: 'True' })[word] ?? word,
  ],
  [/(?<=\S\s)\b(and|or)\b(?=\s\S)/g, (word) => (word === 'and' ? 'or' : 'and')],
  [
    /(?<![\w.$])\d+n?(?![\w.])/g,
    (number) => (number.endsWith('n') ? `${BigInt(number.slice(0, -1)) + 1n}n` : `${Number(number) + 1}`),
  ],
];

/** Comments by the ending of a file's name; what is in them, and in texts, is not changed. */
const hashComment = /#[^\n]*/;
const slashComment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const comments: Readonly<Record<string, RegExp>> = {
  '.py': hashComment,
  '.rb': hashComment,
  '.sh': hashComment,
  '.sql': /--[^\n]*/,
};
const texts = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/;

/** Every small change of a source text, in the order of the text. Comments, texts and the lines of imports and types stay as they are. */
export function mutantsOf(text: string, extension: string): Mutant[] {
  const skipped = new RegExp(`${(comments[extension] ?? slashComment).source}|${texts.source}`, 'g');
  // Of the same length, so that offsets stay.
  const code = text
    .replaceAll(skipped, (part) => part.replaceAll(/[^\n]/g, '\u0001'))
    .replaceAll(/^\s*(?:import|export type|type|interface|from)\b.*$/gm, (line) => '\u0001'.repeat(line.length));
  const usesWords = extension === '.py';
  return operators
    .filter(([pattern]) => usesWords || !pattern.source.includes('and|or'))
    .flatMap(([pattern, change]) =>
      [...code.matchAll(pattern)].map((match): Mutant => {
        const [from] = match;
        const line = code.slice(0, match.index).split('\n').length;
        return { line, start: match.index, end: match.index + from.length, from, to: change(from) };
      }),
    )
    .toSorted((a, b) => a.start - b.start);
}

/** Mutants of the files that the task names, spread evenly over all there are. */
export async function taskMutants(task: Task): Promise<RunnableFault[]> {
  const files = (await listFiles(task.root)).filter((path) => matchesAny(path, task.mutate));
  const all = files.flatMap((path) => {
    const text = readFileSync(join(task.root, path), 'utf8');
    return mutantsOf(text, extname(path)).map((mutant) => ({ path, text, mutant }));
  });
  const step = Math.max(1, all.length / mostMutants);
  const picked = Array.from({ length: Math.min(mostMutants, all.length) }, (_, index) => all[Math.floor(index * step)]);
  return picked.flatMap((each) => (each === undefined ? [] : faultOf(each.path, each.text, each.mutant)));
}

function faultOf(path: string, text: string, { line, start, end, from, to }: Mutant): RunnableFault {
  // A line may hold the same twice.
  const column = start - text.lastIndexOf('\n', start - 1);
  const name = `${path}:${line}:${column} ${from} → ${to}`;
  const changed = text.slice(0, start) + to + text.slice(end);
  return {
    name,
    tier: 'mutant',
    what: text.split('\n')[line - 1]?.trim() ?? '',
    caughtBy: [],
    hash: sha256(`${path}\0${changed}`),
    run: {
      name,
      apply: async (directory) => {
        const file = join(directory, path);
        if (readFileSync(file, 'utf8') !== text) {
          return failed({
            kind: 'evidence',
            message: `${path} changed while it was being proven`,
            place: { file: path },
          });
        }
        writeFileSync(file, changed);
        return ok(undefined);
      },
    },
  };
}

import { posix } from 'node:path';
import { countText, listText } from '../judge/text.ts';
import type { FileChange } from '../workspace/changes.ts';
import { globsWith, isMeant } from './attributes.ts';
import { type Breach, type Guard, type Guarded, judgeBreaches } from './guard.ts';
import { isLockfile } from './lockfile.ts';
import { testsOf } from './tests/read.ts';

/** Within these first lines a file says that it is generated (https://go.dev/s/generatedcode, and `@generated` of others). */
const headLines = 20;
const marker =
  /Code generated .*DO NOT EDIT|(?:^|\W)@generated\b|(?:auto-?)?generated (?:file|code)?.{0,40}do not (?:edit|modify)/i;

/** A generated file changes only with what it is made from. */
export const generated: Guard = {
  name: 'generated',
  claim: 'a generated file changes only with what it is made from',
  remedy: 'change what they are made from, and make them anew',
  judge(guarded) {
    const { changes } = guarded;
    const judged = changes.flatMap((change) => {
      const sources = sourcesOf(change, guarded);
      return sources === undefined ? [] : [{ change, ...sources }];
    });
    if (judged.length === 0) return undefined;
    const breaches = judged.flatMap(({ change, isSource, hint }): Breach[] =>
      changes.some((other) => other !== change && isSource(other)) ? [] : [{ file: change.path, what: hint }],
    );
    const held = `${countText(judged.length, 'generated file')} changed with what they are made from`;
    return judgeBreaches(breaches, judged.length, held, 'changed without what they are made from');
  },
};

interface Sources {
  /** Whether a change is one of what the file is made from. */
  readonly isSource: (change: FileChange) => boolean;
  readonly hint: string;
}

/** What a file that was there and is generated is made from; `undefined`: it is not, or it is new or gone. */
function sourcesOf({ path, before, after }: FileChange, guarded: Guarded): Sources | undefined {
  const { text } = before ?? {};
  if (text === undefined || after === undefined || isLockfile(path)) return undefined;
  const told = guarded.settings.generated.find(({ files }) => isMeant(path, files));
  if (told !== undefined) {
    const made = told.command === undefined ? '' : `; made by ${told.command}`;
    return {
      isSource: (change) => isMeant(change.path, told.from),
      hint: `(made from ${listText(told.from)}${made})`,
    };
  }
  const head = text.split('\n').slice(0, headLines).join('\n');
  if (!marker.test(head) && !isMeant(path, globsWith(guarded, /^linguist-generated(?:=true)?$/))) return undefined;
  // protoc and its like name their source.
  const named = /^\W*source:\s*(\S+)\s*$/im.exec(head)?.[1];
  if (named !== undefined)
    return {
      isSource: (change) => posix.basename(change.path) === posix.basename(named),
      hint: `(made from ${named})`,
    };
  return { isSource: (change) => mayBeSource(change, guarded), hint: 'says that it is generated' };
}

/** Where nobody says what a file is made from, whatever was written by hand may be it; tests are not. */
function mayBeSource({ path, before, after }: FileChange, guarded: Guarded): boolean {
  const text = before?.text ?? after?.text ?? '';
  const isGenerated =
    marker.test(text.split('\n').slice(0, headLines).join('\n')) ||
    isMeant(path, globsWith(guarded, /^linguist-generated(?:=true)?$/));
  return !isGenerated && testsOf(path, text).cases.length === 0;
}

/** Whether nobody writes a file by hand: its size says nothing of what has to be read. */
export function isMade(change: FileChange, guarded: Guarded): boolean {
  return isLockfile(change.path) || sourcesOf(change, guarded) !== undefined;
}

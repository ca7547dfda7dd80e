import type { Case } from '../harness/cases.ts';
import { judgeCounted } from '../judge/counted.ts';
import type { GuardName, GuardSettings } from '../task/guards.ts';
import type { Judgement } from '../task/judgement.ts';
import type { FileChange } from '../workspace/changes.ts';
import type { TestCode } from './tests/test-code.ts';

/** The cases of a stage that passed, and of the same stage at the baseline; `undefined`: no run of it is recorded. */
export interface GuardedStage {
  readonly stage: string;
  readonly now: readonly Case[];
  readonly baseline: readonly Pick<Case, 'id' | 'state'>[] | undefined;
}

/** What guards judge: how the workspace differs from the baseline, and what ran. */
export interface Guarded {
  readonly changes: readonly FileChange[];
  /** Files that did not change and that a guard needs beside those that did, by path. */
  readonly others: ReadonlyMap<string, string>;
  /** What the tests of all changed files were and are. */
  readonly tests: { readonly before: TestCode; readonly after: TestCode };
  /** Every stage with results that passed. */
  readonly stages: readonly GuardedStage[];
  /** How many stages of the task report cases. */
  readonly stagesWithResults: number;
  readonly settings: GuardSettings;
}

/** A claim over the workspace. */
export interface Guard {
  readonly name: GuardName;
  readonly claim: string;
  /** What to do where it does not hold, beside asking for a waiver. */
  readonly remedy: string;
  /** `undefined`: nothing changed that it could be judged on. Pure. */
  readonly judge: (guarded: Guarded) => Judgement | undefined;
}

/** Something that breaks a guard. */
export interface Breach {
  /** Path, relative to the task's folder. */
  readonly file?: string;
  readonly line?: number;
  readonly what: string;
}

const told = 3;

/** What breaks a guard, as a judgement. `of`: how many were looked at. `held`: what to say where nothing does. */
export function judgeBreaches(breaches: readonly Breach[], of: number, held: string, broken: string): Judgement {
  const texts = breaches.map(breachText);
  const more = texts.length > told ? ` and ${texts.length - told} more` : '';
  return judgeCounted({
    breaks: breaches.length,
    of,
    because: texts.length === 0 ? held : `${broken}: ${texts.slice(0, told).join('; ')}${more}`,
    parts: breaches.map((each) => ({ part: placeOf(each), observed: each.what, expected: '', off: '' })),
    evidence: breaches.flatMap(({ file, line, what }) =>
      file === undefined ? [] : [{ what, place: { file, ...(line !== undefined && { line }) } }],
    ),
  });
}

const placeOf = ({ file, line }: Breach): string => (line === undefined ? (file ?? '') : `${file}:${line}`);

function breachText(breach: Breach): string {
  const place = placeOf(breach);
  return place === '' ? breach.what : `${place} ${breach.what}`;
}

/** A line that was not there before, and the one after it. */
interface AddedLine {
  readonly line: number;
  readonly text: string;
  readonly next: string;
}

/** Lines that a change adds, and how many it takes away. A line that was moved within the file is neither. */
export function lineChanges({ before, after }: FileChange): {
  readonly added: readonly AddedLine[];
  readonly removed: number;
} {
  const left = new Map<string, number>();
  for (const text of linesOf(before?.text)) left.set(text, (left.get(text) ?? 0) + 1);
  const lines = linesOf(after?.text);
  const added = lines.flatMap((text, index) => {
    const times = left.get(text) ?? 0;
    if (times === 0) return [{ line: index + 1, text, next: lines[index + 1] ?? '' }];
    left.set(text, times - 1);
    return [];
  });
  return { added, removed: left.values().reduce((sum, times) => sum + times, 0) };
}

const linesOf = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.replace(/\n$/, '').split('\n');

import type { Case } from '../harness/cases.ts';
import { isTestFile } from '../harness/parse/text.ts';
import { type CheckResult, unknown } from '../task/judgement.ts';
import { countText, listText } from './text.ts';

type CaseState = Pick<Case, 'id' | 'state'>;

/** What a stage reported. */
export interface StageCases {
  readonly stage: string;
  readonly cases: readonly CaseState[];
}

/** The kind of the check by which tests that were moved are judged. */
export const movedKind = 'moved';

const claimed = (again: string) => ({
  name: 'moved-tests',
  kind: movedKind,
  claim: 'every test case of the baseline still runs and passes, wherever it was moved',
  severity: 'gate' as const,
  risk: [],
  again,
});

/** Nobody knows what the baseline's cases are. */
export function movedUnknown(because: string, again: string): CheckResult {
  return {
    ...claimed(again),
    ...unknown(`tests were moved, and the harness of the baseline cannot be run: ${because}`),
  };
}

/**
 * Judges that every case of the baseline's harness was executed by the workspace's, and passed. Cases are told by their names; the file that a case is in
 * may be part of that, and does not count.
 */
export function judgeMoved(
  baseline: readonly StageCases[],
  judged: readonly StageCases[],
  moves: readonly { readonly from: string; readonly to: string }[],
  again: string,
): CheckResult {
  const what = claimed(again);
  const moved = listText(moves.map(({ from, to }) => `${from} -> ${to}`));
  const wanted = baseline.flatMap(({ stage, cases }) =>
    namesOf(stage, cases, ({ state }) => state !== 'skipped', moves),
  );
  if (wanted.length === 0)
    return {
      ...what,
      ...unknown(`tests were moved (${moved}), and no stage of the baseline reports its cases by name`),
    };
  const left = new Map<string, number>();
  for (const name of judged.flatMap(({ stage, cases }) =>
    namesOf(stage, cases, ({ state }) => state === 'passed', moves),
  ))
    left.set(name, (left.get(name) ?? 0) + 1);
  const missing = wanted.filter((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count < 1;
  });
  const isWhole = missing.length === 0;
  const because = isWhole
    ? `${moved}: all ${countText(wanted.length, 'case')} of the baseline passed`
    : `${moved}: ${countText(missing.length, 'case')} of the baseline did not pass or did not run: ${listText(missing)}`;
  return {
    ...what,
    because,
    state: isWhole ? 'pass' : 'fail',
    margin: 0 - missing.length,
    distance: missing.length / wanted.length,
    unit: 'count',
    parts: [],
    evidence: [],
  };
}

/** `stage: suite > case` of each case that counts, without the file that it is in. */
function namesOf(
  stage: string,
  cases: readonly CaseState[],
  counts: (each: CaseState) => boolean,
  moves: readonly { readonly from: string; readonly to: string }[],
): string[] {
  const files = moves
    .flatMap(({ from, to }) => [from, to])
    .flatMap((path) => [path, moduleOf(path), moduleOf(path).replaceAll('.', '/')]);
  const isFile = (part: string): boolean =>
    isTestFile(part) || files.some((file) => file === part || file.endsWith(`/${part}`));
  return cases.filter(counts).map(({ id }) => {
    // A module of Python goes before its class: `tests.unit.test_cart.TestCart`.
    const parts = id.split(' > ').flatMap((part) => {
      const module = files.find((file) => part.startsWith(`${file}.`));
      return isFile(part) ? [] : module === undefined ? [part] : [part.slice(module.length + 1)];
    });
    return `${stage}: ${parts.join(' > ')}`;
  });
}

const moduleOf = (path: string): string => path.replace(/\.\w+$/, '').replaceAll('/', '.');

import { countText, verbFor } from '../judge/text.ts';
import { type Breach, type Guard, judgeBreaches } from './guard.ts';
import { added, unmatched } from './tests/compare.ts';
import type { DeclaredCase, TestCode } from './tests/test-code.ts';

/** Tests that are still there assert as much as before. */
export const assertions: Guard = {
  name: 'assertions',
  claim: 'tests assert as much as at the baseline, and nothing that always holds',
  remedy: 'bring them back',
  judge({ tests: { before, after } }) {
    if (after.cases.length === 0) return undefined;
    const empty = added(before.empty, after.empty).map(
      ({ file, line, text }): Breach => ({ file, line, what: `always holds: ${text}` }),
    );
    const breaches = [...weakened(before, after), ...empty];
    const held = `${countText(after.cases.length, 'case')} in changed files ${verbFor(after.cases.length, 'asserts', 'assert')} no less`;
    return judgeBreaches(breaches, after.cases.length, held, 'tests assert less');
  },
};

/** Cases that assert less, and cases that have another name and assert less together. */
function weakened(before: TestCode, after: TestCode): Breach[] {
  // A helper outside of the cases may have taken them over.
  const helpers = after.loose - before.loose;
  const old = Map.groupBy(before.cases, ({ name }) => name);
  const now = Map.groupBy(after.cases, ({ name }) => name);
  const kept = [...now].flatMap(([name, cases]) => breachOf(old.get(name) ?? [], cases, helpers, name));
  const { gone, fresh } = unmatched(before.cases, after.cases);
  const isRenamed = gone.length > 0 && fresh.length >= gone.length && !fresh.some(({ isMany }) => isMany);
  return isRenamed ? [...kept, ...breachOf(gone, fresh, helpers, fresh[0]?.name ?? '')] : kept;
}

function breachOf(
  before: readonly DeclaredCase[],
  after: readonly DeclaredCase[],
  helpers: number,
  name: string,
): Breach[] {
  const [had, has] = [sum(before, 'assertions'), sum(after, 'assertions')];
  const [first] = after;
  if (first === undefined || has >= had || before.length > after.length) return [];
  // One comparison of a whole value may stand for several of its parts.
  if (has > 0 && sum(after, 'wholes') > sum(before, 'wholes')) return [];
  const called = new Set(before.flatMap(({ calls }) => [...calls]));
  const callsMore = after.some(({ calls }) => [...calls].some((each) => !called.has(each)));
  if (callsMore && helpers * after.length >= had - has) return [];
  const cut = after.find(({ returnsAt }) => returnsAt !== undefined);
  const line = cut?.returnsAt ?? first.line;
  const why = cut === undefined ? '' : ', behind a return';
  return [{ file: first.file, line, what: `${name}: ${countText(has, 'assertion')}, ${had} before${why}` }];
}

const sum = (cases: readonly DeclaredCase[], key: 'assertions' | 'wholes'): number =>
  cases.reduce((total, each) => total + each[key], 0);

import { countText } from '../judge/text.ts';
import { type Breach, type Guard, type GuardedStage, judgeBreaches } from './guard.ts';
import { added } from './tests/compare.ts';

/** No test is newly skipped, focused, left to do or expected to fail. */
export const skips: Guard = {
  name: 'skips',
  claim: 'no test is newly skipped, focused, left to do or expected to fail',
  remedy: 'let them run',
  judge({ tests: { before, after }, stages }) {
    const compared = stages.filter(({ baseline }) => baseline !== undefined);
    const hasTests = before.cases.length + after.cases.length + before.skips.length + after.skips.length > 0;
    if (!hasTests && compared.length === 0) return undefined;
    // A new test that runs on some machines only takes nothing away.
    const fresh = added(before.skips, after.skips).filter(
      ({ caseUnderCondition: name }) => name === undefined || before.cases.some((each) => isIn(each.name, name)),
    );
    const isMore = fresh.length > added(after.skips, before.skips).length;
    const marked = isMore ? fresh.map(({ file, line, text }) => ({ file, line, what: text })) : [];
    // What the sources tell has a place.
    const breaches = marked.length > 0 ? marked : compared.flatMap(skippedIn);
    const of = Math.max(after.cases.length, 1);
    return judgeBreaches(breaches, of, 'no test is newly skipped', `${countText(breaches.length, 'new skip')}`);
  },
};

/** Whether a case is that one, or in the suite of that name. */
const isIn = (name: string, outer: string): boolean => name === outer || name.startsWith(`${outer} > `);

function skippedIn({ stage, now, baseline = [] }: GuardedStage): Breach[] {
  const skipped = now.filter(({ state }) => state === 'skipped');
  const before = baseline.filter(({ state }) => state === 'skipped');
  if (skipped.length <= before.length) return [];
  const names = new Set(before.map(({ id }) => id));
  return skipped
    .filter(({ id }) => !names.has(id))
    .map(({ id, file, line }) => ({
      ...(file !== undefined && { file }),
      ...(file !== undefined && line !== undefined && { line }),
      what: `${id} was skipped (${stage})`,
    }));
}

import type { Case } from '../harness/cases.ts';
import { countText } from '../judge/text.ts';
import { type Breach, type Guard, type Guarded, type GuardedStage, judgeBreaches } from './guard.ts';
import { unmatched } from './tests/compare.ts';

/** No stage runs fewer cases than at the baseline. */
export const cases: Guard = {
  name: 'cases',
  claim: 'no stage runs fewer cases than at the baseline',
  remedy: 'bring them back',
  judge(guarded) {
    const compared = guarded.stages.filter(({ baseline }) => baseline !== undefined);
    // Without a recorded run of the baseline, the sources tell which cases are gone.
    const declared = compared.length < guarded.stagesWithResults ? declaredBreaches(guarded) : undefined;
    if (compared.length === 0 && declared === undefined) return undefined;
    const ran = compared.flatMap(stageBreaches);
    // What both tell is told once.
    const breaches = ran.length > 0 ? ran : (declared ?? []);
    const of = compared.reduce((sum, { baseline = [] }) => sum + executed(baseline).length, 0);
    const [before, now] = [of, compared.reduce((sum, each) => sum + executed(each.now).length, 0)];
    const held =
      compared.length === 0 ? 'no declared case is gone' : `${countText(now, 'case')} ran, ${before} at the baseline`;
    return judgeBreaches(
      breaches,
      Math.max(of, guarded.tests.before.cases.length),
      held,
      `${countText(breaches.length, 'case')} gone`,
    );
  },
};

const executed = (all: readonly Pick<Case, 'id' | 'state'>[]) => all.filter(({ state }) => state !== 'skipped');

/** As many as there are fewer, by name: a case that was renamed is one less and one more. */
function stageBreaches({ stage, now, baseline = [] }: GuardedStage): Breach[] {
  const [before, after] = [executed(baseline), executed(now)];
  const names = new Set(after.map(({ id }) => id));
  const gone = before.filter(({ id }) => !names.has(id));
  if (after.length >= before.length) return [];
  return gone.map(({ id }) => ({ what: `${id} (${stage})` }));
}

/** Cases that no source declares any more, where fewer are declared. `undefined`: the sources do not tell. */
function declaredBreaches({ tests: { before, after } }: Guarded): Breach[] | undefined {
  if (before.cases.length === 0) return undefined;
  const { gone, fresh } = unmatched(before.cases, after.cases);
  // A table may have as many rows as there were cases.
  if (fresh.some(({ isMany }) => isMany)) return undefined;
  return gone.length > fresh.length ? gone.map(({ file, line, name }) => ({ file, line, what: name })) : [];
}

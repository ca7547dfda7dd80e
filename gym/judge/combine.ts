import { stateNames } from '../events/event.ts';
import type { Invariant } from '../task/invariant.ts';
import { type Judgement, vacuous } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import { listText, verbFor } from './text.ts';
import { isGreen } from './verdict.ts';

/** What several come to of which so many must hold: the state of the count-th best, and how far that one is from holding. */
export function combined(of: readonly Invariant[], count: number, evidence: Evidence): Judgement {
  if (of.length === 0) return vacuous('there is nothing to combine');
  const judged = of.map((invariant) => ({ name: invariant.name, ...invariant.judge(evidence) }));
  const ranked = [...judged].sort(
    (a, b) => rank(a) - rank(b) || (a.distance ?? 0) - (b.distance ?? 0) || (b.margin ?? 0) - (a.margin ?? 0),
  );
  const deciding = ranked[count - 1];
  if (deciding === undefined) return vacuous(`there are only ${of.length}`);
  const { name, ...judgement } = deciding;
  const wrong = judged.filter(({ state }) => !isGreen(state));
  const holding = of.length - wrong.length;
  const told = isGreen(judgement.state) ? judged.filter(({ state }) => isGreen(state)) : wrong;
  return {
    ...judgement,
    because: `${holding} of ${of.length} ${verbFor(holding, 'holds', 'hold')}; ${listText(told.map((each) => `${each.name}: ${each.because}`))}`,
    parts: told.flatMap((each) => each.parts.map((part) => ({ ...part, part: `${each.name} ${part.part}` }))),
    evidence: told.flatMap((each) => each.evidence),
  };
}

/** The better, the less: in the order of the states. */
function rank({ state }: Judgement): number {
  return stateNames.indexOf(state);
}

import type { CheckResult } from '../task/judgement.ts';
import type { Waiver } from '../task/schema.ts';
import { isGreen } from './verdict.ts';

/**
 * Lays the task's waivers over what was judged. One that holds makes a check that does not pass `waived`; one that has run out
 * changes nothing but says so. A check that broke (`error`) is never waived: nobody knows what it would have said.
 */
export function waive(checks: readonly CheckResult[], waivers: readonly Waiver[], now: Date): CheckResult[] {
  return checks.map((check) => {
    // One that was renewed stands there twice: the last day counts.
    const [waiver] = waivers
      .filter((each) => each.check === check.name)
      .toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until));
    if (waiver === undefined || isGreen(check.state) || check.state === 'error') return check;
    const { owner, reason, until } = waiver;
    if (now.getTime() >= Date.parse(until) + dayMs) {
      return { ...check, because: `${check.because}; ${owner}'s waiver ran out on ${until}` };
    }
    return {
      ...check,
      state: 'waived',
      because: `waived until ${until} by ${owner}: ${reason} (${check.state}: ${check.because})`,
    };
  });
}

const dayMs = 86_400_000;

import { type GuardName, guardCheck, guardNames } from '../task/guards.ts';
import { broken, type CheckResult, type Judgement } from '../task/judgement.ts';
import { assertions } from './assertions.ts';
import { binaries } from './binaries.ts';
import { cases } from './cases.ts';
import { diffSize } from './diff-size.ts';
import { generated } from './generated.ts';
import type { Guard, Guarded } from './guard.ts';
import { companionsOf, lockfile } from './lockfile.ts';
import { secrets } from './secrets.ts';
import { skips } from './skips.ts';

const guards: Readonly<Record<GuardName, Guard>> = {
  cases,
  skips,
  assertions,
  'diff-size': diffSize,
  secrets,
  binaries,
  generated,
  lockfile,
};

/** Judges each guard on which something changed; the others have nothing to say. `again` is the command that judges them again. */
export function judgeGuards(guarded: Guarded, again: string): CheckResult[] {
  return guardNames.flatMap((name) => {
    const severity = guarded.settings.severity[name] ?? 'gate';
    const judged = severity === 'off' ? undefined : judgeSafely(guards[name], guarded);
    if (severity === 'off' || judged === undefined) return [];
    const { claim, remedy } = guards[name];
    const check = guardCheck(name);
    const because =
      judged.state === 'fail' ? `${judged.because}; ${remedy}, or a person waives ${check}` : judged.because;
    return [{ name: check, kind: 'guard', claim, severity, risk: [], again, ...judged, because }];
  });
}

/** A crash of a guard is its error, never a pass. */
function judgeSafely(guard: Guard, guarded: Guarded): Judgement | undefined {
  try {
    return guard.judge(guarded);
  } catch (thrown) {
    return broken(`the guard threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`);
  }
}

/** Files that guards need beside those that changed. */
export function alsoNeeded(changed: readonly string[]): string[] {
  return changed.length === 0 ? [] : ['.gitattributes', ...companionsOf(changed)];
}

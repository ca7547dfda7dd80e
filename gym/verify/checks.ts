import { stageClaim } from '../judge/judge.ts';
import { claimOf } from '../target/words.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Task } from '../task/schema.ts';

/** A check as it is defined. */
export type DefinedCheck = Pick<CheckResult, 'name' | 'kind' | 'claim' | 'severity'>;

/** What a verification of a task judges, in the order of its verdict. */
export function checksOf({
  stages,
  invariants,
  targets,
}: Pick<Task, 'stages' | 'invariants' | 'targets'>): DefinedCheck[] {
  return [
    ...stages.map(({ name, results }) => ({
      ...{ name, kind: 'cases', severity: 'gate' as const },
      claim: stageClaim(name, results !== undefined),
    })),
    ...invariants.map(({ name, kind, claim, severity }) => ({ name, kind, claim, severity })),
    ...targets.map((target) => ({
      ...{ name: target.name, kind: 'target', severity: target.severity },
      claim: target.claim ?? claimOf(target),
    })),
  ];
}

import type { Severity } from '../events/event.ts';
import type { ProofRecord } from '../store/proofs.ts';
import { claimOf } from '../target/words.ts';
import type { Task } from '../task/schema.ts';

/** A check that looks after a risk. */
export interface Guard {
  readonly check: string;
  readonly claim: string;
  readonly severity: Severity;
  /** Whether it has been seen to fail under a fault. */
  readonly proof: 'proven' | 'unproven';
}

/** What could be harmed, and what would notice. */
export interface GuardedRisk {
  readonly risk: string;
  /** What could be harmed, in a sentence. */
  readonly harm: string;
  /** None: nothing would notice. */
  readonly guards: readonly Guard[];
}

/** Each risk of a task with the invariants and targets that name it, in the task's order. A record of another definition proves nothing. */
export function guardedRisks(
  { risks, invariants, targets }: Pick<Task, 'risks' | 'invariants' | 'targets'>,
  record: ProofRecord | undefined,
  definition: string,
): GuardedRisk[] {
  const proven = record?.definition === definition ? record.checks : {};
  const checks = [...invariants, ...targets.map((target) => ({ ...target, claim: target.claim ?? claimOf(target) }))];
  return Object.entries(risks).map(([risk, harm]) => ({
    risk,
    harm,
    guards: checks
      .filter((check) => check.risk.includes(risk))
      .map(({ name, claim, severity }) => ({
        check: name,
        claim,
        severity,
        proof: (proven[name] ?? []).length > 0 ? 'proven' : 'unproven',
      })),
  }));
}

/** The risks that nothing guards, by name. */
export function unguarded(risks: readonly GuardedRisk[]): string[] {
  return risks.filter(({ guards }) => guards.length === 0).map(({ risk }) => risk);
}

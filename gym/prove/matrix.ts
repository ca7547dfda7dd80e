import type { Severity, State } from '../events/event.ts';
import type { Outcome } from '../store/proofs.ts';

/** Where a fault is put: in the measurements of a recorded run, in the running environment, in the source; `mutant`: in the source, by rule. */
export type Tier = 'tampering' | 'environment' | 'patch' | 'mutant';

/** Something broken on purpose. */
export interface ProvingFault {
  readonly name: string;
  readonly tier: Tier;
  /** What is broken, in a few words. */
  readonly what: string;
  /** Checks that its author says notice it. */
  readonly caughtBy: readonly string[];
}

/** One check under one fault. */
export interface Cell {
  readonly check: string;
  readonly fault: string;
  readonly outcome: Outcome;
  readonly because: string;
}

/** A check as far as proving it goes. */
export interface ProvableCheck {
  readonly name: string;
  readonly kind: string;
  readonly severity: Severity;
  /** Without a fault. */
  readonly state: State;
}

/** All checks against all faults that were tried. */
export interface Matrix {
  readonly checks: readonly ProvableCheck[];
  readonly faults: readonly ProvingFault[];
  readonly cells: readonly Cell[];
}

/** The faults under which a check failed as it should, cheapest tier first; none: it is unproven. */
export function proofsOf(matrix: Matrix, check: string): string[] {
  return matrix.cells.filter((cell) => cell.check === check && cell.outcome === 'killed').map(({ fault }) => fault);
}

/** Gates that nothing has made fail: they may hold because they cannot do otherwise. */
export function unprovenGates(matrix: Matrix): string[] {
  return matrix.checks
    .filter(({ name, severity }) => severity === 'gate' && proofsOf(matrix, name).length === 0)
    .map(({ name }) => name);
}

/** Those of them that a fault may still prove: what does not hold without one cannot be made to fail by it. */
export function heldGatesUnproven(matrix: Matrix): string[] {
  return unprovenGates({ ...matrix, checks: matrix.checks.filter(({ state }) => state === 'pass') });
}

/** Faults that were to be done and did not take effect: they have shown nothing. Each with the reason. */
export function notActivated({ faults, cells }: Matrix): { readonly name: string; readonly because: string }[] {
  return faults.flatMap(({ name, tier }) => {
    const own = cells.filter(({ fault }) => fault === name);
    const [first] = own;
    if (tier === 'tampering' || first === undefined) return [];
    return own.every(({ outcome }) => outcome === 'not-activated') ? [{ name, because: first.because }] : [];
  });
}

/** Faults of the environment and the source that took effect and that no check noticed. */
export function survivors(matrix: Matrix): ProvingFault[] {
  return matrix.faults.filter(({ name, tier }) => {
    if (tier === 'tampering') return false;
    const cells = matrix.cells.filter(({ fault }) => fault === name);
    const isNoticed = cells.some(({ outcome }) => outcome === 'killed');
    return !isNoticed && cells.some(({ outcome }) => outcome === 'survived');
  });
}

/** What would prove a gate that is unproven: said from what was tried on it. */
export function hintFor(matrix: Matrix, check: ProvableCheck): string {
  if (check.state !== 'pass') return `it does not hold without a fault either (${check.state}): mend that first`;
  const tried = matrix.cells.filter((cell) => cell.check === check.name && cell.outcome === 'survived');
  if (check.kind === 'cases')
    return `add a patch to faults/ that breaks what its cases test, with a line "Caught-by: ${check.name}"`;
  if (tried.length === 0)
    return 'nothing that it looks at could be tampered with: name its samples (looksAt), or add a patch to faults/ that it should notice';
  return `it held although ${tried
    .slice(0, 3)
    .map(({ fault }) => fault)
    .join(', ')}: compare with a witness, tighten its tolerance, or add a patch to faults/ that it should notice`;
}

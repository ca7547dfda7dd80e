import { readFileSync } from 'node:fs';
import type { Verdict } from '../judge/verdict.ts';
import type { Outcome, StoredFaultRun } from '../store/proofs.ts';
import { sha256 } from '../store/sha256.ts';
import type { Task } from '../task/schema.ts';
import { faultNames, patchFault, patchFile } from '../verify/fault.ts';
import type { RunFault } from '../verify/request.ts';
import type { Cell, ProvingFault } from './matrix.ts';
import { outcomeOfState } from './tamperings.ts';

/** A fault that takes a whole run to try. */
export interface RunnableFault extends ProvingFault {
  readonly run: RunFault;
  /** Hash of what is broken: with the workspace's hash it tells whether the run would be the same again. */
  readonly hash: string;
}

/** The named patches of a task's `faults/`. Before its diff, a patch says what it breaks, and in lines `Caught-by: CHECK` who should notice. */
export function namedPatches(task: Task): RunnableFault[] {
  return faultNames(task).map((name) => {
    const text = readFileSync(patchFile(task, name), 'utf8');
    const head = text.slice(0, Math.max(0, text.search(/^(diff --git|--- )/m)));
    return {
      name,
      tier: 'patch',
      what: head.split('\n')[0]?.trim() ?? '',
      caughtBy: [...head.matchAll(/^Caught-by:\s*(\S+)/gim)].map(([, check = '']) => check),
      run: patchFault(task, name),
      hash: sha256(text),
    };
  });
}

/** What a run under a fault says of each check. One that did not hold without the fault says nothing of it: it has no cell. */
export function cellsOf(fault: string, verdict: Pick<Verdict, 'checks'>, clean: Pick<Verdict, 'checks'>): Cell[] {
  const holding = new Set(clean.checks.filter(({ state }) => state === 'pass').map(({ name }) => name));
  return verdict.checks
    .filter(({ name }) => holding.has(name))
    .map(({ name, state, because }) => ({
      check: name,
      fault,
      because: because.split('\n')[0] ?? '',
      outcome: outcomeOf(state, because),
    }));
}

/** Whether a run would say the same again: a check failed, or all held. What could not be judged may have been the machine's doing. */
export function isConclusive({ cells }: StoredFaultRun): boolean {
  return cells.some(({ outcome }) => outcome === 'killed') || cells.every(({ outcome }) => outcome === 'survived');
}

/** A stage that ran into its limit found nothing out. */
function outcomeOf(state: Verdict['state'], because: string): Outcome {
  return state === 'fail' && because.startsWith('timed out') ? 'timeout' : outcomeOfState(state);
}

/**
 * The fewest runs that may prove what is unproven: again and again the fault that says to be noticed by most of it. Faults that say nothing come
 * last, for what is still unproven then.
 */
export function cheapestCover<Fault extends ProvingFault>(
  faults: readonly Fault[],
  unproven: readonly string[],
): Fault[] {
  const open = new Set(unproven);
  const chosen: Fault[] = [];
  const covers = ({ caughtBy }: Fault): number => caughtBy.filter((check) => open.has(check)).length;
  for (;;) {
    const [best] = faults.filter((each) => !chosen.includes(each)).toSorted((a, b) => covers(b) - covers(a));
    if (best === undefined || covers(best) === 0) break;
    chosen.push(best);
    for (const check of best.caughtBy) open.delete(check);
  }
  return open.size === 0 ? chosen : [...chosen, ...faults.filter(({ caughtBy }) => caughtBy.length === 0)];
}

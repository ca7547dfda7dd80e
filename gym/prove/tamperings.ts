import { seriesText, sourceOf } from '../judge/quantity.ts';
import { commonTamperings, type SampleTampering, tampered, tamperedDocuments } from '../judge/tamper.ts';
import { truncated } from '../judge/tamper-log.ts';
import type { Outcome } from '../store/proofs.ts';
import { type Invariant, type Looked, tamperingNames } from '../task/invariant.ts';
import type { Judgement } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Cell, ProvingFault } from './matrix.ts';

const words: Record<SampleTampering, string> = {
  scale: 'its largest sample doubled',
  drop: 'its largest sample left out',
  duplicate: 'its largest sample given twice',
  swap: 'the values of two groups exchanged',
  reorder: 'its samples the other way round',
  constant: 'all values the same',
  empty: 'no sample at all',
  nan: 'no number',
  stale: 'of another run',
  missing: 'not read',
  inflate: 'all values a thousand times as large',
  deflate: 'all values a thousand times as small',
};
const isOfSamples = (name: string): name is SampleTampering => Object.hasOwn(words, name);
const ways: readonly SampleTampering[] = [...tamperingNames, 'inflate', 'deflate', ...commonTamperings].filter(
  isOfSamples,
);

/** What tampering with the evidence of a recorded run gave. */
export interface Tampered {
  readonly faults: readonly ProvingFault[];
  readonly cells: readonly Cell[];
}

/**
 * Tampers with everything that the checks look at, in every way, and judges each check again: no container is started. A check that does not
 * look at what is tampered with has no cell. Logs that are cut are written to `scratch`.
 */
export function tamperAll(invariants: readonly Invariant[], evidence: Evidence, scratch: string): Tampered {
  const faults: ProvingFault[] = [];
  const cells: Cell[] = [];
  for (const { name, what, changed, covers } of changesOf(invariants, evidence, scratch)) {
    faults.push({ name, tier: 'tampering', what, caughtBy: [] });
    for (const invariant of invariants.filter(covers)) {
      cells.push({ check: invariant.name, fault: name, ...outcomeOf(invariant, changed) });
    }
  }
  return { faults, cells };
}

/** One way of tampering with one thing. */
interface Change {
  readonly name: string;
  readonly what: string;
  /** `null`: there is nothing that could be changed so. */
  readonly changed: Evidence | null;
  readonly covers: (invariant: Invariant) => boolean;
}

function* changesOf(invariants: readonly Invariant[], evidence: Evidence, scratch: string): Generator<Change> {
  for (const looked of lookedAt(invariants)) {
    for (const how of ways) {
      if (how === 'reorder' && !isOrdered(invariants, looked)) continue;
      yield {
        name: `${how} ${seriesText(looked)}`,
        what: `${looked.metric}: ${words[how]}`,
        changed: tampered(evidence, looked, how),
        covers: ({ looksAt }) => looksAt.some(({ metric }) => metric === looked.metric),
      };
    }
  }
  const sources = new Set(invariants.flatMap((each) => each.sources));
  for (const source of sources) {
    if (evidence.readings.get(source)?.documents === undefined) continue;
    for (const how of ['damage', 'empty', 'stale', 'missing'] as const) {
      yield {
        name: `${how} documents of ${source}`,
        what: `${source}: ${how === 'damage' ? 'one record emptied' : words[how]}`,
        changed: tamperedDocuments(evidence, source, how),
        covers: (each) => each.sources.includes(source),
      };
    }
  }
  for (const service of new Set(invariants.flatMap((each) => each.services))) {
    for (const keep of ['half', 'nothing'] as const) {
      yield {
        name: `cut log of ${service} to ${keep}`,
        what: `log of ${service}: ${keep === 'half' ? 'its second half is missing' : 'it is empty'}`,
        changed: truncated(evidence, service, keep, scratch),
        covers: (each) => each.services.includes(service),
      };
    }
  }
}

/** Where no check says that order matters, another order is no fault. */
function isOrdered(invariants: readonly Invariant[], { metric }: Looked): boolean {
  return invariants.some(
    ({ looksAt, notices }) => notices.includes('reorder') && looksAt.some((each) => each.metric === metric),
  );
}

/** Everything that is looked at, once. */
function lookedAt(invariants: readonly Invariant[]): Looked[] {
  const all = invariants.flatMap(({ looksAt }) => looksAt);
  return [...new Map(all.map((looked) => [seriesText(looked), looked])).values()];
}

function outcomeOf(invariant: Invariant, changed: Evidence | null): { outcome: Outcome; because: string } {
  if (changed === null) return { outcome: 'not-activated', because: 'there is nothing that could be changed so' };
  const { state, because } = invariant.judge(changed);
  return { outcome: outcomeOfState(state), because };
}

/** Only a failure is a kill: what could not be judged noticed nothing. */
export function outcomeOfState(state: Judgement['state']): Outcome {
  if (state === 'fail') return 'killed';
  return state === 'pass' || state === 'waived' ? 'survived' : 'unknown';
}

/**
 * The sources that a check believes: when all that it looks at is off in the same way, it still holds. `undefined`: even then it notices.
 * What is in the list and no witness has to be trusted.
 */
export function trustBoundary(invariant: Invariant, evidence: Evidence): string[] | undefined {
  const scaled = new Set<string>();
  let together: Evidence = evidence;
  for (const { metric } of invariant.looksAt) {
    if (scaled.has(metric)) continue;
    scaled.add(metric);
    together = doubledEverywhere(together, metric);
  }
  if (scaled.size === 0 || invariant.judge(together).state !== 'pass') return undefined;
  return [...new Set([...scaled].map((metric) => sourceOf({ metric })))];
}

function doubledEverywhere(evidence: Evidence, metric: string): Evidence {
  const source = sourceOf({ metric });
  const reading = evidence.readings.get(source);
  if (reading === undefined) return evidence;
  const name = metric.slice(source.length + 1);
  const samples = reading.samples.map((sample) =>
    sample.metric === name
      ? { ...sample, value: typeof sample.value === 'bigint' ? sample.value * 2n : sample.value * 2 }
      : sample,
  );
  return { ...evidence, readings: new Map([...evidence.readings, [source, { ...reading, samples }]]) };
}

import type { Death } from '../environment/environment.ts';
import type { Result } from '../events/problem.ts';
import { listText, shareText } from '../judge/text.ts';
import type { Invariant } from '../task/invariant.ts';
import type { Judgement } from '../task/judgement.ts';
import type { Evidence, Sample } from '../task/measurement.ts';
import type { ArmName } from './arm.ts';

/** What to do with the candidate. */
export type Call = 'go on' | 'roll back' | 'cannot tell';

/** What one service level came to, for each of the builds, by all that was counted. */
export interface Watched {
  readonly slo: string;
  readonly candidate: Pick<Judgement, 'state' | 'because'>;
  readonly baseline: Pick<Judgement, 'state' | 'because'>;
}

/** How a canary ended. */
export interface CanaryEnd {
  readonly call: Call;
  readonly because: string;
  readonly slos: readonly Watched[];
  /** Slices that were counted. */
  readonly slices: number;
  readonly endedEarly: boolean;
}

/** One slice of the load on both builds at the same time. */
export interface Slice {
  readonly baseline: Result<readonly Sample[]>;
  readonly candidate: Result<readonly Sample[]>;
}

/** What a canary is tried with. */
export interface CanaryRequest {
  /** The load's name among the task's measurements: what the invariants call it. */
  readonly load: string;
  readonly slos: readonly Invariant[];
  readonly slices: number;
  /** Makes a slice of the load, on both at the same time. */
  readonly makeSlice: (number: number) => Promise<Slice>;
  /** Services that died. */
  readonly deaths: (arm: ArmName) => readonly Death[];
  readonly onSlice: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Slices in a row that are broken, each by itself: one alone is broken by chance too often. */
const inARow = 2;

/**
 * Tries the candidate beside the baseline in slices of the same load. It is rolled back early where a service level is broken in two slices in
 * a row, each by itself, and not so by the baseline; else all slices together decide.
 *
 *     slice ──► broken twice in a row, or a service died ──► roll back
 *       ▲  │
 *       └──┴─ after the last one ──► go on | roll back | cannot tell
 */
export async function runCanary(request: CanaryRequest): Promise<CanaryEnd> {
  const { slices, makeSlice, deaths, onSlice, signal } = request;
  const all: Record<ArmName, Sample[]> = { baseline: [], candidate: [] };
  const row = new Map<string, number>();
  let counted = 0;
  let lost = 'no slice of the load was made';
  const end = (call: Call, because: string, endedEarly: boolean): CanaryEnd => {
    const watched = counted === 0 ? [] : watch(request, all);
    return { call, because, slos: watched, slices: counted, endedEarly };
  };
  for (let number = 0; number < slices && !signal.aborted; number += 1) {
    const slice = await makeSlice(number);
    const died = deaths('candidate');
    if (died.length > 0 && deaths('baseline').length === 0)
      return end('roll back', `${listText(died.map(({ service }) => service))} died`, true);
    const { baseline, candidate } = slice;
    if (!baseline.ok || !candidate.ok) {
      const failure = baseline.ok ? candidate : baseline;
      lost = failure.ok ? lost : failure.problems[0].message;
      onSlice(`slice ${number + 1} of ${slices} does not count: ${lost}`);
      continue;
    }
    counted += 1;
    for (const sample of baseline.value) all.baseline.push(sample);
    for (const sample of candidate.value) all.candidate.push(sample);
    const now = watch(request, { baseline: baseline.value, candidate: candidate.value });
    const broken = now.filter(isBroken);
    for (const { slo } of now) row.set(slo, broken.some((each) => each.slo === slo) ? (row.get(slo) ?? 0) + 1 : 0);
    onSlice(
      `slice ${number + 1} of ${slices}: ${broken.length === 0 ? 'nothing broken' : listText(broken.map(brokenText))}`,
    );
    const clear = now.find(({ slo }) => (row.get(slo) ?? 0) >= inARow);
    if (clear !== undefined) return end('roll back', `${brokenText(clear)}, twice in a row`, number + 1 < slices);
  }
  if (counted === 0) return end('cannot tell', lost, false);
  const { call, because } = callOf(watch(request, all));
  // Most of it has to have been there to be called good.
  if (call === 'go on' && counted < slices / 2)
    return end('cannot tell', `${shareText(counted, slices, 'slice')} counted: ${lost}`, false);
  return end(call, because, false);
}

/** What the service levels come to. A level that the baseline breaks as well is not the candidate's doing. */
export function callOf(watched: readonly Watched[]): { readonly call: Call; readonly because: string } {
  const broken = watched.find(isBroken);
  if (broken !== undefined) return { call: 'roll back', because: brokenText(broken) };
  const both = watched.find(({ candidate }) => candidate.state === 'fail' || candidate.state === 'error');
  if (both !== undefined)
    return { call: 'cannot tell', because: `${both.slo} is broken by the baseline as well: ${both.candidate.because}` };
  const open = watched.find(({ candidate }) => candidate.state !== 'pass');
  if (open !== undefined) return { call: 'cannot tell', because: `${open.slo}: ${open.candidate.because}` };
  return { call: 'go on', because: `${listText(watched.map(({ slo }) => slo))} held` };
}

const isBroken = ({ baseline, candidate }: Watched): boolean => candidate.state === 'fail' && baseline.state !== 'fail';
const brokenText = ({ slo, candidate }: Watched): string => `${slo} does not hold: ${candidate.because}`;

function watch({ load, slos }: CanaryRequest, samples: Readonly<Record<ArmName, readonly Sample[]>>): Watched[] {
  const [baseline, candidate] = [evidenceOf(load, samples.baseline), evidenceOf(load, samples.candidate)];
  return slos.map((slo) => ({ slo: slo.name, baseline: seen(slo, baseline), candidate: seen(slo, candidate) }));
}

function seen(slo: Invariant, evidence: Evidence): Watched['candidate'] {
  const { state, because } = slo.judge(evidence);
  return { state, because };
}

function evidenceOf(source: string, samples: readonly Sample[]): Evidence {
  return { readings: new Map([[source, { source, witness: false, samples }]]), logs: new Map() };
}

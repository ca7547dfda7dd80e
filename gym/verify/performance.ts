import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import { ok, problemsText, type Result } from '../events/problem.ts';
import { loadSamples, runLoadPlan } from '../evidence/load.ts';
import { writeAtomically } from '../store/store.ts';
import type { Arm, Arms, Place } from '../target/arm.ts';
import { type CanaryEnd, runCanary, type Slice } from '../target/canary.ts';
import { judgeTargets, unjudgedTargets } from '../target/judge.ts';
import { emptyRatchet, parseRatchet, type Ratchets, ratchetFile, readRatchet } from '../target/ratchet.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Sample } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import { type Canary, canaryCheck } from '../task/target.ts';
import { type Commit, readCommitted } from '../workspace/commit.ts';
import type { BaselineBuild } from './baseline.ts';
import type { VerifyRequest } from './request.ts';

/** The builds that are up, as far as they came. */
export interface Builds {
  readonly environment: Environment;
  /** Folder of the snapshot. */
  readonly directory: string;
  /** `undefined`: none was needed. */
  readonly baseline: Result<BaselineBuild> | undefined;
  readonly commit: Result<Commit> | undefined;
  /** Whether all stages have passed: what does not work is not measured. */
  readonly isGreen: boolean;
}

const armsOf = ({ environment, directory, baseline }: Builds): Arms => {
  const candidate: Arm = { environment, hostDirectory: directory };
  return baseline?.ok ? { candidate, baseline: baseline.value } : { candidate };
};

/** Judges a task's targets on the builds that are up. */
export async function judgePerformance(
  { task }: VerifyRequest,
  builds: Builds,
  place: Place,
  again: string,
): Promise<CheckResult[]> {
  const { targets } = task;
  if (!builds.isGreen) return unjudgedTargets(targets, 'not measured: not every stage passed', again);
  const ratchet = await ratchets(task, builds);
  const { baseline } = builds;
  const noBaseline = baseline?.ok === false ? problemsText(baseline.problems) : 'there is no build of the baseline';
  const limitSeconds = task.limits.targetSeconds;
  return judgeTargets(targets, {
    arms: armsOf(builds),
    place,
    noBaseline,
    ratchet,
    limitSeconds,
    again,
  });
}

/** What the ratchet has in the snapshot, and what it had at the baseline. */
async function ratchets({ targets }: Task, { directory, commit }: Builds): Promise<Result<Ratchets>> {
  const isNeeded = targets.some(({ against }) => against.kind === 'ratchet');
  if (!isNeeded || commit === undefined) return ok({ own: emptyRatchet, baseline: emptyRatchet });
  if (!commit.ok) return commit;
  const own = readRatchet(directory);
  if (!own.ok) return own;
  const text = await readCommitted(commit.value, ratchetFile);
  if (!text.ok) return text;
  const before = parseRatchet(text.value, `${commit.value.name}:${ratchetFile}`);
  return before.ok ? ok({ own: own.value, baseline: before.value }) : before;
}

/** Slices that a canary's time is cut into, none shorter than two seconds. */
const mostSlices = 12;
const leastSliceSeconds = 2;

/** The canary of a run, kept as `canary.json` in its folder. What did not come up is not tried. */
export async function canaryOf({ canary, ...task }: Task, builds: Builds, place: Place): Promise<CanaryEnd> {
  const { baseline, candidate } = armsOf(builds);
  const end =
    canary === undefined || baseline === undefined
      ? untried(builds)
      : await tryCanary(task, canary, { candidate, baseline }, place);
  const record = { schema: 'gym.canary/1', run: place.run, ...end };
  writeAtomically(join(place.runDirectory, 'canary.json'), `${JSON.stringify(record, null, 1)}\n`);
  return end;
}

function untried({ isGreen, baseline }: Builds): CanaryEnd {
  const missing = baseline?.ok === false ? problemsText(baseline.problems) : 'there is no build of the baseline';
  const because = isGreen ? missing : 'not tried: not every stage passed';
  return { call: 'cannot tell', because, slos: [], slices: 0, endedEarly: true };
}

/** Tries the candidate beside the baseline under the load that the task's canary names. */
async function tryCanary(
  task: Omit<Task, 'canary'>,
  canary: Canary,
  arms: Required<Arms>,
  place: Place,
): Promise<CanaryEnd> {
  const slices = Math.max(2, Math.min(mostSlices, Math.floor(canary.seconds / leastSliceSeconds)));
  const seconds = canary.seconds / slices;
  const makeSlice = async (number: number): Promise<Slice> => {
    const [baseline, candidate] = await Promise.all(
      (['baseline', 'candidate'] as const).map((arm) => {
        const load = { ...sliceOf(task, canary, number, seconds), name: `canary-${number + 1}-${arm}` };
        return loadSlice(arms[arm], load, place);
      }),
    );
    if (baseline === undefined || candidate === undefined) throw new Error('unreachable');
    return { baseline, candidate };
  };
  return runCanary({
    load: canary.load,
    slos: task.invariants.filter(({ name }) => canary.slos.includes(name)),
    slices,
    makeSlice,
    deaths: (arm) => arms[arm].environment.deaths(),
    onSlice: (text) => place.emit({ type: 'noted', text: `canary: ${text}` }),
    signal: place.signal,
  });
}

/** The load of the task at the canary's rate, for the time of a slice. Both builds get the same arrivals. */
function sliceOf(
  { measurements }: Pick<Task, 'measurements'>,
  { load, perSecond }: Canary,
  number: number,
  seconds: number,
) {
  const source = measurements[load];
  if (source?.kind !== 'load') throw new Error(`${load} is no load`);
  const plan = { ...source.plan, phases: [{ seconds, perSecond }], warmUpSeconds: 0, seed: source.plan.seed + number };
  return { network: source.network, plan };
}

async function loadSlice(
  { environment }: Arm,
  { name, ...source }: ReturnType<typeof sliceOf> & { readonly name: string },
  { runDirectory, signal }: Place,
): Promise<Result<readonly Sample[]>> {
  const file = join(runDirectory, 'canary', `${name}.ndjson`);
  const made = await runLoadPlan(source, environment, { name, file, signal });
  return made.ok ? loadSamples(made.value, source.plan.seed) : made;
}

const states = { 'go on': 'pass', 'roll back': 'fail', 'cannot tell': 'unknown' } as const;

/** A canary's end as a check of the verdict. */
export function canaryResult({ call, because, slos }: CanaryEnd, again: string): CheckResult {
  const broken = slos.filter(({ candidate }) => candidate.state === 'fail').length;
  const isJudged = call !== 'cannot tell';
  const isGood = call === 'go on';
  return {
    name: canaryCheck,
    kind: 'canary',
    claim: 'beside the baseline and under the same load, this build keeps its service levels',
    severity: 'gate',
    risk: [],
    again,
    state: states[call],
    because: `${call}, as ${because}`,
    margin: isJudged ? 0 - (isGood ? 0 : Math.max(1, broken)) : null,
    distance: isJudged ? (isGood ? 0 : Math.max(1, broken) / Math.max(1, slos.length)) : null,
    unit: isJudged ? 'count' : null,
    parts: [],
    evidence: [{ what: 'what the canary saw', place: { file: 'canary.json' } }],
  };
}

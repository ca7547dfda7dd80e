import { join } from 'node:path';
import { readLoad, runLoadPlan } from '../evidence/load.ts';
import { shareText, verbFor } from '../judge/text.ts';
import type { LoadMeasure, Measure } from '../task/target.ts';
import type { Arm, Place } from './arm.ts';
import { measureCommand } from './command.ts';
import { type Measured, notMeasured } from './measured.ts';

/** Measures one build once. `plantedMs`: a command waits so long before it is over. */
export function measureOnce(measure: Measure, arm: Arm, place: Place, plantedMs?: number): Promise<Measured> {
  return measure.kind === 'command' ? measureCommand(measure, arm, place, plantedMs) : measureLoad(measure, arm, place);
}

/** A share of wrong answers that is borne: of more, the latencies of the right ones say too little. */
const bearableShare = 0.01;

let loads = 0;

async function measureLoad({ gives, ...source }: LoadMeasure, { environment }: Arm, place: Place): Promise<Measured> {
  loads += 1;
  const name = `target-${loads}`;
  const file = join(place.runDirectory, 'targets', 'loads', `${name}.ndjson`);
  const made = await runLoadPlan(source, environment, { name, file, signal: place.signal });
  if (!made.ok) return notMeasured(made.problems[0].message);
  const read = readLoad(made.value);
  if (!read.ok) return notMeasured(read.problems[0].message, 'may pass');
  const { counts, latencyMs } = read.value.summary;
  // What was lost is in the latencies.
  const failures = counts.arrivals - counts.answered - counts.dropped - (counts.errors.timeout ?? 0);
  if (latencyMs === null || failures > bearableShare * counts.arrivals)
    return notMeasured(
      `${shareText(failures, counts.arrivals, 'request')} ${verbFor(failures, 'was', 'were')} not answered rightly`,
    );
  if (gives !== 'throughput') return { ok: true, value: latencyMs[gives] };
  return { ok: true, value: counts.answered / countedSeconds(source.plan) };
}

function countedSeconds({ phases, warmUpSeconds }: LoadMeasure['plan']): number {
  return phases.reduce((sum, { seconds }) => sum + seconds, 0) - warmUpSeconds;
}

import { failed, ok, type Result } from '../events/problem.ts';
import type { Sample } from '../task/measurement.ts';
import type { Found, ReadSource } from './reader.ts';

/** Whether a sample is of a counter: what counts is by how much it grew. */
export type IsCounter = (sample: Sample) => boolean;

/**
 * Reads a source whose counters are to be compared: now, and again when asked for. A counter that was not there before began at zero; one
 * that ran backwards, or is gone, was begun anew in between, and what it counted until then is lost.
 */
export async function beginDifference(read: ReadSource, isCounter: IsCounter): Promise<ReadSource> {
  const before = await read();
  return async () => {
    const after = await read();
    if (!after.ok) return after;
    if (!before.ok) return before;
    const grown = difference(before.value.samples, after.value.samples, isCounter);
    return grown.ok ? ok<Found>({ ...after.value, samples: grown.value }) : grown;
  };
}

/** The samples after, with counters as what they grew by. */
export function difference(
  before: readonly Sample[],
  after: readonly Sample[],
  isCounter: IsCounter,
): Result<Sample[]> {
  const stood = new Map(before.filter(isCounter).map((sample) => [seriesOf(sample), sample]));
  const grown: Sample[] = [];
  for (const sample of after) {
    if (!isCounter(sample)) {
      grown.push(sample);
      continue;
    }
    const series = seriesOf(sample);
    const then = stood.get(series);
    stood.delete(series);
    const value = then === undefined ? sample.value : less(sample.value, then.value);
    if (value < 0) return backwards(sample, `ran backwards, from ${then?.value} to ${sample.value}`);
    grown.push({ ...sample, value });
  }
  const [lost] = stood.values();
  return lost === undefined ? ok(grown) : backwards(lost, 'is gone');
}

function less(from: bigint | number, what: bigint | number): bigint | number {
  return typeof from === 'bigint' && typeof what === 'bigint' ? from - what : Number(from) - Number(what);
}

function backwards(sample: Sample, what: string): Result<never> {
  const message = `the counter ${seriesOf(sample)} ${what} during the stage: who keeps it was started again`;
  return failed({ kind: 'evidence', message });
}

/** `requests{code="200"}`: a metric with its labels in the order of their names. */
function seriesOf({ metric, labels }: Sample): string {
  const names = Object.keys(labels).sort();
  return names.length === 0 ? metric : `${metric}{${names.map((name) => `${name}="${labels[name]}"`).join(',')}}`;
}

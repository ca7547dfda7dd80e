import type { Sample } from '../task/measurement.ts';

/** A sample whose moment is known. */
export type TimedSample = Sample & { readonly atMs: number };

/** Samples with their moments, the earliest first; of one moment, in the order of the reading. Null where one has no moment. */
export function timed(samples: readonly Sample[]): readonly TimedSample[] | null {
  if (!samples.every(isTimed)) return null;
  const isInOrder = samples.every(({ atMs }, index) => index === 0 || (samples[index - 1]?.atMs ?? 0) <= atMs);
  return isInOrder ? samples : samples.toSorted((a, b) => a.atMs - b.atMs);
}

/** In the order of time where it is given, else of the reading. Null where only some of them have a moment. */
export function inOrder(samples: readonly Sample[]): readonly Sample[] | null {
  return samples.some(isTimed) ? timed(samples) : samples;
}

function isTimed(sample: Sample): sample is TimedSample {
  return sample.atMs !== undefined;
}

/** A sample as a person finds it again: `worker=w1, channel=tcp at 2030-01-31T12:00:00.250Z`, or by its number, from 1. */
export function sampleText({ labels, atMs }: Sample, number: number): string {
  const told = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const name = told.length === 0 ? `sample ${number}` : told.join(', ');
  return atMs === undefined ? name : `${name} at ${timeText(atMs)}`;
}

/** A moment; what is no date (a clock of its own, from zero on) is told in milliseconds. */
export function timeText(atMs: number): string {
  // Before 2001 it is a clock that does not count from 1970.
  const isDate = atMs >= 1e12 && atMs < 8.64e15;
  return isDate ? new Date(atMs).toISOString() : `${Number(atMs.toFixed(3))} ms`;
}

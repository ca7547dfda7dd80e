import type { Looked, TamperingName } from '../task/invariant.ts';
import type { Evidence, Reading, Sample } from '../task/measurement.ts';
import { sourceOf } from './quantity.ts';
import { selectSamples } from './select.ts';

/** What every check must notice, whatever its kind: nothing there, no number, of another run, not read at all. */
export const commonTamperings = ['empty', 'nan', 'stale', 'missing'] as const;
type CommonTampering = (typeof commonTamperings)[number];

/** Ways of tampering with samples. `damage` is for documents; `truncate` for logs (tamper-log.ts). */
export type SampleTampering = Exclude<TamperingName, 'truncate' | 'damage'> | CommonTampering | 'inflate' | 'deflate';

/** All values are so many times as large, or as small: beyond any limit that says something. */
const beyond = 1024;

/**
 * The evidence with the samples that a check looks at tampered with in one way; `null`: there is nothing to be tampered with so, as a swap of
 * one group. Pure: the given evidence stays as it is.
 */
export function tampered(evidence: Evidence, looked: Looked, how: SampleTampering): Evidence | null {
  const source = sourceOf({ metric: looked.metric });
  const reading = evidence.readings.get(source);
  if (reading === undefined) return null;
  if (how === 'missing') return withReading(evidence, { ...reading, samples: [], problem: 'it was taken away' });
  if (how === 'stale') return withReading(evidence, { ...reading, nonce: `not ${evidence.nonce}` });
  const metric = looked.metric.slice(source.length + 1);
  const chosen = selectSamples(reading, metric, looked.where);
  const changed = chosen.length === 0 ? null : change(chosen, looked.by, how);
  return changed === null ? null : withReading(evidence, { ...reading, samples: replaced(reading, chosen, changed) });
}

/** Ways of tampering with the documents of a source. */
export type DocumentTampering = 'damage' | Exclude<CommonTampering, 'nan'>;

/**
 * The evidence with a source's documents tampered with; `null`: it has none. `damage`: the first one has lost what it held (each field is null,
 * and what is no object is null itself).
 */
export function tamperedDocuments(evidence: Evidence, source: string, how: DocumentTampering): Evidence | null {
  const reading = evidence.readings.get(source);
  const [first, ...others] = reading?.documents ?? [];
  if (reading === undefined || first === undefined) return null;
  switch (how) {
    case 'missing':
      return withReading(evidence, { ...reading, documents: [], problem: 'it was taken away' });
    case 'stale':
      return withReading(evidence, { ...reading, nonce: `not ${evidence.nonce}` });
    case 'empty':
      return withReading(evidence, { ...reading, documents: [] });
    case 'damage':
      return withReading(evidence, { ...reading, documents: [{ ...first, value: emptied(first.value) }, ...others] });
  }
}

function emptied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.keys(value).map((key) => [key, null]));
}

/** The evidence with so much added to the value of the largest sample that a check looks at: to find the least that it notices. */
export function shifted(evidence: Evidence, looked: Looked, amount: number): Evidence | null {
  const source = sourceOf({ metric: looked.metric });
  const reading = evidence.readings.get(source);
  if (reading === undefined) return null;
  const chosen = selectSamples(reading, looked.metric.slice(source.length + 1), looked.where);
  const largest = largestOf(chosen);
  if (largest === undefined || largest.unit === 'hash') return null;
  const { value } = largest;
  const moved = typeof value === 'bigint' ? value + BigInt(Math.round(amount)) : value + amount;
  const changed = chosen.map((sample) => (sample === largest ? { ...sample, value: moved } : sample));
  return withReading(evidence, { ...reading, samples: replaced(reading, chosen, changed) });
}

function withReading(evidence: Evidence, reading: Reading): Evidence {
  return { ...evidence, readings: new Map([...evidence.readings, [reading.source, reading]]) };
}

/** The changed samples stand where the first of the chosen ones stood. */
function replaced({ samples }: Reading, chosen: readonly Sample[], changed: readonly Sample[]): Sample[] {
  const out = new Set(chosen);
  const at = samples.findIndex((sample) => out.has(sample));
  const isOther = (sample: Sample): boolean => !out.has(sample);
  return [...samples.slice(0, at).filter(isOther), ...changed, ...samples.slice(at).filter(isOther)];
}

function change(
  chosen: readonly Sample[],
  by: readonly string[],
  how: Exclude<SampleTampering, 'missing' | 'stale'>,
): readonly Sample[] | null {
  const largest = largestOf(chosen);
  if (largest === undefined) return null;
  switch (how) {
    case 'empty':
      return [];
    case 'nan':
      return chosen.map((sample) => (sample === largest ? { ...sample, value: Number.NaN } : sample));
    case 'scale':
      return chosen.map((sample) => (sample === largest ? { ...sample, value: times(sample.value, 2) } : sample));
    case 'inflate':
      return chosen.map((sample) => ({ ...sample, value: times(sample.value, beyond) }));
    case 'deflate':
      return chosen.map((sample) => ({ ...sample, value: dividedBy(sample.value, beyond) }));
    case 'drop':
      return chosen.filter((sample) => sample !== largest);
    case 'duplicate':
      return chosen.flatMap((sample) => (sample === largest ? [sample, { ...sample }] : sample));
    case 'reorder':
      return chosen.length < 2 ? null : reversedInTime(chosen);
    case 'constant':
      return chosen.every(({ value }) => value === largest.value)
        ? null
        : chosen.map((sample) => ({ ...sample, value: largest.value }));
    case 'swap':
      return swapped(chosen, by, largest);
  }
}

/** Of several that are as large, the first. */
function largestOf(samples: readonly Sample[]): Sample | undefined {
  return samples.reduce<Sample | undefined>(
    (most, sample) => (most === undefined || sample.value > most.value ? sample : most),
    undefined,
  );
}

/** Nothing becomes something. */
function times(value: bigint | number, factor: number): bigint | number {
  if (typeof value === 'bigint') return value === 0n ? 1n : value * BigInt(factor);
  return value === 0 ? 1 : value * factor;
}

function dividedBy(value: bigint | number, factor: number): bigint | number {
  return typeof value === 'bigint' ? value / BigInt(factor) : value / factor;
}

/** The last comes first, at the moment of the first. */
function reversedInTime(samples: readonly Sample[]): Sample[] {
  return samples.map((sample, index) => {
    const { labels, value } = samples[samples.length - 1 - index] ?? sample;
    return { ...sample, labels, value };
  });
}

/** The largest sample's value changes places with that of one in another group. */
function swapped(samples: readonly Sample[], by: readonly string[], largest: Sample): Sample[] | null {
  const isOfAnotherGroup = ({ labels }: Sample): boolean => by.some((label) => labels[label] !== largest.labels[label]);
  const other = samples.find((sample) => isOfAnotherGroup(sample) && sample.value !== largest.value);
  if (other === undefined) return null;
  return samples.map((sample) => {
    if (sample === largest) return { ...sample, value: other.value };
    return sample === other ? { ...sample, value: largest.value } : sample;
  });
}

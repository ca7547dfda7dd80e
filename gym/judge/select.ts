import type { Reading, Sample } from '../task/measurement.ts';

type Where = Readonly<Record<string, string | readonly string[]>>;

/** What a reading has been asked for: a thousand checks over a million samples must not look at each of them a thousand times. */
interface Index {
  readonly byMetric: ReadonlyMap<string, readonly Sample[]>;
  /** By metric and label, then by the label's value. */
  readonly byLabel: Map<string, ReadonlyMap<string, readonly Sample[]>>;
}

const indexes = new WeakMap<Reading, Index>();

/** A metric's samples that have all these labels, in the order of the reading. */
export function selectSamples(reading: Reading, metric: string, where: Where): readonly Sample[] {
  const index = indexOf(reading);
  const labels = Object.keys(where);
  const narrowed = labels.flatMap((label) => {
    const [wanted, ...more] = [where[label] ?? []].flat();
    // Of several values the order would be lost.
    return wanted === undefined || more.length > 0 ? [] : [byLabel(index, metric, label).get(wanted) ?? []];
  });
  const fewest = narrowed.reduce<readonly Sample[]>(
    (few, each) => (each.length < few.length ? each : few),
    index.byMetric.get(metric) ?? [],
  );
  const isAllOfThem = labels.length === narrowed.length && labels.length <= 1;
  return isAllOfThem ? fewest : fewest.filter((sample) => matches(sample, where));
}

function indexOf(reading: Reading): Index {
  const known = indexes.get(reading);
  if (known !== undefined) return known;
  const index = { byMetric: grouped(reading.samples, ({ metric }) => metric), byLabel: new Map() };
  indexes.set(reading, index);
  return index;
}

function byLabel(index: Index, metric: string, label: string): ReadonlyMap<string, readonly Sample[]> {
  const key = JSON.stringify([metric, label]);
  const known = index.byLabel.get(key);
  if (known !== undefined) return known;
  const made = grouped(index.byMetric.get(metric) ?? [], ({ labels }) => labels[label] ?? '');
  index.byLabel.set(key, made);
  return made;
}

/** As `Map.groupBy`, in two passes: lists that grow leave several times their size behind. */
function grouped(
  samples: readonly Sample[],
  keyOf: (sample: Sample) => string,
): ReadonlyMap<string, readonly Sample[]> {
  const sizes = new Map<string, number>();
  for (const sample of samples) {
    const key = keyOf(sample);
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  const groups = new Map([...sizes].map(([key, size]) => [key, { list: new Array<Sample>(size), filled: 0 }]));
  for (const sample of samples) {
    const group = groups.get(keyOf(sample));
    if (group !== undefined) group.list[group.filled++] = sample;
  }
  return new Map([...groups].map(([key, { list }]) => [key, list]));
}

function matches({ labels }: Sample, where: Where): boolean {
  for (const label in where) {
    const wanted = where[label];
    const value = labels[label] ?? '';
    if (typeof wanted === 'string' ? wanted !== value : !wanted?.includes(value)) return false;
  }
  return true;
}

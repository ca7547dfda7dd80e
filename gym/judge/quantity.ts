import { z } from 'zod';
import type { Evidence, Sample, Unit } from '../task/measurement.ts';

const whereSchema = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]));

/** A value computed from samples: which metric, which samples of it, reduced how, and in which groups. */
export const quantitySchema = z.strictObject({
  /** `source.metric`: the name of a measurement or witness of the task, a dot, the metric that it gives. */
  metric: z.string().regex(/^[^.]+\..+$/, 'a metric is named source.metric, as in workers.sent_bytes'),
  reduce: z.enum(['sum', 'max', 'min', 'count']),
  /** Only samples with these labels; a list means any of them. */
  where: whereSchema.default({}),
  /** Labels that make the groups; none: everything is one group. */
  by: z.array(z.string()).default([]),
});
export type Quantity = z.infer<typeof quantitySchema>;

type Selection = Partial<Pick<z.input<typeof quantitySchema>, 'where' | 'by'>>;

const reducer =
  (reduce: Quantity['reduce']) =>
  (metric: string, selection: Selection = {}): Quantity => ({
    metric,
    reduce,
    where: selection.where ?? {},
    by: selection.by ?? [],
  });

/** Sum of a metric's samples, per group. */
export const sum = reducer('sum');
/** Largest of a metric's samples, per group. */
export const max = reducer('max');
/** Smallest of a metric's samples, per group. */
export const min = reducer('min');
/** Number of a metric's samples, per group. */
export const count = reducer('count');

/** A quantity's value in one group. `samples` says how many it was made of. */
export interface GroupValue {
  readonly value: bigint | number;
  readonly samples: number;
}

/** A quantity after reading: its value by group, or why there is none. */
export type Resolved =
  | { readonly state: 'ok'; readonly unit: Unit; readonly groups: ReadonlyMap<string, GroupValue> }
  | { readonly state: 'unknown' | 'vacuous'; readonly because: string };

/** The name of the only group of a quantity without `by`. */
export const wholeGroup = 'all';

/** Computes a quantity. Missing producer: unknown. No sample: vacuous. NaN, units mixed, or a sample in no group: unknown. */
export function resolve(quantity: Quantity, evidence: Evidence): Resolved {
  const [source = '', metric = ''] = split(quantity.metric);
  const reading = evidence.readings.get(source);
  if (reading === undefined) return { state: 'unknown', because: `nothing was read from ${source}` };
  if (reading.problem !== undefined) return { state: 'unknown', because: `${source}: ${reading.problem}` };
  const samples = reading.samples.filter((sample) => sample.metric === metric && matches(sample, quantity.where));
  const [first] = samples;
  if (first === undefined) return { state: 'vacuous', because: `${quantityText(quantity)} has no sample` };
  const odd = samples.find((sample) => typeof sample.value === 'number' && !Number.isFinite(sample.value));
  if (odd !== undefined) return { state: 'unknown', because: `${quantity.metric} holds ${odd.value}` };
  if (samples.some((sample) => sample.unit !== first.unit)) {
    return { state: 'unknown', because: `${quantity.metric} mixes units` };
  }
  // A misspelt label would put everything into one group, and the check would hold for less than it says.
  const unlabelled = quantity.by.find((label) => samples.some((sample) => sample.labels[label] === undefined));
  if (unlabelled !== undefined) {
    return { state: 'unknown', because: `${quantityText(quantity)} has samples without a label ${unlabelled}` };
  }
  const grouped = Map.groupBy(samples, (sample) => groupOf(sample, quantity.by));
  const groups = new Map([...grouped].map(([group, members]) => [group, reduceGroup(quantity.reduce, members)]));
  const overflown = [...groups.values()].find(({ value }) => typeof value === 'number' && !Number.isFinite(value));
  if (overflown !== undefined) return { state: 'unknown', because: `${quantityText(quantity)} is ${overflown.value}` };
  return { state: 'ok', unit: quantity.reduce === 'count' ? 'count' : first.unit, groups };
}

/** The source of a metric: what stands before its first dot. */
export function sourceOf(quantity: Quantity): string {
  return split(quantity.metric)[0] ?? '';
}

/** A quantity as a person writes it: `sum(workers.sent_bytes{channel=tcp} by worker)`. */
export function quantityText(quantity: Quantity): string {
  const where = Object.entries(quantity.where).map(([label, value]) => `${label}=${[value].flat().join('|')}`);
  const selected = where.length === 0 ? '' : `{${where.join(',')}}`;
  const by = quantity.by.length === 0 ? '' : ` by ${quantity.by.join(', ')}`;
  return `${quantity.reduce}(${quantity.metric}${selected}${by})`;
}

function split(metric: string): string[] {
  const dot = metric.indexOf('.');
  return [metric.slice(0, dot), metric.slice(dot + 1)];
}

function matches(sample: Sample, where: Quantity['where']): boolean {
  return Object.entries(where).every(([label, wanted]) => [wanted].flat().includes(sample.labels[label] ?? ''));
}

function groupOf(sample: Sample, by: readonly string[]): string {
  if (by.length === 0) return wholeGroup;
  const values = by.map((label) => sample.labels[label] ?? '');
  // 'a b' + 'c' is another group than 'a' + 'b c'.
  return values.length === 1
    ? values.join('')
    : values.map((value) => (isWord(value) ? value : JSON.stringify(value))).join(' ');
}

function isWord(value: string): boolean {
  return /^[^\s"]+$/.test(value);
}

function reduceGroup(reduce: Quantity['reduce'], samples: readonly Sample[]): GroupValue {
  const values = samples.map((sample) => sample.value);
  return { value: reduceValues(reduce, values), samples: samples.length };
}

function reduceValues(reduce: Quantity['reduce'], values: readonly (bigint | number)[]): bigint | number {
  if (reduce === 'count') return BigInt(values.length);
  if (reduce === 'sum') return values.reduce(add);
  const better =
    reduce === 'max'
      ? (a: bigint | number, b: bigint | number) => a > b
      : (a: bigint | number, b: bigint | number) => a < b;
  return values.reduce((best, value) => (better(value, best) ? value : best));
}

/** Adds exactly where both are integers. */
export function add(a: bigint | number, b: bigint | number): bigint | number {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}

/** Subtracts exactly where both are integers, be one of them a bigint and the other a number. */
export function subtract(a: bigint | number, b: bigint | number): bigint | number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return isWhole(a) && isWhole(b) ? BigInt(a) - BigInt(b) : Number(a) - Number(b);
}

function isWhole(value: bigint | number): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}

/** Absolute value of an exact or a floating number. */
export function absolute(value: bigint | number): bigint | number {
  return value < 0 ? -value : value;
}

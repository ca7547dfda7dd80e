import { z } from 'zod';
import type { Looked, TamperingName } from '../task/invariant.ts';
import { type Evidence, readingOf, type Sample, type Unit } from '../task/measurement.ts';
import { selectSamples } from './select.ts';

const whereSchema = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]));

/** Samples as they are: which metric, which samples of it, and in which groups. */
export const seriesSchema = z.strictObject({
  /** `source.metric`: the name of a measurement or witness of the task, a dot, the metric that it gives. */
  metric: z.string().regex(/^[^.]+\..+$/, 'a metric is named source.metric, as in workers.sent_bytes'),
  /** Only samples with these labels; a list means any of them. */
  where: whereSchema.default({}),
  /** Labels that make the groups; none: everything is one group. */
  by: z.array(z.string()).default([]),
});
export type Series = z.infer<typeof seriesSchema>;

/** A value computed from samples: which ones, and reduced how. */
export const quantitySchema = seriesSchema.extend({ reduce: z.enum(['sum', 'max', 'min', 'count']) });
export type Quantity = z.infer<typeof quantitySchema>;

type Selection = Partial<Pick<z.input<typeof seriesSchema>, 'where' | 'by'>>;

/** A metric's samples, one by one, per group. */
export const series = (metric: string, selection: Selection = {}): Series => ({
  metric,
  where: selection.where ?? {},
  by: selection.by ?? [],
});

const reducer =
  (reduce: Quantity['reduce']) =>
  (metric: string, selection: Selection = {}): Quantity => ({ ...series(metric, selection), reduce });

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

/** Why there is nothing to compute with. */
type Missing = { readonly state: 'unknown' | 'vacuous'; readonly because: string };

/** A quantity after reading: its value by group, or why there is none. */
export type Resolved =
  | { readonly state: 'ok'; readonly unit: Unit; readonly groups: ReadonlyMap<string, GroupValue> }
  | Missing;

/** A series after reading: its samples by group, in the order in which the source gave them, or why there is none. */
export type ResolvedSeries =
  | { readonly state: 'ok'; readonly unit: Unit; readonly groups: ReadonlyMap<string, readonly Sample[]> }
  | Missing;

/** The name of the only group of a quantity without `by`. */
export const wholeGroup = 'all';

/** Selects samples. Missing producer or stale: unknown. No sample: vacuous. NaN, units mixed, or a sample in no group: unknown. */
export function resolveSeries(wanted: Series, evidence: Evidence): ResolvedSeries {
  const [source = '', metric = ''] = split(wanted.metric);
  const reading = readingOf(source, evidence);
  if ('because' in reading) return { state: 'unknown', because: reading.because };
  const samples = selectSamples(reading, metric, wanted.where);
  const [first] = samples;
  if (first === undefined) return { state: 'vacuous', because: `${seriesText(wanted)} has no sample` };
  const odd = samples.find(({ value }) => typeof value === 'number' && !Number.isFinite(value));
  if (odd !== undefined) return { state: 'unknown', because: `${wanted.metric} holds ${odd.value}` };
  if (samples.some(({ unit }) => unit !== first.unit)) {
    return { state: 'unknown', because: `${wanted.metric} mixes units` };
  }
  // A misspelt label would put everything into one group, and the check would hold for less than it says.
  const unlabelled = wanted.by.find((label) => samples.some(({ labels }) => labels[label] === undefined));
  if (unlabelled !== undefined) {
    return { state: 'unknown', because: `${seriesText(wanted)} has samples without a label ${unlabelled}` };
  }
  const groups =
    wanted.by.length === 0 ? new Map([[wholeGroup, samples]]) : Map.groupBy(samples, groupNamer(wanted.by));
  return { state: 'ok', unit: first.unit, groups };
}

/** Computes a quantity from its series; a value that is no number is unknown. */
export function resolve(quantity: Quantity, evidence: Evidence): Resolved {
  const { reduce } = quantity;
  const selected = resolveSeries(quantity, evidence);
  if (selected.state === 'vacuous') return { ...selected, because: `${quantityText(quantity)} has no sample` };
  if (selected.state !== 'ok') return selected;
  const groups = new Map([...selected.groups].map(([group, members]) => [group, reduceGroup(reduce, members)]));
  const overflown = [...groups.values()].find(({ value }) => typeof value === 'number' && !Number.isFinite(value));
  if (overflown !== undefined) return { state: 'unknown', because: `${quantityText(quantity)} is ${overflown.value}` };
  return { state: 'ok', unit: reduce === 'count' ? 'count' : selected.unit, groups };
}

/** The source of a metric: what stands before its first dot. */
export function sourceOf({ metric }: Pick<Series, 'metric'>): string {
  return split(metric)[0] ?? '';
}

/** Which tampering with its samples changes a quantity. */
export function noticedBy({ reduce }: Quantity): TamperingName[] {
  if (reduce === 'sum') return ['scale', 'drop', 'duplicate'];
  return reduce === 'count' ? ['drop', 'duplicate'] : ['scale'];
}

/** A quantity as a person writes it: `sum(workers.sent_bytes{channel=tcp} by worker)`. */
export function quantityText(quantity: Quantity): string {
  return `${quantity.reduce}(${seriesText(quantity)})`;
}

/** A series as a person writes it: `workers.sent_bytes{channel=tcp} by worker`. */
export function seriesText({ metric, where, by }: Looked): string {
  const selected = Object.entries(where).map(([label, value]) => `${label}=${[value].flat().join('|')}`);
  return `${metric}${selected.length === 0 ? '' : `{${selected.join(',')}}`}${by.length === 0 ? '' : ` by ${by.join(', ')}`}`;
}

function split(metric: string): string[] {
  const dot = metric.indexOf('.');
  return [metric.slice(0, dot), metric.slice(dot + 1)];
}

/** Names a sample's group. */
function groupNamer(by: readonly string[]): (sample: Sample) => string {
  const [only] = by;
  if (only !== undefined && by.length === 1) return ({ labels }) => labels[only] ?? '';
  // 'a b' + 'c' is another group than 'a' + 'b c'.
  return ({ labels }) =>
    by
      .map((label) => labels[label] ?? '')
      .map((value) => (isWord(value) ? value : JSON.stringify(value)))
      .join(' ');
}

function isWord(value: string): boolean {
  return /^[^\s"]+$/.test(value);
}

function reduceGroup(reduce: Quantity['reduce'], samples: readonly Sample[]): GroupValue {
  const observations = samples.reduce((sum, { n = 1 }) => sum + n, 0);
  return { value: reduceValues(reduce, samples), samples: observations };
}

function reduceValues(reduce: Quantity['reduce'], samples: readonly Sample[]): bigint | number {
  if (reduce === 'count') return BigInt(samples.length);
  let value = samples[0]?.value ?? 0n;
  for (let index = 1; index < samples.length; index += 1) {
    const next = samples[index]?.value ?? 0n;
    if (reduce === 'sum') value = add(value, next);
    else if (reduce === 'max' ? next > value : next < value) value = next;
  }
  return value;
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

/** So many times a value; exactly where both are whole. */
export function times(value: bigint | number, factor: number): bigint | number {
  return typeof value === 'bigint' && Number.isInteger(factor) ? value * BigInt(factor) : Number(value) * factor;
}

function isWhole(value: bigint | number): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}

/** Absolute value of an exact or a floating number. */
export function absolute(value: bigint | number): bigint | number {
  return value < 0 ? -value : value;
}

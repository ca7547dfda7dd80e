import { failed, ok, type Result } from '../events/problem.ts';

/** One line of Prometheus' text format, with what is told of its metric. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whole numbers as they are written, however large; other ones, NaN and infinities as numbers. */
  readonly value: bigint | number;
  /** Whether it only grows: counters, and the buckets, sums and counts of histograms and summaries. */
  readonly isCounter: boolean;
  /** Without `_total`, `_sum`, `_count` and `_bucket`, where they are not part of the name proper. */
  readonly base: string;
  readonly part: 'value' | 'sum' | 'count';
  /** In milliseconds since 1970, where the line tells it. */
  readonly atMs?: number;
}

const sampleLine = /^([a-zA-Z_:][\w:]*)\s*(?:\{(.*?)\}\s*)?(\S+)(?:\s+(-?\d+))?\s*$/;
const label = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(?:,|$)/gy;
const escapes: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Reads Prometheus' text exposition format 0.0.4 (and OpenMetrics as far as they are alike): `# TYPE` lines, samples with labels, NaN and
 * infinities, time stamps. Help, units, exemplars and other comments are passed over. A line that is none of these is a problem.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): Result<ExposedSample[]> {
  const types = new Map<string, string>();
  const samples: ExposedSample[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.trim();
    if (line === '') continue;
    if (line.startsWith('#')) {
      const [, name, type] = /^#\s*TYPE\s+(\S+)\s+(\S+)/.exec(line) ?? [];
      if (name !== undefined && type !== undefined) types.set(name, type.toLowerCase());
      continue;
    }
    const sample = sampleOf(line, types);
    if (sample === undefined) {
      const message = `line ${index + 1} is not in Prometheus' text format: ${line.slice(0, 200)}`;
      return failed({ kind: 'evidence', message });
    }
    samples.push(sample);
  }
  return ok(samples);
}

function sampleOf(line: string, types: ReadonlyMap<string, string>): ExposedSample | undefined {
  const [, name, labelText, valueText, timeText] = sampleLine.exec(withoutExemplar(line)) ?? [];
  if (name === undefined || valueText === undefined) return undefined;
  const labels = labelsOf(labelText ?? '');
  const value = parsedValue(valueText);
  if (labels === undefined || value === undefined) return undefined;
  return { name, labels, value, ...kindOf(name, types), ...(timeText !== undefined && { atMs: Number(timeText) }) };
}

/** OpenMetrics: ` # {trace_id="…"} 0.67` after the value. A `#` within a label's quotes is part of it. */
function withoutExemplar(line: string): string {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at];
    if (isQuoted && char === '\\') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === '#' && !isQuoted) return line.slice(0, at).trimEnd();
  }
  return line;
}

function labelsOf(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  let end = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(label)) {
    labels[name] = value.replaceAll(/\\(.)/g, (pair, char: string) => escapes[char] ?? pair);
    end += whole.length;
  }
  return text.slice(end).trim() === '' ? labels : undefined;
}

/** As Go's ParseFloat reads it. */
function parsedValue(text: string): bigint | number | undefined {
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace('+', ''));
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const number = Number(text);
  // `1e3` and `12.0` are whole numbers as well.
  return Number.isSafeInteger(number) ? BigInt(number) : number;
}

const parts = [
  { suffix: '_bucket', part: 'count', of: ['histogram', 'gaugehistogram'] },
  { suffix: '_count', part: 'count', of: ['histogram', 'summary'] },
  { suffix: '_sum', part: 'sum', of: ['histogram', 'summary'] },
  { suffix: '_total', part: 'value', of: ['counter'] },
] as const;

/** What a sample is of: a histogram `x` is told by samples `x_bucket`, `x_sum` and `x_count`. */
function kindOf(name: string, types: ReadonlyMap<string, string>): Pick<ExposedSample, 'isCounter' | 'base' | 'part'> {
  if (types.get(name) === 'counter') return { isCounter: true, base: name.replace(/_total$/, ''), part: 'value' };
  for (const { suffix, part, of } of parts) {
    if (!name.endsWith(suffix)) continue;
    const base = name.slice(0, -suffix.length);
    const type = types.get(base);
    if (of.some((each) => each === type)) return { isCounter: type !== 'gaugehistogram', base, part };
  }
  return { isCounter: false, base: name, part: 'value' };
}

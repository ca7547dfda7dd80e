import { matchesGlob } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Sample, Unit } from '../task/measurement.ts';
import type { PrometheusSource } from '../task/source/asked.ts';
import { beginDifference } from './difference.ts';
import { type ExposedSample, parseExposition } from './exposition.ts';
import { get } from './http.ts';
import type { BeginSource, Found, ReadSource } from './reader.ts';

/** What a service exposes for Prometheus, in total or by what it grew while the stage ran. */
export const beginPrometheus: BeginSource<'prometheus'> = async (source, place) => {
  const counters = new Set<string>();
  const read: ReadSource = async () => {
    const answer = await get(place, source);
    const exposed = answer.ok ? parseExposition(answer.value) : answer;
    if (!exposed.ok) return exposed;
    for (const { name, isCounter } of exposed.value) if (isCounter) counters.add(name);
    const samples = exposedSamples(exposed.value, source);
    return samples.ok ? ok<Found>({ samples: samples.value }) : samples;
  };
  return source.counters === 'total' ? read : beginDifference(read, ({ metric }) => counters.has(metric));
};

/** The samples of what is exposed, in gym's units. */
export function exposedSamples(
  exposed: readonly ExposedSample[],
  { metrics, units }: Pick<PrometheusSource, 'metrics' | 'units'>,
): Result<Sample[]> {
  const samples: Sample[] = [];
  for (const each of exposed.filter(({ name }) => metrics.some((glob) => matchesGlob(name, glob)))) {
    const told = units[each.name];
    const valued = inUnit(each, told ?? unitOf(each));
    if (valued === undefined && told !== undefined) {
      const message = `${each.name} is ${each.value}, and a ${told} has to be a whole number`;
      return failed({ kind: 'evidence', message, remedy: `Call it a ratio: units: { ${each.name}: 'ratio' }.` });
    }
    const { name, labels, value, isCounter, atMs } = each;
    const time = atMs === undefined || isCounter ? {} : { atMs };
    samples.push({ metric: name, labels, ...(valued ?? { value: Number(value), unit: 'ratio' }), ...time });
  }
  return ok(samples);
}

/** What the name says: https://prometheus.io/docs/practices/naming/ has base units at its end, before `_total`. */
function unitOf({ base, part, isCounter }: ExposedSample): Unit {
  if (part === 'count') return 'count';
  if (base.endsWith('_seconds')) return 'ms';
  if (base.endsWith('_bytes')) return 'bytes';
  return isCounter && part === 'value' ? 'count' : 'ratio';
}

/** `undefined`: a number with a fraction, or none, in a unit of whole numbers. */
function inUnit({ value, base }: ExposedSample, unit: Unit): Pick<Sample, 'value' | 'unit'> | undefined {
  if (unit === 'ms') return { value: Number(value) * (base.endsWith('_seconds') ? 1000 : 1), unit };
  if (unit === 'ratio') return { value: Number(value), unit };
  return typeof value === 'bigint' ? { value, unit } : undefined;
}

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { LoadPlan } from '../load/plan.ts';
import { type LoadCounts, type LoadLine, type LoadSummary, loadFailure, loadLine } from '../load/results.ts';
import { randomOf } from '../load/schedule.ts';
import { writeAtomically } from '../store/store.ts';
import type { Sample } from '../task/measurement.ts';
import type { LoadSource } from '../task/source.ts';

/** Time for the container to come up and for the last lines to come through. */
const overheadMs = 60_000;
/** Latencies that become samples at most: more say nothing more about a quantile that anybody asks for. */
const mostLatencies = 100_000;

/** Where a load is made and kept. */
export interface LoadPlace {
  readonly environment: Environment;
  /** Folder of the run: all that the load said is kept in it. */
  readonly runDirectory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Makes a source's load and gives what came of it. All that it said is kept as `evidence/NAME.ndjson`. */
export async function readLoad(place: LoadPlace, name: string, source: LoadSource): Promise<Result<Sample[]>> {
  const program = loadProgram();
  if (program === undefined) {
    const message = 'the load generator is not built: there is no load.js';
    return failed({ kind: 'evidence', message, remedy: 'Run npm run build, or install devgym again.' });
  }
  const { plan } = source;
  const seconds = plan.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  place.emit({ type: 'noted', text: `load ${name}: ${seconds} s on ${addressOf(plan)}` });
  const said: Uint8Array[] = [];
  const complaints: Uint8Array[] = [];
  const ran = await place.environment.runBeside({
    name: `load-${name}`,
    network: source.network,
    command: ['node', '/gym/load.mjs', '/gym/plan.json'],
    files: [
      { name: 'load.mjs', content: program },
      { name: 'plan.json', content: JSON.stringify(plan) },
    ],
    onOutput: (chunk, stream) => (stream === 'stdout' ? said : complaints).push(chunk),
    signal: place.signal,
    timeoutMs: seconds * 1000 + plan.timeoutMs + overheadMs,
  });
  if (!ran.ok) return ran;
  const text = Buffer.concat(said).toString('utf8');
  const file = join(place.runDirectory, 'evidence', `${name}.ndjson`);
  mkdirSync(dirname(file), { recursive: true });
  writeAtomically(file, text);
  const outcome = ran.value;
  if (outcome.kind === 'exited' && outcome.exitCode === 0) return loadSamples(text, plan.seed);
  const why =
    outcome.kind === 'exited'
      ? `exit code ${outcome.exitCode}: ${Buffer.concat(complaints).toString('utf8').trim().slice(-500)}`
      : outcome.kind === 'lost'
        ? outcome.because
        : outcome.kind;
  return failed({ kind: 'evidence', message: `the load did not come to its end (${why})` });
}

const addressOf = ({ target }: LoadPlan): string =>
  target.protocol === 'http' ? target.origin : `${target.host}:${target.port}`;

/** The generator in one file, as the build made it: beside this file, above the folder of chunks, or in dist/ of the source's folder. */
function loadProgram(): string | undefined {
  const places = ['./load.js', '../load.js', '../../dist/load.js'];
  const file = places.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** Reads the lines of a load. A load that was not made as planned is a problem: what it measured is of another load. */
export function loadSamples(text: string, seed: number): Result<Sample[]> {
  const lines: LoadLine[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const parsed = loadLine.safeParse(jsonOf(line));
    if (!parsed.success)
      return failed({ kind: 'evidence', message: `the load said what is none of its lines: ${line.slice(0, 200)}` });
    lines.push(parsed.data);
  }
  const summary = lines.at(-1);
  if (summary?.kind !== 'summary')
    return failed({ kind: 'evidence', message: 'the load did not come to its end: it has no summary' });
  if (!summary.generator.keptUp) return failed(couldNotKeepUp(summary));
  return ok([
    ...Object.entries(summary.requests).flatMap(([request, counts]) => countSamples(counts, { request })),
    ...lines.flatMap((line) => windowSamples(line)),
    ...someOf(lines.flatMap(latencySamples), mostLatencies, seed),
  ]);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function couldNotKeepUp({ generator, counts }: LoadSummary): Problem {
  const times = `its longest pause was ${generator.longestStallMs.toFixed(0)} ms, it used ${generator.cpuMs.toFixed(0)} ms of processor time in ${generator.durationMs.toFixed(0)} ms`;
  const message = `the load generator could not keep up: ${generator.late} of ${counts.arrivals} arrivals were late by its own doing; ${times}`;
  return {
    kind: 'evidence',
    message,
    remedy: 'Try again when the machine is less busy, or with a lower rate, or with a lateAfterMs that is bearable.',
  };
}

type Labels = Sample['labels'];

/** `arrivals`, `sent`, `answered`, `late`, `dropped`, and `errors` by `kind`: of none as well, so that there is something to judge. */
function countSamples({ errors, ...counts }: LoadCounts, labels: Labels): Sample[] {
  return [
    ...Object.entries(counts).map(([metric, value]) => countSample(metric, value, labels)),
    ...loadFailure.options.map((kind) => countSample('errors', errors[kind] ?? 0, { ...labels, kind })),
  ];
}

function countSample(metric: string, value: number, labels: Labels): Sample {
  return { metric, labels, value: BigInt(value), unit: 'count' };
}

/** Quantiles second by second, as `window_latency_ms` with the second that they begin at. */
function windowSamples(line: LoadLine): Sample[] {
  if (line.kind !== 'window' || line.latencyMs === null) return [];
  const { n: _, ...quantiles } = line.latencyMs;
  const second = String(line.fromMs / 1000);
  return Object.entries(quantiles).map(([quantile, value]) => ({
    metric: 'window_latency_ms',
    labels: { second, quantile },
    value,
    unit: 'ms',
  }));
}

/** Each latency as a sample of its own: whoever judges a quantile needs to know of how many it is. */
function latencySamples(line: LoadLine): Sample[] {
  if (line.kind !== 'latencies') return [];
  const labels = { request: line.request };
  return line.values.map((value) => ({ metric: 'latency_ms', labels, value, unit: 'ms' }));
}

/** So many at most, chosen evenly by chance, in their order: selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S). */
function someOf(samples: readonly Sample[], most: number, seed: number): readonly Sample[] {
  if (samples.length <= most) return samples;
  const random = randomOf(seed);
  let wanted = most;
  return samples.filter((_, index) => {
    const isChosen = random() * (samples.length - index) < wanted;
    if (isChosen) wanted -= 1;
    return isChosen;
  });
}

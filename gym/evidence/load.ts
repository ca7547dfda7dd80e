import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../environment/environment.ts';
import { jsonOf } from '../events/json.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { shareText, verbFor } from '../judge/text.ts';
import type { LoadPlan } from '../load/plan.ts';
import { type LoadCounts, type LoadLine, type LoadSummary, loadFailure, loadLine } from '../load/results.ts';
import { randomOf } from '../load/schedule.ts';
import { writeAtomically } from '../store/store.ts';
import type { Sample } from '../task/measurement.ts';
import type { LoadSource } from '../task/source.ts';
import type { BeginSource, EvidencePlace, Found } from './reader.ts';

/** Time for the container to come up and for the last lines to come through. */
const overheadMs = 60_000;
/** Latencies that become samples at most: more say nothing more about a quantile that anybody asks for. */
const mostLatencies = 100_000;

/** What is being done, for whoever waits for it. */
export function loadNote(name: string, { plan }: LoadSource): string {
  const { target } = plan;
  const address = target.protocol === 'http' ? target.origin : `${target.host}:${target.port}`;
  return `load ${name}: ${secondsOf(plan)} s on ${address}`;
}

const secondsOf = ({ phases }: LoadPlan): number => phases.reduce((sum, { seconds }) => sum + seconds, 0);

/** Nothing is to be done before the stage; after it the load is made. All that it said is kept as `evidence/NAME.load.ndjson`. */
export const beginLoad: BeginSource<'load'> = async (source, place, name) => () => makeLoad(source, place, name);

async function makeLoad(source: LoadSource, place: EvidencePlace, name: string): Promise<Result<Found>> {
  const file = join(place.runDirectory, 'evidence', `${name}.load.ndjson`);
  const made = await runLoadPlan(source, place.environment, { name, file, signal: place.signal });
  if (!made.ok) return made;
  const samples = loadSamples(made.value, source.plan.seed);
  return samples.ok ? ok({ samples: samples.value }) : samples;
}

/** How one load is called, where all that it says is kept, and what breaks it off. */
interface LoadRun {
  readonly name: string;
  readonly file: string;
  readonly signal: AbortSignal;
}

/** Makes a load on an environment's network; gives its lines once it has come to its end. */
export async function runLoadPlan(
  { network, plan }: Pick<LoadSource, 'network' | 'plan'>,
  environment: Environment,
  { name, file, signal }: LoadRun,
): Promise<Result<string>> {
  const program = loadProgram();
  if (program === undefined) {
    const message = 'the load generator is not built: there is no load.js';
    return failed({ kind: 'evidence', message, remedy: 'Run npm run build, or install devgym again.' });
  }
  const said: Uint8Array[] = [];
  const complaints: Uint8Array[] = [];
  const ran = await environment.runBeside({
    name: `load-${name}`,
    network,
    command: ['node', '/gym/load.mjs', '/gym/plan.json'],
    files: [
      { name: 'load.mjs', content: program },
      { name: 'plan.json', content: JSON.stringify(plan) },
    ],
    onOutput: (chunk, stream) => (stream === 'stdout' ? said : complaints).push(chunk),
    signal,
    timeoutMs: secondsOf(plan) * 1000 + plan.timeoutMs + overheadMs,
  });
  if (!ran.ok) return ran;
  const text = Buffer.concat(said).toString('utf8');
  mkdirSync(dirname(file), { recursive: true });
  writeAtomically(file, text);
  const outcome = ran.value;
  if (outcome.kind === 'exited' && outcome.exitCode === 0) return ok(text);
  const why =
    outcome.kind === 'exited'
      ? `exit code ${outcome.exitCode}: ${Buffer.concat(complaints).toString('utf8').trim().slice(-500)}`
      : outcome.kind === 'lost'
        ? outcome.because
        : outcome.kind;
  return failed({ kind: 'evidence', message: `the load did not come to its end (${why})` });
}

/** The generator in one file, as the build made it: beside this file, above the folder of chunks, or in dist/ of the source's folder. */
function loadProgram(): string | undefined {
  const places = ['./load.js', '../load.js', '../../dist/load.js'];
  const file = places.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** Reads the lines of a load as samples. */
export function loadSamples(text: string, seed: number): Result<Sample[]> {
  const read = readLoad(text);
  if (!read.ok) return read;
  const { lines, summary } = read.value;
  return ok([
    ...Object.entries(summary.requests).flatMap(([request, counts]) => countSamples(counts, { request })),
    ...lines.flatMap((line) => windowSamples(line, summary.startedAtMs)),
    ...latencySamples(lines, seed),
  ]);
}

/** Reads the lines of a load. A load that was not made as planned is a problem: what it measured is of another load. */
export function readLoad(text: string): Result<{ readonly lines: readonly LoadLine[]; readonly summary: LoadSummary }> {
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
  // Nothing went wrong with it either: no bound on errors or on what was dropped may pass on that.
  if (summary.counts.arrivals === 0)
    return failed({
      kind: 'evidence',
      message: 'the load had no arrival that counts: chance gave none after the warm-up',
    });
  return ok({ lines, summary });
}

function couldNotKeepUp({ generator, counts }: LoadSummary): Problem {
  const times = `its longest pause was ${generator.longestStallMs.toFixed(0)} ms, it used ${generator.cpuMs.toFixed(0)} ms of processor time in ${generator.durationMs.toFixed(0)} ms`;
  const message = `the load generator could not keep up: ${shareText(generator.late, counts.arrivals, 'arrival')} ${verbFor(generator.late, 'was', 'were')} late by its own doing; ${times}`;
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
function windowSamples(line: LoadLine, startedAtMs: number): Sample[] {
  if (line.kind !== 'window' || line.latencyMs === null) return [];
  const { n, ...quantiles } = line.latencyMs;
  const atMs = startedAtMs + line.fromMs;
  const second = String(line.fromMs / 1000);
  return Object.entries(quantiles).map(([quantile, value]) => ({
    metric: 'window_latency_ms',
    labels: { second, quantile },
    value,
    unit: 'ms',
    n,
    atMs,
  }));
}

/**
 * Each latency as a sample of its own: whoever judges a quantile needs to know of how many it is. Where there are more than are wanted, so
 * many are chosen evenly by chance, in their order: selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S).
 */
function latencySamples(lines: readonly LoadLine[], seed: number): Sample[] {
  const batches = lines.filter((line) => line.kind === 'latencies');
  const random = randomOf(seed);
  let left = batches.reduce((sum, { values }) => sum + values.length, 0);
  let wanted = Math.min(left, mostLatencies);
  const isChosen = (): boolean => {
    const isThis = random() * left < wanted;
    left -= 1;
    if (isThis) wanted -= 1;
    return isThis;
  };
  return batches.flatMap(({ request, values }) => {
    const labels = { request };
    return values.filter(isChosen).map((value): Sample => ({ metric: 'latency_ms', labels, value, unit: 'ms' }));
  });
}

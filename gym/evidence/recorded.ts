import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { place as placeSchema } from '../events/problem.ts';
import { readLines, writeLinesAtomically } from '../store/lines.ts';
import { writeAtomically } from '../store/store.ts';
import { type Evidence, type Reading, type Sample, type ServiceLog, unit } from '../task/measurement.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';

const recordedSample = z
  .object({
    metric: z.string(),
    labels: z.record(z.string(), z.string()),
    /** Whole numbers are texts, so that no reader rounds them; so is what is no number at all. */
    value: z.union([z.string(), z.number()]),
    unit,
    n: z.number().optional(),
    atMs: z.number().optional(),
  })
  .transform(
    ({ value, n, atMs, ...rest }): Sample => ({
      ...rest,
      value: typeof value === 'number' ? value : /^-?\d+$/.test(value) ? BigInt(value) : Number(value),
      ...(n !== undefined && { n }),
      ...(atMs !== undefined && { atMs }),
    }),
  );
const recordedDocument = z.object({
  value: z.unknown(),
  place: placeSchema,
  lines: z.record(z.string(), z.number()).optional(),
});
/** The first line of a reading's file. So many lines with a sample each follow it, then so many with a document each. */
const recordedHead = z.object({
  source: z.string(),
  witness: z.boolean(),
  problem: z.string().optional(),
  nonce: z.string().optional(),
  window: z.object({ fromMs: z.number(), toMs: z.number() }).optional(),
  samples: z.number(),
  /** null: the source keeps none. */
  documents: z.number().nullable(),
});
const recordedRun = z.object({
  nonce: z.string().optional(),
  cutShort: z.string().optional(),
  logs: z.array(z.object({ service: z.string(), file: z.string(), problem: z.string().optional() })),
  sources: z.array(z.string()),
});

/** Beside the readings, of which one may have any name. */
const index = 'evidence.json';
/** Folder within a run's folder where the same of the baseline's build is kept. */
export const baselineFolder = 'baseline-run';

/** Keeps a reading in the run's folder, a sample a line; gives its file, relative to that. */
export function recordReading(runDirectory: string, reading: Reading): string {
  mkdirSync(join(runDirectory, 'evidence'), { recursive: true });
  const file = evidenceFile(reading.source);
  writeLinesAtomically(join(runDirectory, file), linesOf(reading));
  return file;
}

/** The file of a source's reading in its run's folder. */
export const evidenceFile = (source: string): string => join('evidence', `${source}.ndjson`);

function* linesOf({ samples, documents, file: _, ...rest }: Reading): Generator<string> {
  yield JSON.stringify({ ...rest, samples: samples.length, documents: documents?.length ?? null });
  for (const sample of samples) yield JSON.stringify(sample, plain);
  for (const document of documents ?? []) yield toExactJson(document);
}

/** A reading as it was kept in the folder of its run. Throws where lines are missing, or are no samples or documents. */
export function readReading(runDirectory: string, source: string): Reading {
  const file = evidenceFile(source);
  const lines = readLines(join(runDirectory, file));
  const next = (): string => {
    const { value, done } = lines.next();
    if (done === true) throw new Error(`${file} ends too early`);
    return value;
  };
  const head = recordedHead.parse(JSON.parse(next()));
  const samples = Array.from({ length: head.samples }, () => recordedSample.parse(JSON.parse(next())));
  const documents = Array.from({ length: head.documents ?? 0 }, () => {
    const { value, place, lines } = recordedDocument.parse(fromExactJson(next()));
    return { value, place: withoutUndefined(place), ...(lines !== undefined && { lines }) };
  });
  lines.return(undefined);
  return withoutUndefined({ ...head, samples, documents: head.documents === null ? undefined : documents, file });
}

/** Keeps what was judged besides the readings, so that it can be judged again. */
export function recordEvidence(runDirectory: string, { readings, logs, nonce, cutShort }: Evidence): void {
  const recorded = { nonce, cutShort, logs: [...logs.values()], sources: [...readings.keys()] };
  writeAtomically(join(runDirectory, index), JSON.stringify(recorded, null, 1));
}

/** The evidence of a run as it was judged; `undefined`: none was recorded. Throws where a file of it is damaged. */
export function readRecorded(runDirectory: string): Evidence | undefined {
  if (!existsSync(join(runDirectory, index))) return undefined;
  const { nonce, cutShort, logs, sources } = recordedRun.parse(
    JSON.parse(readFileSync(join(runDirectory, index), 'utf8')),
  );
  const readings = sources.map((source): [string, Reading] => [source, readReading(runDirectory, source)]);
  const baseline = readRecorded(join(runDirectory, baselineFolder));
  return withoutUndefined({
    readings: new Map(readings),
    logs: new Map(logs.map((log): [string, ServiceLog] => [log.service, withoutUndefined(log)])),
    nonce,
    cutShort,
    baseline,
  });
}

function plain(_: string, value: unknown): unknown {
  const isOdd = typeof value === 'number' && !Number.isFinite(value);
  return typeof value === 'bigint' || isOdd ? String(value) : value;
}

type Defined<Shape> = { [Key in keyof Shape]: Exclude<Shape[Key], undefined> };

/** What JSON leaves out is left out here as well. */
function withoutUndefined<Shape extends object>(shape: Shape): Defined<Shape>;
function withoutUndefined(shape: object): object {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
}

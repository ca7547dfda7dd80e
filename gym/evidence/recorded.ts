import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { place as placeSchema } from '../events/problem.ts';
import { writeAtomically } from '../store/store.ts';
import { type Evidence, type Reading, type Sample, type ServiceLog, unit } from '../task/measurement.ts';

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
const recordedReading = z.object({
  source: z.string(),
  witness: z.boolean(),
  samples: z.array(recordedSample),
  documents: z.array(z.object({ value: z.unknown(), place: placeSchema })).optional(),
  problem: z.string().optional(),
  nonce: z.string().optional(),
  window: z.object({ fromMs: z.number(), toMs: z.number() }).optional(),
});
const recordedRun = z.object({
  nonce: z.string().optional(),
  cutShort: z.string().optional(),
  logs: z.array(z.object({ service: z.string(), file: z.string(), problem: z.string().optional() })),
  sources: z.array(z.string()),
});

const index = join('evidence', 'index.json');
/** Folder within a run's folder where the same of the baseline's build is kept. */
export const baselineFolder = 'baseline-run';

/** Keeps a reading in the run's folder; gives its file, relative to that. */
export function recordReading(runDirectory: string, reading: Reading): string {
  mkdirSync(join(runDirectory, 'evidence'), { recursive: true });
  const file = join('evidence', `${reading.source}.json`);
  writeAtomically(join(runDirectory, file), JSON.stringify({ ...reading, file: undefined }, plain, 1));
  return file;
}

/** Keeps what was judged besides the readings, so that it can be judged again. */
export function recordEvidence(runDirectory: string, { readings, logs, nonce, cutShort }: Evidence): void {
  mkdirSync(join(runDirectory, 'evidence'), { recursive: true });
  const recorded = { nonce, cutShort, logs: [...logs.values()], sources: [...readings.keys()] };
  writeAtomically(join(runDirectory, index), JSON.stringify(recorded, null, 1));
}

/** The evidence of a run as it was judged; `undefined`: none was recorded. Throws where a file of it is damaged. */
export function readRecorded(runDirectory: string): Evidence | undefined {
  if (!existsSync(join(runDirectory, index))) return undefined;
  const { nonce, cutShort, logs, sources } = recordedRun.parse(
    JSON.parse(readFileSync(join(runDirectory, index), 'utf8')),
  );
  const readings = sources.map((source): [string, Reading] => {
    const file = join('evidence', `${source}.json`);
    const text = readFileSync(join(runDirectory, file), 'utf8');
    return [source, withoutUndefined({ ...recordedReading.parse(JSON.parse(text)), file })];
  });
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

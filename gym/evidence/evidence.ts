import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment, Observed } from '../environment/environment.ts';
import type { Emit, State } from '../events/event.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { type StageFile, stageFile } from '../harness/stage-file.ts';
import { writeAtomically } from '../store/store.ts';
import type { Evidence, Reading, Sample, ServiceLog } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import type { FilesSource, JsonSource, NetworkSource, Source } from '../task/source.ts';
import { matchesAny } from '../workspace/snapshot.ts';
import { readLoad } from './load.ts';
import { counterSamples, type InterfaceCounters, readCounters } from './network.ts';

/** Where evidence is read from and kept. */
export interface EvidencePlace {
  readonly task: Task;
  readonly environment: Environment;
  /** Folder of the stages that run on the host. */
  readonly hostDirectory: string;
  /** Folder of the run: readings are kept under `evidence/` in it. */
  readonly runDirectory: string;
  readonly emit: Emit;
  /** Breaks off a load that is being made. */
  readonly signal: AbortSignal;
}

/** Reads the measurements and witnesses of a run, stage by stage. */
export interface EvidenceReader {
  /** Clears what the stage will write and notes where the counters stand. */
  beforeStage(stage: string): Promise<void>;
  /** Reads every source of the stage. A stage that did not pass gives none: its measurements mean nothing. */
  afterStage(stage: string, state: State): Promise<void>;
  /** All that was read, with the services' logs. Sources that were not reached have a problem that says so. */
  evidence(): Promise<Evidence>;
}

/** What the environment must let itself be asked about for a task's witnesses. */
export function observedBy(task: Task): Observed[] {
  const sources = [...Object.values(task.measurements), ...Object.values(task.witnesses)];
  const observed = sources.flatMap((source): Observed[] => {
    if (source.kind === 'network') return source.services.map((service) => ({ kind: 'network', service }));
    if (source.kind === 'files') return source.volumes.map((volume) => ({ kind: 'volume', volume }));
    return [];
  });
  return [...new Map(observed.map((each) => [JSON.stringify(each), each])).values()];
}

/** Begins to read the evidence of a run. */
export function readEvidence(place: EvidencePlace): EvidenceReader {
  const { task, environment, emit } = place;
  const sources = [
    ...Object.entries(task.measurements).map(([name, source]) => ({ name, source, witness: false })),
    ...Object.entries(task.witnesses).map(([name, source]) => ({ name, source, witness: true })),
  ];
  const readings = new Map<string, Reading>();
  const before: Before = { counters: new Map(), files: new Map() };
  const keep = keeper(place.runDirectory);
  let cutShort: string | undefined;

  const beforeStage = async (stage: string): Promise<void> => {
    for (const { source } of sources.filter((each) => each.source.stage === stage)) {
      if (source.kind === 'json') await clear(place, source, before.files);
      if (source.kind !== 'network') continue;
      for (const service of source.services) {
        before.counters.set(counterKey(service, source), await readCounters(environment, service, source.network));
      }
    }
  };
  const afterStage = async (stage: string, state: State): Promise<void> => {
    if (state !== 'pass') cutShort ??= `the stage ${stage} did not pass (${state})`;
    const isLoad = ({ source }: { readonly source: Source }): number => Number(source.kind === 'load');
    // A load comes last: what others read after the stage is the stage's doing.
    const read = sources.filter(({ source }) => source.stage === stage).sort((a, b) => isLoad(a) - isLoad(b));
    for (const { name, source, witness } of read) {
      const samples =
        state === 'pass'
          ? await readSource(place, { name, source }, before)
          : notRead(`the stage ${stage} did not pass (${state})`);
      const reading = asReading(name, witness, samples, keep);
      readings.set(name, reading);
      emit({
        type: 'evidence.read',
        source: name,
        witness,
        samples: reading.samples.length,
        ...(reading.problem !== undefined && { problem: reading.problem }),
      });
    }
  };
  const evidence = async (): Promise<Evidence> => {
    await environment.flushLogs();
    const missing = sources
      .filter(({ name }) => !readings.has(name))
      .map(({ name, source, witness }) =>
        asReading(name, witness, notRead(`the stage ${source.stage} did not run`), keep),
      );
    const logs = environment.services.map((service): [string, ServiceLog] => {
      const problem = environment.logProblem(service);
      return [service, { service, file: environment.logFile(service), ...(problem !== undefined && { problem }) }];
    });
    return {
      readings: new Map([...readings, ...missing.map((each): [string, Reading] => [each.source, each])]),
      logs: new Map(logs),
      ...(cutShort !== undefined && { cutShort }),
    };
  };
  return { beforeStage, afterStage, evidence };
}

/** What was seen and done before the stages of the sources. */
interface Before {
  readonly counters: Map<string, Result<InterfaceCounters>>;
  /** The documents, and why one could not be cleared. Several sources may read the same one. */
  readonly files: Map<string, { readonly file: StageFile; readonly blocked: string | undefined }>;
}

const notRead = (message: string): Result<Sample[]> => failed({ kind: 'evidence', message });

const counterKey = (service: string, { network }: NetworkSource): string => `${service} ${network}`;

async function readSource(
  place: EvidencePlace,
  { name, source }: { readonly name: string; readonly source: Source },
  { counters, files }: Before,
): Promise<Result<Sample[]>> {
  if (source.kind === 'load') return readLoad(place, name, source);
  if (source.kind === 'json') return readJson(source, files);
  if (source.kind === 'files') return readFiles(place, source);
  const samples: Sample[] = [];
  for (const service of source.services) {
    const before = counters.get(counterKey(service, source));
    const after = await readCounters(place.environment, service, source.network);
    if (!after.ok) return after;
    if (before === undefined || !before.ok)
      return before ?? notRead(`the counters of ${service} were not read before the stage`);
    const counted = counterSamples(service, before.value, after.value, source);
    if (!counted.ok) return counted;
    samples.push(...counted.value);
  }
  return ok(samples);
}

const fileKey = ({ stage, path }: JsonSource): string => JSON.stringify([stage, path]);

/** A document that lies there before the stage begins was planted or is stale. */
async function clear(
  { task, environment, hostDirectory }: EvidencePlace,
  source: JsonSource,
  files: Before['files'],
): Promise<void> {
  const stage = task.stages.find(({ name }) => name === source.stage);
  if (stage === undefined || files.has(fileKey(source))) return;
  const file = stageFile(stage, source.path, environment, hostDirectory);
  files.set(fileKey(source), { file, blocked: await file.clear() });
}

async function readJson(source: JsonSource, files: Before['files']): Promise<Result<Sample[]>> {
  const cleared = files.get(fileKey(source));
  if (cleared === undefined) return notRead(`the stage ${source.stage} did not run`);
  if (cleared.blocked !== undefined) return notRead(cleared.blocked);
  const content = await cleared.file.read();
  if (content.kind === 'missing') return notRead(`the stage ${source.stage} wrote no ${source.path}`);
  if (content.kind === 'refused') return notRead(`${source.path} cannot be read: ${content.because}`);
  try {
    return ok(source.parse(JSON.parse(content.text)));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return notRead(`${source.path} cannot be used: ${reason.slice(0, 500)}`);
  }
}

async function readFiles({ environment }: EvidencePlace, { volumes, pattern }: FilesSource): Promise<Result<Sample[]>> {
  const samples: Sample[] = [];
  for (const volume of volumes) {
    const listed = await environment.observe({ kind: 'volume', volume }, [
      'find',
      '/volume',
      '-type',
      'f',
      '-printf',
      '%s %P\\0',
    ]);
    if (!listed.ok) return listed;
    for (const entry of listed.value.split('\0').filter((line) => line !== '')) {
      const space = entry.indexOf(' ');
      const path = entry.slice(space + 1);
      if (!matchesAny(path, [pattern])) continue;
      samples.push({ metric: 'bytes', value: BigInt(entry.slice(0, space)), unit: 'bytes', labels: { volume, path } });
    }
  }
  return ok(samples);
}

function asReading(
  source: string,
  witness: boolean,
  samples: Result<Sample[]>,
  keep: (name: string, samples: readonly Sample[]) => string,
): Reading {
  if (samples.ok) return { source, witness, samples: samples.value, file: keep(source, samples.value) };
  const problem = samples.problems.map(({ message, remedy }) =>
    remedy === undefined ? message : `${message} (${remedy})`,
  );
  return { source, witness, samples: [], problem: problem.join('; ') };
}

/** Keeps readings as JSON in the run's folder; bigints become decimal strings. */
function keeper(runDirectory: string): (name: string, samples: readonly Sample[]) => string {
  return (name, samples) => {
    const file = join('evidence', `${name}.json`);
    mkdirSync(join(runDirectory, 'evidence'), { recursive: true });
    const text = JSON.stringify(
      { source: name, samples },
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
      1,
    );
    writeAtomically(join(runDirectory, file), text);
    return file;
  };
}

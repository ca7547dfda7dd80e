import type { Emit, State } from '../events/event.ts';
import type { Problem, Result } from '../events/problem.ts';
import type { Evidence, Reading, ServiceLog } from '../task/measurement.ts';
import type { Source } from '../task/source.ts';
import { beginSource, isIndependent, turnOf } from './kinds.ts';
import { loadNote } from './load.ts';
import { type EvidencePlace, type Found, notRead, type ReadSource } from './reader.ts';
import { recordEvidence, recordReading } from './recorded.ts';

/** Reads the measurements and witnesses of a run, stage by stage. */
export interface EvidenceReader {
  /** Clears what the stage will write and notes where the counters stand; before the first one, also of what is read when all have ended. */
  beforeStage(stage: string): Promise<void>;
  /** The same of a pure stage: what is read when all have ended is none of its business. `undefined`: of that alone. */
  beforePure(stage: string | undefined): Promise<void>;
  /** Reads every source of the stage. A stage that did not pass gives none: its measurements mean nothing. */
  afterStage(stage: string, state: State): Promise<void>;
  /** All that was read, with the services' logs. Sources that were not reached have a problem that says so. */
  evidence(): Promise<Evidence>;
}

/** What is not read, since it is known from an earlier run. */
export interface Known {
  readonly readings: readonly Reading[];
  readonly logs: readonly ServiceLog[];
}

/** Begins to read the evidence of a run. The place's environment is that of the moment: one may come up only after the first stages. */
export function readEvidence(
  place: EvidencePlace,
  emit: Emit,
  known: Known = { readings: [], logs: [] },
): EvidenceReader {
  const { task, nonce, runDirectory } = place;
  const readings = new Map<string, Reading>();
  for (const reading of known.readings) {
    readings.set(reading.source, { ...reading, file: recordReading(runDirectory, reading) });
  }
  const all: readonly Named[] = [
    ...Object.entries(task.measurements).map(([name, source]) => ({ name, source, witness: false })),
    ...Object.entries(task.witnesses).map(([name, source]) => ({ name, source, witness: true })),
  ];
  const sources = all.filter(({ name }) => !readings.has(name));
  const begun = new Map<string, Begun>();
  let cutShort: string | undefined;

  const keep = (name: string, witness: boolean, found: Result<Found>, window?: Reading['window']): void => {
    const reading = asReading({ source: name, witness, nonce, ...(window !== undefined && { window }) }, found);
    readings.set(name, { ...reading, file: recordReading(runDirectory, reading) });
    const { problem, samples } = reading;
    emit({
      type: 'evidence.read',
      source: name,
      witness,
      samples: samples.length,
      ...(problem !== undefined && { problem }),
    });
  };
  const read = async ({ name, source, witness }: Named, { readSource, fromMs }: Begun): Promise<void> => {
    if (source.kind === 'load') emit({ type: 'noted', text: loadNote(name, source) });
    const found = await readSource();
    keep(name, witness, found, { fromMs, toMs: Date.now() });
  };
  const begin = async (...stages: readonly (string | undefined)[]): Promise<void> => {
    const isDue = ({ name, source }: Named): boolean => !begun.has(name) && stages.includes(source.stage);
    for (const { name, source } of sources.filter(isDue).sort(byTurn)) {
      const given = new AbortController();
      const signal = AbortSignal.any([place.signal, given.signal]);
      const fromMs = Date.now();
      const readSource = await beginSource(source, { ...place, signal }, name);
      begun.set(name, { readSource, fromMs, giveUp: () => given.abort() });
    }
  };
  const finish = async (named: Named, because: string | undefined): Promise<void> => {
    const source = begun.get(named.name);
    if (because === undefined && source !== undefined) return read(named, source);
    source?.giveUp();
    keep(named.name, named.witness, notRead(because ?? 'no stage ran'));
  };
  const inTurn = (fits: (named: Named) => boolean): Named[] => sources.filter(fits).sort(byTurn).reverse();
  const afterStage = async (stage: string, state: State): Promise<void> => {
    const because = state === 'pass' ? undefined : `the stage ${stage} did not pass (${state})`;
    cutShort ??= because;
    for (const named of inTurn(({ source }) => source.stage === stage)) await finish(named, because);
  };
  const afterAll = async (): Promise<void> => {
    for (const named of inTurn(({ name }) => !readings.has(name))) {
      const { stage } = named.source;
      // What is read after all stages means nothing where one of them did not pass.
      const because = isIndependent(named.source) ? undefined : cutShort;
      await finish(named, stage === undefined ? because : `the stage ${stage} did not run`);
    }
  };
  const evidence = async (): Promise<Evidence> => {
    await afterAll();
    const { environment } = place;
    await environment.flushLogs();
    const logs = new Map(known.logs.map((log): [string, ServiceLog] => [log.service, log]));
    for (const service of environment.services.filter((each) => !logs.has(each))) {
      const problem = environment.logProblem(service);
      logs.set(service, { service, file: environment.logFile(service), ...(problem !== undefined && { problem }) });
    }
    const read = { readings, logs, nonce, ...(cutShort !== undefined && { cutShort }) };
    recordEvidence(runDirectory, read);
    return read;
  };
  return { beforeStage: (stage) => begin(stage, undefined), beforePure: begin, afterStage, evidence };
}

/** A source with its name in the task. */
interface Named {
  readonly name: string;
  readonly source: Source;
  readonly witness: boolean;
}

/** A source that was begun. */
interface Begun {
  readonly readSource: ReadSource;
  readonly fromMs: number;
  /** Ends what goes on until it is read: it will not be. */
  readonly giveUp: () => void;
}

const byTurn = (a: Named, b: Named): number => turnOf(a.source) - turnOf(b.source);

function asReading(of: Omit<Reading, 'samples'>, found: Result<Found>): Reading {
  if (found.ok) return { ...of, ...found.value };
  return { ...of, samples: [], problem: found.problems.map(whole).join('; ') };
}

const whole = ({ message, remedy }: Problem): string => (remedy === undefined ? message : `${message} (${remedy})`);

import type { Emit, State } from '../events/event.ts';
import type { Problem, Result } from '../events/problem.ts';
import type { Evidence, Reading, ServiceLog } from '../task/measurement.ts';
import type { Source } from '../task/source.ts';
import { beginSource } from './kinds.ts';
import { loadNote } from './load.ts';
import { type EvidencePlace, type Found, notRead, type ReadSource } from './reader.ts';
import { recordEvidence, recordReading } from './recorded.ts';

/** Reads the measurements and witnesses of a run, stage by stage. */
export interface EvidenceReader {
  /** Clears what the stage will write and notes where the counters stand. */
  beforeStage(stage: string): Promise<void>;
  /** Reads every source of the stage. A stage that did not pass gives none: its measurements mean nothing. */
  afterStage(stage: string, state: State): Promise<void>;
  /** All that was read, with the services' logs. Sources that were not reached have a problem that says so. */
  evidence(): Promise<Evidence>;
}

/** Begins to read the evidence of a run. */
export function readEvidence(place: EvidencePlace, emit: Emit): EvidenceReader {
  const { task, environment, nonce, runDirectory } = place;
  const sources = [
    ...Object.entries(task.measurements).map(([name, source]) => ({ name, source, witness: false })),
    ...Object.entries(task.witnesses).map(([name, source]) => ({ name, source, witness: true })),
  ];
  const begun = new Map<string, { readonly read: ReadSource; readonly fromMs: number }>();
  const readings = new Map<string, Reading>();
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
  const beforeStage = async (stage: string): Promise<void> => {
    for (const { name, source } of sources.filter((each) => each.source.stage === stage)) {
      const fromMs = Date.now();
      begun.set(name, { read: await beginSource(source, place, name), fromMs });
    }
  };
  const afterStage = async (stage: string, state: State): Promise<void> => {
    if (state !== 'pass') cutShort ??= `the stage ${stage} did not pass (${state})`;
    const isLoad = ({ kind }: Source): number => Number(kind === 'load');
    // A load comes last: what others read after the stage is the stage's doing.
    const read = sources
      .filter(({ source }) => source.stage === stage)
      .sort((a, b) => isLoad(a.source) - isLoad(b.source));
    for (const { name, witness, source: spec } of read) {
      const source = begun.get(name);
      if (state !== 'pass' || source === undefined) {
        keep(name, witness, notRead(`the stage ${stage} did not pass (${state})`));
        continue;
      }
      if (spec.kind === 'load') emit({ type: 'noted', text: loadNote(name, spec) });
      const found = await source.read();
      keep(name, witness, found, { fromMs: source.fromMs, toMs: Date.now() });
    }
  };
  const evidence = async (): Promise<Evidence> => {
    await environment.flushLogs();
    for (const { name, source, witness } of sources.filter((each) => !readings.has(each.name))) {
      keep(name, witness, notRead(`the stage ${source.stage} did not run`));
    }
    const logs = environment.services.map((service): [string, ServiceLog] => {
      const problem = environment.logProblem(service);
      return [service, { service, file: environment.logFile(service), ...(problem !== undefined && { problem }) }];
    });
    const read = { readings, logs: new Map(logs), nonce, ...(cutShort !== undefined && { cutShort }) };
    recordEvidence(runDirectory, read);
    return read;
  };
  return { beforeStage, afterStage, evidence };
}

function asReading(of: Omit<Reading, 'samples'>, found: Result<Found>): Reading {
  if (found.ok) return { ...of, ...found.value };
  return { ...of, samples: [], problem: found.problems.map(whole).join('; ') };
}

const whole = ({ message, remedy }: Problem): string => (remedy === undefined ? message : `${message} (${remedy})`);

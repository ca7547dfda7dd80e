import type { Observed } from '../environment/environment.ts';
import type { Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';
import { beginJson } from './json.ts';
import { beginLoad } from './load.ts';
import { beginNetwork } from './network.ts';
import type { BeginSource, EvidencePlace, ReadSource } from './reader.ts';
import { beginFiles } from './volume-files.ts';

/** How each kind of source is read. A new kind is a schema in task/source.ts, a file here, and a line in this table. */
const readers: { readonly [Kind in Source['kind']]: BeginSource<Kind> } = {
  json: beginJson,
  network: beginNetwork,
  files: beginFiles,
  load: beginLoad,
};

/** Begins with a source of any kind. */
export function beginSource<Kind extends Source['kind']>(
  source: Extract<Source, { kind: Kind }>,
  place: EvidencePlace,
  name: string,
): Promise<ReadSource> {
  const kind: Kind = source.kind;
  return readers[kind](source, place, name);
}

/** What the environment must let itself be asked about for a task's measurements and witnesses. */
export function observedBy(task: Task): Observed[] {
  const sources = [...Object.values(task.measurements), ...Object.values(task.witnesses)];
  const observed = sources.flatMap((source): Observed[] => {
    if (source.kind === 'network') return source.services.map((service) => ({ kind: 'network', service }));
    if (source.kind === 'files') return source.volumes.map((volume) => ({ kind: 'volume', volume }));
    return [];
  });
  return [...new Map(observed.map((each) => [JSON.stringify(each), each])).values()];
}

import type { Observed } from '../environment/environment.ts';
import type { Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';
import { beginExec } from './exec.ts';
import { beginServiceFiles, beginWorkspace } from './files.ts';
import { beginHttp } from './http.ts';
import { beginKernel } from './kernel.ts';
import { beginLoad } from './load.ts';
import { beginLogs } from './logs.ts';
import { beginMysql } from './mysql.ts';
import { beginNetwork } from './network.ts';
import { beginOutput } from './output.ts';
import { beginOwn } from './own.ts';
import { beginPostgres } from './postgres.ts';
import { beginPrometheus } from './prometheus.ts';
import type { BeginSource, EvidencePlace, ReadSource } from './reader.ts';
import { beginRedis } from './redis.ts';
import { beginSqlite } from './sqlite.ts';
import { beginStats } from './stats.ts';
import { beginFiles } from './volume-files.ts';

type Readers = { readonly [Kind in Source['kind']]: BeginSource<Kind> };

/** How each kind of source is read. A new kind is a schema in task/source/, a file here, and a line in this table. */
const readers: Readers = {
  output: beginOutput,
  network: beginNetwork,
  kernel: beginKernel,
  stats: beginStats,
  files: beginFiles,
  workspace: beginWorkspace,
  'service-files': beginServiceFiles,
  http: beginHttp,
  prometheus: beginPrometheus,
  postgres: beginPostgres,
  mysql: beginMysql,
  sqlite: beginSqlite,
  redis: beginRedis,
  exec: beginExec,
  logs: beginLogs,
  load: beginLoad,
  own: beginOwn,
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

/**
 * In which order sources are begun before their stage; after it they are read the other way round. What counts the doings of others comes
 * next to the stage, so that it counts that alone; a load is made when all others have been read.
 */
export function turnOf({ kind }: Source): number {
  if (kind === 'load') return 0;
  return kind === 'network' || kind === 'kernel' || kind === 'stats' ? 2 : 1;
}

/** Whether a source says something even where no stage passed: what is written in the workspace was so before any ran. */
export function isIndependent({ kind, stage }: Source): boolean {
  return kind === 'workspace' && stage === undefined;
}

/** What the environment must let itself be asked about for a task's measurements and witnesses. */
export function observedBy(task: Task): Observed[] {
  const sources = [...Object.values(task.measurements), ...Object.values(task.witnesses)];
  return [...new Map(sources.flatMap(observedFor).map((each) => [JSON.stringify(each), each])).values()];
}

const networksOf = (services: readonly string[]): Observed[] =>
  services.map((service) => ({ kind: 'network', service }));

function observedFor(source: Source): Observed[] {
  switch (source.kind) {
    case 'network':
    case 'kernel':
    case 'own':
      return networksOf(source.services);
    case 'http':
    case 'prometheus':
    case 'postgres':
    case 'mysql':
    case 'redis':
      return networksOf([source.service]);
    case 'files':
      return source.volumes.map((volume) => ({ kind: 'volume', volume }));
    default:
      return [];
  }
}

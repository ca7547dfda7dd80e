import type { Observed } from '../environment/environment.ts';
import type { Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';
import { beginExec } from './exec.ts';
import { beginServiceFiles, beginWorkspace } from './files.ts';
import { beginHttp } from './http.ts';
import { beginKernel } from './kernel.ts';
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
  own: beginOwn,
};

/** Begins with a source of any kind. */
export function beginSource<Kind extends Source['kind']>(
  source: Extract<Source, { kind: Kind }>,
  place: EvidencePlace,
): Promise<ReadSource> {
  const kind: Kind = source.kind;
  return readers[kind](source, place);
}

/** Whether a source counts what others do as well: it is begun last and read first, so that it counts the stage alone. */
export function isDisturbed({ kind }: Source): boolean {
  return kind === 'network' || kind === 'kernel' || kind === 'stats';
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

import { z } from 'zod';
import { execSource, httpSource, prometheusSource, redisSource } from './source/asked.ts';
import { kernelSource, networkSource, statsSource } from './source/counters.ts';
import { filesSource, serviceFilesSource, workspaceSource } from './source/files.ts';
import { loadSource } from './source/load.ts';
import { logsSource } from './source/logs.ts';
import { outputSource } from './source/output.ts';
import { ownSource } from './source/own.ts';
import { mysqlSource, postgresSource, sqliteSource } from './source/sql.ts';

export { exec, http, prometheus, redis } from './source/asked.ts';
export { containerStats, kernelCounters, type NetworkSource, networkCounters } from './source/counters.ts';
export { serviceFiles, volumeFiles, workspaceFiles } from './source/files.ts';
export { type LoadSource, load } from './source/load.ts';
export { logLines } from './source/logs.ts';
export { csv, json, ndjson } from './source/output.ts';
export { defineSource, type OwnFound, type SourceContext } from './source/own.ts';
export { mysql, postgres, sqlite } from './source/sql.ts';

/** Where measurements come from. A witness is a source that the code under test does not control. */
export const sourceSchema = z.discriminatedUnion('kind', [
  outputSource,
  networkSource,
  kernelSource,
  statsSource,
  filesSource,
  workspaceSource,
  serviceFilesSource,
  httpSource,
  prometheusSource,
  postgresSource,
  mysqlSource,
  sqliteSource,
  redisSource,
  execSource,
  logsSource,
  loadSource,
  ownSource,
]);
export type Source = z.output<typeof sourceSchema>;

/** What of the Compose file a source names, and under which of its keys. */
export interface Naming {
  readonly key: string;
  readonly what: 'service' | 'network' | 'volume';
  readonly names: readonly string[];
}

const naming = { service: 'service', services: 'service', network: 'network', volumes: 'volume' } as const;
const namesSchema = z.union([z.string(), z.array(z.string())]).optional();

/** All that a source names of the Compose file: sources of every kind name it under the same keys. */
export function namesOf(source: Source): Naming[] {
  return Object.entries(naming).map(([key, what]) => {
    const names = namesSchema.parse(Reflect.get(source, key));
    return { key, what, names: names === undefined ? [] : [names].flat() };
  });
}

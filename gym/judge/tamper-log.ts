import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from '../task/measurement.ts';

/**
 * The evidence with a service's log cut off: half of its bytes are kept, or none. The cut log is written into `folder`; the log itself stays as
 * it is. `null`: there is no such log.
 */
export function truncated(
  evidence: Evidence,
  service: string,
  keep: 'half' | 'nothing',
  folder: string,
): Evidence | null {
  const log = evidence.logs.get(service);
  if (log === undefined || log.problem !== undefined) return null;
  const content = readFileSync(log.file);
  const file = join(folder, `${service}-${keep}.log`);
  writeFileSync(file, content.subarray(0, keep === 'half' ? Math.floor(content.length / 2) : 0));
  return { ...evidence, logs: new Map([...evidence.logs, [service, { ...log, file }]]) };
}

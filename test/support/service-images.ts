import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(import.meta.dirname, '../../scripts/service-images');

/** Sees that images of databases and servers are there: `postgres:15`. Takes about half a minute where all have to be built, and no time later. */
export function serviceImages(...names: readonly string[]): void {
  execFileSync(script, names, { stdio: 'inherit' });
}

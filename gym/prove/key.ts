import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readText } from '../environment/compose/files.ts';
import type { Verdict } from '../judge/verdict.ts';
import { sha256 } from '../store/sha256.ts';
import type { Task } from '../task/schema.ts';

/** What every run of a proof depends on, whatever is broken in it. */
export interface KeyParts {
  readonly task: Task;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  /** gym's own: what it judges may change with it. */
  readonly version: string;
}

/** Hash of all that a run depends on: gym, the workspace, the values that its Compose files take from outside of it, and what is `broken`. */
export function runKey(
  { task, environmentVariables, version }: KeyParts,
  { workspace }: Pick<Verdict, 'workspace'>,
  ...broken: readonly string[]
): string {
  const folder = join(task.root, dirname(task.compose[0] ?? ''));
  const texts = task.compose.map((file) => readFileSync(join(task.root, file), 'utf8'));
  const names = new Set(
    texts.flatMap((text) => [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name)),
  );
  const values = [...names].sort().map((name) => [name, environmentVariables[name] ?? null]);
  const outside = JSON.stringify([values, readText(join(folder, '.env')) ?? null]);
  return sha256([version, workspace.hash, outside, ...broken].join('\0'));
}

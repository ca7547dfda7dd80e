import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDotenv } from '../environment/compose/dotenv.ts';
import { readText } from '../environment/compose/files.ts';
import { sha256 } from '../store/sha256.ts';
import type { Task } from '../task/schema.ts';
import { hostVariables } from './host-variables.ts';

/**
 * Values for `${NAME}` in the Compose files of a snapshot: the task's and, where git ignores the `.env` beside the first
 * of them, as most do, what the user's own says; as everywhere, the caller's environment wins over that.
 */
export function snapshotVariables(
  { root, compose, variables }: Task,
  directory: string,
  ambient: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const folder = dirname(compose[0] ?? '');
  const text = existsSync(join(directory, folder, '.env')) ? undefined : readText(join(root, folder, '.env'));
  const { values } = parseDotenv(text ?? '', (name) => variables[name] ?? ambient[name]);
  const unset = Object.entries(values).filter(([name]) => ambient[name] === undefined);
  return { ...Object.fromEntries(unset), ...variables };
}

/** A hash of what runs are told besides the files of a tree: the variables of this process, and the user's own `.env`, which git mostly ignores. */
export function variablesHash(
  { root, compose }: Pick<Task, 'root' | 'compose'>,
  ambient: Readonly<Record<string, string | undefined>>,
): string {
  const own = readText(join(root, dirname(compose[0] ?? ''), '.env')) ?? null;
  return sha256(JSON.stringify([hostVariables(ambient), own]));
}

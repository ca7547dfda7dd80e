import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { listText } from '../judge/text.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import type { ProofRecord } from '../store/proofs.ts';
import type { CheckResult } from '../task/judgement.ts';
import { importsOf } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { hashFiles, listFiles, matchesAny } from '../workspace/snapshot.ts';

/**
 * Hash of what judges: the task's file, its Compose files and all else that an agent may not change, as they lie in a snapshot; and the modules
 * that the task's file was loaded with.
 */
export function definitionHash(task: Task, directory: string, paths = filesIn(directory)): string {
  const judging = [basename(task.file), ...task.compose, ...task.protected];
  const lies = hashFiles(directory, paths.filter((path) => matchesAny(path, judging)).sort());
  const modules = importsOf(task.file).map((file) => relative(task.root, file));
  return createHash('sha256').update(lies).update(hashFiles(task.root, modules)).digest('hex');
}

/** The same of a workspace: of the files that a snapshot of it would have. */
export async function workspaceDefinition(task: Task): Promise<string> {
  return definitionHash(task, task.root, await listFiles(task.root));
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  );
  return entries.map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** What a verdict comes to where every gate has to have been seen to fail: green no more while one has not. */
export function strictly<Sum extends Pick<Verdict, 'state' | 'distance' | 'headline'>>(
  sum: Sum,
  checks: readonly CheckResult[],
): Sum {
  const unproven = checks.filter(({ proof }) => proof === 'unproven').map(({ name }) => name);
  if (!isGreen(sum.state) || unproven.length === 0) return sum;
  const headline = `not proven to be able to fail: ${listText(unproven)} (gym prove)`;
  return { ...sum, state: 'unknown', distance: null, headline };
}

/**
 * The checks, each gate with whether it has been seen to fail under a fault. A record of another definition proves nothing. Guards are the same in
 * every task, and gym's own tests show that they can fail.
 */
export function withProof(
  checks: readonly CheckResult[],
  record: ProofRecord | undefined,
  definition: string,
): CheckResult[] {
  const proven = record?.definition === definition ? record.checks : {};
  return checks.map((check) => {
    if (check.severity !== 'gate' || check.kind === 'guard') return check;
    return { ...check, proof: (proven[check.name] ?? []).length > 0 ? 'proven' : 'unproven' };
  });
}

import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { ComposeModel } from '../environment/compose/model.ts';
import { movedKind } from '../judge/moved.ts';
import { listText } from '../judge/text.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import type { ProofRecord } from '../store/proofs.ts';
import type { CheckResult } from '../task/judgement.ts';
import { importsOf, moduleText } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { filesIn, hashFiles, listFiles } from '../workspace/files.ts';
import { environmentFiles, type Protection, protectionOf } from '../workspace/protection.ts';

/**
 * Hash of what judges: all that is protected, as it lies in a snapshot, and modules from elsewhere that the task's file was loaded with.
 */
export function definitionHash(
  task: Task,
  { covers }: Protection,
  directory: string,
  paths = filesIn(directory),
): string {
  const lies = hashFiles(directory, paths.filter(covers).sort());
  const modules = importsOf(task.file).filter((file) => relative(task.root, file).startsWith('..'));
  const hash = createHash('sha256').update(lies);
  for (const file of modules) hash.update(`${relative(task.root, file)}\0${moduleText(file)}\0`);
  return hash.digest('hex');
}

/** The same of a workspace: of the files that a snapshot of it would have. */
export async function workspaceDefinition(task: Task, model: ComposeModel): Promise<string> {
  const protection = protectionOf(task, environmentFiles(model, task.root));
  return definitionHash(task, protection, task.root, await listFiles(task.root));
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
    // Guards and moved tests are judged of the workspace: no fault of the code has to do with that.
    if (check.severity !== 'gate' || check.kind === 'guard' || check.kind === movedKind) return check;
    return { ...check, proof: (proven[check.name] ?? []).length > 0 ? 'proven' : 'unproven' };
  });
}

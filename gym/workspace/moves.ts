import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Task } from '../task/schema.ts';
import type { Baseline } from './baseline.ts';
import { listFiles } from './files.ts';
import { isTest, isTestSetting, runByStages } from './harness.ts';
import { entryAt } from './paths.ts';

/** A test that a workspace has at another path than the baseline. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** The share of lines that two files have in common from which on one may be the other, moved: as git's `-M50%`. */
const alike = 0.5;

/**
 * Tests that were moved or renamed, where that is all that was done to tests: each one that the workspace lacks has another in its place which is much like
 * it and asserts no less. None otherwise: then tests are restored as they were.
 *
 * `restored`: what of the workspace is not as the baseline has it.
 */
export async function movedTests(
  { task, workspace, baseline }: { readonly task: Task; readonly workspace: string; readonly baseline: Baseline },
  restored: readonly string[],
): Promise<Result<readonly Move[]>> {
  const isRun = runByStages(task);
  const isMovable = (path: string): boolean => isTest(path) && !isTestSetting(path) && !isRun(path);
  const known = new Set(baseline.paths);
  const wrong = restored.filter((path) => isMovable(path) && known.has(path));
  const isGone = (path: string): boolean => entryAt(join(workspace, path)) === undefined;
  if (wrong.length === 0 || !wrong.every(isGone)) return ok([]);
  const added = (await listFiles(workspace)).filter((path) => isMovable(path) && !known.has(path));
  const free = new Map(added.map((path) => [path, readFileSync(join(workspace, path), 'utf8')] as const));
  const moves: Move[] = [];
  for (const from of wrong) {
    const before = await baseline.read(from);
    if (!before.ok) return before;
    const [best] = [...free]
      .map(([to, text]) => ({ to, text, share: shareOfLines(before.value, text) }))
      .sort((a, b) => b.share - a.share);
    if (best === undefined || best.share < alike || assertions(best.text) < assertions(before.value)) return ok([]);
    moves.push({ from, to: best.to });
    free.delete(best.to);
  }
  return ok(moves);
}

/** Lines that two texts have in common, of all that the longer one has. */
export function shareOfLines(a: string, b: string): number {
  const [one, other] = [linesOf(a), linesOf(b)];
  const left = new Map<string, number>();
  for (const line of one) left.set(line, (left.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of other) {
    const count = left.get(line) ?? 0;
    if (count > 0) common += 1;
    left.set(line, count - 1);
  }
  const longer = Math.max(one.length, other.length);
  return longer === 0 ? 1 : common / longer;
}

const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);

/** How often a text calls what the common stacks assert with. */
function assertions(text: string): number {
  return (text.match(/\b(assert\w*|expect\w*|should\w*|verify|require\.\w+|t\.(Error|Fatal)\w*)\b/gi) ?? []).length;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGreen, type Verdict, verdictSchema } from '../judge/verdict.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { VerifyRequest } from './request.ts';

/** How many runs are looked through for the last one of the task. */
const lookedAt = 50;

/** The checks, each that does not hold with the run since which it has not, without a break. */
export function withSince(checks: readonly CheckResult[], run: string, before: Verdict | undefined): CheckResult[] {
  return checks.map((check) => {
    if (isGreen(check.state)) return check;
    const last = before?.checks.find(({ name }) => name === check.name);
    const since = last === undefined || isGreen(last.state) ? run : (last.since ?? before?.run ?? run);
    return { ...check, since };
  });
}

/** The verdict of the task before this run in the same workspace, with nothing broken on purpose; `undefined`: there is none. */
export function lastVerdict({
  store,
  history,
  task,
  run,
  workspace,
}: Pick<VerifyRequest, 'store' | 'history' | 'task' | 'run' | 'workspace'>): Verdict | undefined {
  for (const row of history.newest(lookedAt)) {
    if (row.kind !== 'verify' || row.task !== task.name || row.run === run || row.durationMs === null) continue;
    const file = join(store.runDirectory(row.run), 'verdict.json');
    if (!existsSync(file)) continue;
    const parsed = verdictSchema.safeParse(parsedJson(readFileSync(file, 'utf8')));
    // A loop works on other files than the user does: what fails there says nothing of what fails here.
    if (!parsed.success) continue;
    const { fault, canary, part, workspace: judged } = parsed.data;
    if ([fault, canary, part].every((each) => each === undefined) && judged.root === workspace) return parsed.data;
  }
  return undefined;
}

/** A damaged file is that of no verdict. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

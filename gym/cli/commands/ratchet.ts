import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { wrongOf } from '../../api/as-written.ts';
import { openTask } from '../../api/tasks.ts';
import { failed, ok, type Result } from '../../events/problem.ts';
import { amountText } from '../../judge/text.ts';
import { isGreen, type Verdict } from '../../judge/verdict.ts';
import { openHistory } from '../../store/history.ts';
import { checkoutOf, openStore, type Store } from '../../store/store.ts';
import { noBestYet, type Ratchet, ratchetFile, readRatchet, tightened, writeRatchet } from '../../target/ratchet.ts';
import type { Task } from '../../task/schema.ts';
import { lastVerdict } from '../../verify/since.ts';
import { hashFiles, listFiles } from '../../workspace/files.ts';
import { findJudging } from '../../workspace/judging.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** `gym ratchet`: takes what the last passing run measured as the best so far, where it is better. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const { root, name, targets } = task.value;
  if (!targets.some(({ against }) => against.kind === 'ratchet'))
    return [{ kind: 'usage', message: `${name} has no target against a ratchet` }];
  const before = readRatchet(root);
  if (!before.ok) return before.problems;
  const store = openStore(checkoutOf(root));
  const verdict = await passingVerdict(task.value, store);
  if (!verdict.ok) return verdict.problems;
  const after = tightened(before.value, targets, valuesOf(verdict.value, store));
  const lines = changes(before.value, after);
  if (lines.length > 0) writeRatchet(root, after);
  const said = lines.length > 0 ? lines : [`nothing in run ${verdict.value.run} is better than the best so far`];
  context.stdout.write(`${said.join('\n')}\n`);
  return 0;
}

/** The last run by the files that judge by default, if it is one of the workspace as it is and nothing but a number to begin with is missing. */
async function passingVerdict(task: Task, store: Store): Promise<Result<Verdict>> {
  const judging = await findJudging(task.file, undefined);
  if (!judging.ok) return judging;
  const baseline = judging.value.kind === 'commit' ? { baseline: judging.value.baseline } : {};
  const history = openHistory(store);
  const verdict = lastVerdict({ store, history, task, run: '', workspace: task.root, ...baseline });
  const row = verdict && history.find(verdict.run);
  history.close();
  const remedy = `gym verify ${task.name}`;
  if (verdict === undefined) {
    const by = judging.value.kind === 'commit' ? ` by the files of ${judging.value.baseline.name}` : '';
    return failed({ kind: 'usage', message: `${task.name} was not verified yet${by}`, remedy });
  }
  // The numbers that it measured are in files beside the verdict.
  const edited = row && wrongOf({ store, row, verdictOf: row.run });
  if (edited !== undefined) return failed({ kind: 'evidence', message: edited });
  const wrong = verdict.checks.find(
    ({ state, severity, because }) => severity === 'gate' && !isGreen(state) && !because.startsWith(noBestYet),
  );
  if (verdict.problems.length > 0 || wrong !== undefined) {
    const why = wrong === undefined ? verdict.headline : `${wrong.name}: ${wrong.because}`;
    return failed({ kind: 'usage', message: `run ${verdict.run} did not pass: ${why}`, remedy });
  }
  const hash = hashFiles(task.root, await listFiles(task.root));
  if (hash === verdict.workspace.hash) return ok(verdict);
  return failed({ kind: 'usage', message: `the workspace has changed since run ${verdict.run}`, remedy });
}

const measured = z.object({ value: z.number().nullable() });

/** The numbers that a run measured, by target. */
function valuesOf({ run, checks }: Verdict, store: Store): Map<string, number> {
  const values = checks
    .filter(({ kind }) => kind === 'target')
    .flatMap(({ name }): [string, number][] => {
      const file = join(store.runDirectory(run), 'targets', `${name}.json`);
      const value = existsSync(file) ? measured.parse(JSON.parse(readFileSync(file, 'utf8'))).value : null;
      return value === null ? [] : [[name, value]];
    });
  return new Map(values);
}

function changes(before: Ratchet, after: Ratchet): string[] {
  return Object.entries(after.best).flatMap(([name, { value, unit }]) => {
    const old = before.best[name];
    if (old?.value === value) return [];
    const from = old === undefined ? '' : `${amountText(old.value, old.unit)} -> `;
    return [`${ratchetFile}: ${name} ${from}${amountText(value, unit)}`];
  });
}

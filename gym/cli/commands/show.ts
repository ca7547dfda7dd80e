import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../events/problem.ts';
import { terse } from '../../judge/terse.ts';
import { type Verdict, verdictSchema } from '../../judge/verdict.ts';
import { auditRun } from '../../store/audit.ts';
import { openHistory, type RunRow } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { notAsWritten } from '../render/audit.ts';
import { checkText, personVerdict } from '../render/person.ts';
import { painter } from '../render/style.ts';
import { storesHere } from '../stores.ts';

/** `gym show`: a run's verdict, or all about one of its checks. */
export async function run({ cwd, stdout, stderr }: Context, args: Arguments): Promise<CommandEnd> {
  const [name, checkName] = args.positionals[0]?.split(':') ?? [];
  const found = findRun(cwd, name === '' ? undefined : name);
  if (!found.ok) return found.problems;
  const { store, verdictOf, wrong } = found.value;
  const verdict = readVerdict(found.value);
  if (!verdict.ok) return verdict.problems;
  if (wrong !== undefined) {
    // Whoever reads the document by machine sees it on stderr and by the exit code.
    const output = args.text('json') === undefined ? stdout : stderr;
    output.write(`${wrong}\n`);
  }
  const exitCode = wrong === undefined ? 0 : 1;
  const paint = painter(stdout);
  const { checks, run: runName } = verdict.value;
  if (checkName === undefined) {
    const text = stdout.isTty
      ? personVerdict(verdict.value, store.runDirectory(verdictOf), paint)
      : terse(verdict.value);
    stdout.write(`${args.text('json') === undefined ? text : JSON.stringify(verdict.value, null, 2)}\n`);
    return exitCode;
  }
  const check = checks.find((each) => each.name === checkName);
  if (check === undefined) {
    const remedy = nearOrKnown(
      checkName,
      'checks',
      checks.map((each) => each.name),
    );
    return [{ kind: 'usage', message: `run ${runName} has no check ${checkName}`, remedy }];
  }
  const text = checkText(check, verdict.value, store.runDirectory(verdictOf), paint);
  stdout.write(`${args.text('json') === undefined ? text : JSON.stringify(check, null, 2)}\n`);
  return exitCode;
}

interface FoundRun {
  readonly store: Store;
  readonly row: RunRow;
  /** The run itself; of a loop, its newest verification. */
  readonly verdictOf: string;
  /** What of it is not as gym wrote it. */
  readonly wrong: string | undefined;
}

/** The run of that name, or else the newest verification. */
function findRun(cwd: string, name: string | undefined): Result<FoundRun> {
  const found = storesHere(cwd).flatMap((store) => findIn(store, name));
  const [newest] = found.sort((a, b) => b.row.startedAt - a.row.startedAt);
  if (newest !== undefined) return ok(newest);
  const message =
    name === undefined ? 'nothing has been verified here yet' : `there is no run ${name}, or several end so`;
  return failed({ kind: 'usage', message, remedy: 'gym runs lists them.' });
}

function findIn(store: Store, name: string | undefined): FoundRun[] {
  const history = openHistory(store);
  try {
    const row = name === undefined ? history.newest(100).find(({ kind }) => kind === 'verify') : history.find(name);
    if (row === undefined) return [];
    const judged = row.kind === 'loop' ? history.newest(1000).find(({ loop }) => loop === row.run) : row;
    const rows = judged === undefined || judged.run === row.run ? [row] : [row, judged];
    const wrong = notAsWritten(rows.flatMap((each) => auditRun(store, history, each)));
    return [{ store, row, verdictOf: (judged ?? row).run, wrong }];
  } finally {
    history.close();
  }
}

function readVerdict({ store, row, verdictOf }: FoundRun): Result<Verdict> {
  const file = join(store.runDirectory(verdictOf), 'verdict.json');
  if (!existsSync(file)) {
    return failed({ kind: 'usage', message: `run ${row.run} has no verdict: it is still running, or was cut off` });
  }
  const parsed = verdictSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return ok(parsed.data);
  return failed({ kind: 'evidence', message: 'the verdict cannot be read', place: { file } });
}

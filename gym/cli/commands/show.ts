import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../events/problem.ts';
import { terse } from '../../judge/terse.ts';
import { type Verdict, verdictSchema } from '../../judge/verdict.ts';
import { openHistory } from '../../store/history.ts';
import { checkoutOf, openStore, type Store } from '../../store/store.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { checkText, personVerdict } from '../render/person.ts';
import { painter } from '../render/style.ts';

/** `gym show`: a run's verdict, or all about one of its checks. */
export async function run({ cwd, stdout }: Context, args: Arguments): Promise<CommandEnd> {
  const [name, checkName] = args.positionals[0]?.split(':') ?? [];
  const store = openStore(checkoutOf(cwd));
  const verdict = readVerdict(store, name);
  if (!verdict.ok) return verdict.problems;
  const paint = painter(stdout);
  const { checks, run: runName } = verdict.value;
  if (checkName === undefined) {
    const text = stdout.isTty ? personVerdict(verdict.value, paint) : terse(verdict.value);
    stdout.write(`${args.text('json') === undefined ? text : JSON.stringify(verdict.value, null, 2)}\n`);
    return 0;
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
  const text = checkText(check, verdict.value, store.runDirectory(runName), paint);
  stdout.write(`${args.text('json') === undefined ? text : JSON.stringify(check, null, 2)}\n`);
  return 0;
}

function readVerdict(store: Store, name: string | undefined): Result<Verdict> {
  const history = openHistory(store);
  try {
    const row =
      name === undefined || name === ''
        ? history.newest(100).find(({ kind }) => kind === 'verify')
        : history.find(name);
    if (row === undefined) {
      const message =
        name === undefined ? 'nothing has been verified here yet' : `there is no run ${name}, or several end so`;
      return failed({ kind: 'usage', message, remedy: 'gym runs lists them.' });
    }
    const judged = row.kind === 'loop' ? history.newest(1000).find(({ loop }) => loop === row.run) : row;
    const file = join(store.runDirectory((judged ?? row).run), 'verdict.json');
    if (!existsSync(file)) {
      return failed({ kind: 'usage', message: `run ${row.run} has no verdict: it is still running, or was cut off` });
    }
    const parsed = verdictSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return ok(parsed.data);
    return failed({ kind: 'evidence', message: 'the verdict cannot be read', place: { file } });
  } finally {
    history.close();
  }
}

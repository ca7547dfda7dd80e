import { readVerdict, runNamed } from '../../api/run-named.ts';
import { terse } from '../../judge/terse.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { checkText, personVerdict } from '../render/person.ts';
import { painter } from '../render/style.ts';

/** `gym show`: a run's verdict, or all about one of its checks. */
export async function run({ cwd, stdout }: Context, args: Arguments): Promise<CommandEnd> {
  const [name, checkName] = args.positionals[0]?.split(':') ?? [];
  const found = runNamed(cwd, name === '' ? undefined : name);
  if (!found.ok) return found.problems;
  const { store, verdictOf } = found.value;
  const verdict = readVerdict(found.value);
  if (!verdict.ok) return verdict.problems;
  const paint = painter(stdout);
  const { checks, run: runName } = verdict.value;
  if (checkName === undefined) {
    const text = stdout.isTty
      ? personVerdict(verdict.value, store.runDirectory(verdictOf), paint)
      : terse(verdict.value);
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
  const text = checkText(check, verdict.value, store.runDirectory(verdictOf), paint);
  stdout.write(`${args.text('json') === undefined ? text : JSON.stringify(check, null, 2)}\n`);
  return 0;
}

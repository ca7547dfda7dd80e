import { join } from 'node:path';
import { wrongOf } from '../../api/as-written.ts';
import { readVerdict, runNamed } from '../../api/run-named.ts';
import { failed, ok, type Result } from '../../events/problem.ts';
import { terse } from '../../judge/terse.ts';
import type { Verdict } from '../../judge/verdict.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import { failedCasesOf, type KeptCase } from '../../verify/stage-result.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { readerOf } from '../reader.ts';
import { caseText } from '../render/cases.ts';
import { checkText, personVerdict } from '../render/person.ts';
import { painter } from '../render/style.ts';

/** `gym show`: a run's verdict, or all about one of its checks or failed cases. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { stdout } = context;
  const [, name = '', what] = /^([^:]*)(?::(.*))?$/s.exec(args.positionals[0] ?? '') ?? [];
  const found = runNamed(context.cwd, name === '' ? undefined : name);
  if (!found.ok) return found.problems;
  const directory = found.value.store.runDirectory(found.value.verdictOf);
  const verdict = readVerdict(found.value);
  if (!verdict.ok) return verdict.problems;
  const isJson = args.text('json') !== undefined;
  const wrong = wrongOf(found.value);
  const print = (value: unknown, text: () => string): number => {
    // Who reads the document by a program has it on stderr, and in the exit code.
    if (wrong !== undefined) (isJson ? context.stderr : stdout).write(`${wrong}\n`);
    stdout.write(`${isJson ? JSON.stringify(value, null, 2) : text()}\n`);
    return wrong === undefined ? 0 : 1;
  };
  if (what === undefined) {
    const isPage = readerOf(context, args) === 'person';
    const page = (): string => personVerdict(verdict.value, directory, painter(stdout));
    return print(verdict.value, () => (isPage ? page() : terse(verdict.value)));
  }
  const check = verdict.value.checks.find((each) => each.name === what);
  if (check !== undefined) {
    return print(check, () => checkText(check, verdict.value, directory, painter(stdout)));
  }
  const meant = caseNamed(verdict.value, directory, what);
  if (!meant.ok) return meant.problems;
  const { stage, failure } = meant.value;
  return print({ stage, ...failure }, () =>
    caseText(failure, join(directory, 'stages', `${stage}.log`), painter(stdout)),
  );
}

interface StageCase {
  readonly stage: string;
  readonly failure: KeptCase;
}

/** The failed case of that name, or the only one that has it in its name. */
function caseNamed({ run, stages, checks }: Verdict, directory: string, what: string): Result<StageCase> {
  const all = stages.flatMap(({ stage }) => failedCasesOf(directory, stage).map((failure) => ({ stage, failure })));
  const exact = all.filter(({ stage, failure }) => failure.id === what || `${stage}: ${failure.id}` === what);
  const meant = exact.length > 0 ? exact : all.filter(({ failure }) => failure.id.includes(what));
  const [first, second] = meant;
  if (first !== undefined && second === undefined) return ok(first);
  const names = (first === undefined ? checks.map(({ name }) => name) : meant.map(({ failure }) => failure.id)).sort();
  const message =
    first === undefined
      ? `run ${run} has no check and no failed case ${what}`
      : `${meant.length} failed cases of run ${run} have ${what} in their name`;
  const remedy =
    first === undefined ? nearOrKnown(what, 'checks', names) : `Name one: ${names.slice(0, 10).join(', ')}`;
  return failed({ kind: 'usage', message, remedy });
}

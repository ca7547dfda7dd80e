import { findJudged, openJudged } from '../../api/tasks.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import { type Why, whyStage } from '../../verify/why.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** Names of what has changed that are listed. */
const listed = 40;

/** `gym why`: why a stage would run again, or would be taken from an earlier run. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [stage = '', named] = args.positionals;
  const found = await findJudged(named, undefined, context);
  if (!found.ok) return found.problems;
  const task = await openJudged(found.value, context);
  if (!task.ok) return task.problems;
  const { judging } = found.value;
  const { root } = task.value;
  const told = await whyStage(
    {
      ...{ task: task.value, workspace: root, store: openStore(checkoutOf(root)), environmentVariables: context.env },
      ...(judging.kind === 'commit' && { baseline: judging.baseline }),
    },
    stage,
  );
  if (!told.ok) return told.problems;
  const { step, why } = told.value;
  const together = step === stage ? '' : ` (with all of its sequence: ${step})`;
  context.stdout.write(
    args.text('json') === undefined
      ? `${stage}${together} ${whyText(why)}\n`
      : `${JSON.stringify(told.value, null, 2)}\n`,
  );
  return 0;
}

function whyText(why: Why): string {
  switch (why.kind) {
    case 'cached':
      return `is taken from run ${why.run}: nothing that it depends on has changed since`;
    case 'never':
      return `runs each time: ${why.because}`;
    case 'flaky':
      return `runs each time: it is flaky. With all the same it passed in run ${why.passed} and failed in run ${why.failed}`;
    case 'failed':
      return `runs again: it did not pass in run ${why.run}, and only what passed is taken over`;
    case 'new':
      return 'runs: no run is known in which it passed';
    case 'changed': {
      const more = why.what.length > listed ? [`  … ${why.what.length - listed} more`] : [];
      const lines = why.what.slice(0, listed).map((each) => `  ${each}`);
      return [`runs again: since run ${why.since}`, ...lines, ...more].join('\n');
    }
  }
}

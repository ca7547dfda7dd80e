import { join, resolve } from 'node:path';
import { displayPath } from '../../task/display-path.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { filesAbout, sectionIn, skillFile, taskDocs, writeDocs } from '../docs/files.ts';

/** `gym docs`: writes what an agent has to know of a task into a file, between marks; or, with `--check`, tells whether that is still true. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const docs = await taskDocs(args.positionals[0], context);
  if (!docs.ok) return docs.problems;
  const { task, top } = docs.value;
  const asked = args.text('write');
  const usual = join(top, args.flag('skill') ? skillFile(task.name) : 'AGENTS.md');
  const file = asked === undefined ? usual : resolve(context.cwd, asked);
  if (args.flag('check')) {
    const isAny = asked === undefined && !args.flag('skill');
    const there = isAny ? filesAbout(docs.value) : [];
    return checkAll(context, there.length > 0 ? there : [file], docs.value);
  }
  const section = sectionIn(file, docs.value);
  if (!section.ok) return section.problems;
  const { text, isCurrent } = section.value;
  if (!isCurrent) writeDocs(file, text);
  context.stdout.write(`${displayPath(file)} ${isCurrent ? 'is up to date' : 'written'}\n`);
  return 0;
}

function checkAll({ stdout }: Context, files: readonly string[], docs: Parameters<typeof sectionIn>[1]): CommandEnd {
  let exitCode = 0;
  for (const file of files) {
    const section = sectionIn(file, docs);
    const isCurrent = section.ok && section.value.isCurrent;
    if (!isCurrent) exitCode = 1;
    const remedy = section.ok ? `gym docs ${docs.task.name} --write ${displayPath(file)}` : section.problems[0].message;
    stdout.write(
      `${displayPath(file)} ${isCurrent ? 'is up to date' : `does not say what is true of ${docs.task.name}: ${remedy}`}\n`,
    );
  }
  return exitCode;
}

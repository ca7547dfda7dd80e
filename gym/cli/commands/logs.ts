import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type NamedRun, readVerdict, runNamed } from '../../api/run-named.ts';
import type { EnvironmentStatus } from '../../environment/environment.ts';
import { logs } from '../../environment/existing.ts';
import { readEvents } from '../../events/log.ts';
import type { Problem, Result } from '../../events/problem.ts';
import { listText } from '../../judge/text.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context, Output } from '../context.ts';
import { chooseKept } from '../kept.ts';
import { inOrderOfTime, type RecordedLine, recordedLines, windowOf } from '../recorded-logs.ts';
import { painter } from '../render/style.ts';

const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;

/** The name of a run, or its last four digits. */
const runName = /^(?:\d{8}-\d{6}-)?[\da-f]{4}$/;

/** `gym logs`: logs of services, each line with its service where there are several. Of the kept environment, or of a run that is named; around a time, of the newest run. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [word = '', ...services] = args.positionals;
  const named = runName.test(word) ? runNamed(context.cwd, word) : undefined;
  if (named?.ok === true) return ofRun(context, args, named.value, services);
  if (args.text('around') === undefined) return ofKept(context, args);
  const newest = named ?? runNamed(context.cwd, undefined);
  return newest.ok ? ofRun(context, args, newest.value, args.positionals) : newest.problems;
}

/** What was recorded in a run: of the services that are named, or of all. The output of a stage can be named too. */
function ofRun(context: Context, args: Arguments, run: NamedRun, names: readonly string[]): CommandEnd {
  const { store, verdictOf } = run;
  const directory = store.runDirectory(verdictOf);
  const taken = takenStages(run);
  const cached = taken.filter(({ file }) => existsSync(file));
  const word = args.text('around');
  // What services printed while a stage ran is with the run in which it ran.
  const around = taken.find(({ stage }) => stage === word);
  if (around !== undefined && !cached.includes(around)) return [goneProblem(around)];
  const then = around === undefined ? directory : store.runDirectory(around.from);
  const own = filesIn(join(then, 'logs'));
  const earlier = cached.flatMap(({ from }) => [...filesIn(join(store.runDirectory(from), 'logs'))]);
  const logs = own.size > 0 ? own : new Map(earlier);
  const ofCached = cached.map(({ stage, file }) => [stage, file] as const);
  const stages = new Map([...ofCached, ...filesIn(join(directory, 'stages'))]);
  const all = new Map([...stages, ...logs]);
  const unknown = names.find((name) => !all.has(name));
  if (unknown !== undefined) return noLog(unknown, verdictOf, [...all.keys()]);
  const window = word === undefined ? undefined : windowOf(word, readEvents(join(then, 'events.ndjson')));
  if (word !== undefined && window === undefined) {
    const remedy = 'Give a stage, a duration since the run began (12.5s), or a time (08:15:30.250).';
    return [{ kind: 'usage', message: `--around ${word} is no time`, remedy }];
  }
  const wanted = names.length === 0 ? [...logs.keys()].sort() : names;
  const tail = args.number('tail');
  const sources = wanted.map((name) => lastOf(recordedLines(name, all.get(name) ?? '', window), tail));
  const prefixes = prefixesFor(wanted, context.stdout);
  if (around !== undefined)
    context.stderr.write(`${around.stage} is cached from run ${around.from}: this was printed then\n`);
  let count = 0;
  for (const { source, atMs, text } of inOrderOfTime(sources)) {
    const time = args.flag('timestamps') && atMs !== null ? `${new Date(atMs).toISOString()} ` : '';
    context.stdout.write(`${prefixes.get(source) ?? ''}${time}${text}\n`);
    count += 1;
  }
  // A stage's own output is no log of a service: where no service says a word, it is what is left to read.
  const isStage = names.length === 0 && stages.has(word ?? '');
  const other = isStage ? `; of the stage: gym logs ${verdictOf} ${word}` : elsewhere(taken);
  if (count === 0) context.stderr.write(`nothing was printed${window === undefined ? '' : ` then${other}`}\n`);
  return 0;
}

/** Where else something was printed than at a moment of a run that has taken stages from earlier ones. */
function elsewhere(taken: readonly TakenStage[]): string {
  const runs = [...new Set(taken.map(({ from }) => from))];
  return runs.length === 0 ? '' : `; stages are cached from run ${listText(runs)}: name that, or give a stage`;
}

/** A stage that was taken from an earlier run, whose folder has what it printed, as long as it is there. */
interface TakenStage {
  readonly stage: string;
  readonly from: string;
  readonly file: string;
}

function takenStages(run: NamedRun): TakenStage[] {
  const verdict = readVerdict(run);
  if (!verdict.ok) return [];
  const directory = run.store.runDirectory(run.verdictOf);
  return verdict.value.stages.flatMap(({ stage, cached, log }) =>
    cached === undefined || log === null ? [] : [{ stage, from: cached.run, file: join(directory, log) }],
  );
}

function goneProblem({ stage, from }: TakenStage): Problem {
  const message = `${stage} is cached from run ${from}, and what was printed then is gone`;
  return { kind: 'usage', message, remedy: 'gym verify --no-cache runs it again.' };
}

function noLog(name: string, run: string, names: readonly string[]): CommandEnd {
  const remedy = names.length === 0 ? `Nothing ran in it: gym show ${run}` : nearOrKnown(name, 'logs', names);
  return [{ kind: 'usage', message: `run ${run} has no log of ${name}`, remedy }];
}

/** The logs of a folder by the name of their service or stage. */
function filesIn(folder: string): Map<string, string> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.log')) : [];
  return new Map(files.map((file) => [basename(file, '.log'), join(folder, file)]));
}

/** The last lines; all without a number. */
function* lastOf(lines: Generator<RecordedLine>, count: number | undefined): Generator<RecordedLine> {
  if (count === undefined) return yield* lines;
  const kept: RecordedLine[] = [];
  for (const line of lines) {
    kept.push(line);
    if (kept.length > 2 * count) kept.splice(0, kept.length - count);
  }
  yield* count === 0 ? [] : kept.slice(-count);
}

async function ofKept(context: Context, args: Arguments): Promise<CommandEnd> {
  const kept = await chooseKept(context, args.text('task'));
  if (!kept.ok) return kept.problems;
  const services = kept.value.services.map(({ service }) => service).sort();
  const unknown = args.positionals.find((service) => !services.includes(service));
  if (unknown !== undefined) {
    return [
      { kind: 'usage', message: `there is no service ${unknown}`, remedy: nearOrKnown(unknown, 'services', services) },
    ];
  }
  const wanted = args.positionals.length === 0 ? services : args.positionals;
  const prefixes = prefixesFor(wanted, context.stdout);
  const ends = await Promise.all(
    wanted.map((service) => copy(context, args, kept.value, service, prefixes.get(service) ?? '')),
  );
  const [first, ...others] = ends.flatMap((end) => (end.ok ? [] : end.problems));
  return first === undefined ? 0 : [first, ...others];
}

function prefixesFor(services: readonly string[], stdout: Output): Map<string, string> {
  if (services.length === 1) return new Map();
  const width = Math.max(...services.map((service) => service.length));
  const paint = painter(stdout);
  return new Map(
    services.map((service, index) => [
      service,
      paint(colours[index % colours.length] ?? 'cyan', `${service.padEnd(width)} | `),
    ]),
  );
}

/** Copies one service's log to stdout, whole lines at a time, so that the lines of several do not mix. */
async function copy(
  context: Context,
  args: Arguments,
  { project }: EnvironmentStatus,
  service: string,
  prefix: string,
): Promise<Result<void>> {
  const decoder = new TextDecoder();
  let rest = '';
  const end = await logs(context.env, {
    project,
    service,
    follow: args.flag('follow'),
    tail: args.number('tail') ?? null,
    timestamps: args.flag('timestamps'),
    signal: context.signal,
    onOutput: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) context.stdout.write(lines.map((line) => `${prefix}${line}\n`).join(''));
    },
  });
  if (rest !== '') context.stdout.write(`${prefix}${rest}\n`);
  return end;
}

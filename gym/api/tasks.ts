import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadCompose } from '../environment/compose/load.ts';
import type { ComposeModel } from '../environment/compose/model.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { type Proposal, readProposals } from '../store/proposals.ts';
import { checkoutOf, openStore } from '../store/store.ts';
import { displayPath } from '../task/display-path.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import { ownModules } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { composeMismatches } from '../verify/definition.ts';
import { type Standing, standingOf } from '../verify/known.ts';
import { asInWorkspace } from '../verify/places.ts';
import { protectionIn } from '../verify/protecting.ts';
import { acceptedFiles, isValid, modulesWith, withAccepted } from '../workspace/accepted.ts';
import { findJudging, type Judging } from '../workspace/judging.ts';
import type { Caller } from './caller.ts';
import { proposalStore } from './proposals.ts';

/** Finds, loads and checks a task with its Compose files, so that a definition's errors come before anything is brought up. */
export async function openTask(named: string | undefined, caller: Caller): Promise<Result<Task>> {
  const opened = await openTaskAndModel(named, caller);
  return opened.ok ? ok(opened.value.task) : opened;
}

/** The same, with what its Compose files come to. */
export async function openTaskAndModel(
  named: string | undefined,
  { cwd, env }: Caller,
): Promise<Result<{ readonly task: Task; readonly model: ComposeModel }>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const task = await loadTask(file.value);
  if (!task.ok) return task;
  const model = modelOf(task.value, env);
  return model.ok ? ok({ task: task.value, model: model.value }) : model;
}

/** A task file that was found, and what judges its workspace. */
export interface FoundJudged {
  readonly file: string;
  readonly judging: Judging;
  readonly proposals: readonly Proposal[];
}

/** Finds a task and what judges it; it is not loaded yet. `compareWith`: a ref as `findJudging` takes it. */
export async function findJudged(
  named: string | undefined,
  compareWith: string | object | undefined,
  { cwd }: Caller,
): Promise<Result<FoundJudged>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const found = await findJudging(file.value, typeof compareWith === 'string' ? compareWith : undefined);
  return found.ok ? ok({ file: file.value, ...withProposals(found.value, file.value) }) : found;
}

/**
 * The same of a task file, ahead of time, as git takes a while. Gives what says it when it is needed: it is asked for again where a commit, a fetch or a
 * person has changed meanwhile what it stands on.
 */
export async function findJudgedAhead(
  file: string,
  compareWith: string | undefined,
  caller: Caller,
): Promise<() => ReturnType<typeof findJudged>> {
  const root = dirname(file);
  const standing = (): Standing => standingOf({ store: openStore(checkoutOf(root)), root });
  const before = standing();
  const ask = (): ReturnType<typeof findJudged> => findJudged(file, compareWith, caller);
  const found = await ask();
  return async () => (isDeepStrictEqual(standing(), before) ? found : ask());
}

/**
 * Loads a task as it is judged: by the protected files of a baseline, its own file among them. The checkout's Compose files are looked at only where
 * they are the baseline's: others are not what comes up.
 */
export async function openJudged({ file, judging, proposals }: FoundJudged, { env }: Caller): Promise<Result<Task>> {
  const task = await loadTask(file, judging.kind === 'commit' ? judging.state : undefined);
  if (!task.ok) {
    const [first, ...others] = task.problems;
    const named = (each: Problem): Problem => namingAccepted(each, file, proposals);
    return failed(named(first), ...others.map(named));
  }
  const model = modelOf(task.value, env);
  if (model.ok) return task;
  if (judging.kind === 'own') return model;
  const { covers } = protectionIn(task.value, task.value.root, env);
  const changed = await judging.baseline.changed(judging.baseline.paths.filter(covers), task.value.root);
  return changed.ok && changed.value.length > 0 ? task : model;
}

/** A problem of a task file, which names the accepted proposal whose text it is in, or else that has changed what the task is loaded from. */
function namingAccepted(problem: Problem, file: string, proposals: readonly Proposal[]): Problem {
  const own = ownModules(file);
  const changing = proposals.filter(
    ({ state, files }) => state === 'accepted' && files.some(({ path }) => own.has(path)),
  );
  const isIn = (path: string): boolean => displayPath(join(dirname(file), path)) === problem.place?.file;
  const cause = changing.findLast(({ files }) => files.some(({ path }) => isIn(path))) ?? changing.at(-1);
  if (cause === undefined) return problem;
  const undo = `The task is as accepted proposal ${cause.id} has it; to undo it: gym review ${cause.id} --reject`;
  return { ...problem, remedy: problem.remedy === undefined ? undo : `${problem.remedy} ${undo}` };
}

/** With what a person has accepted of what was proposed for a task, and the proposals that are open or count. */
function withProposals(judging: Judging, file: string): { judging: Judging; proposals: readonly Proposal[] } {
  if (judging.kind === 'own') return { judging, proposals: [] };
  const { baseline } = judging;
  const all = readProposals(proposalStore(dirname(file))).filter(({ folder }) => folder === baseline.commit?.folder);
  const valid = all.filter(({ files }) => files.some((each) => isValid(baseline, each)));
  const changes = acceptedFiles(baseline, valid);
  const state = modulesWith(judging.state, changes, dirname(file));
  return {
    judging: { ...judging, baseline: withAccepted(baseline, changes), state },
    proposals: valid.filter((each) => each.state !== 'rejected'),
  };
}

/** What a task's Compose files come to, where they fit what the task says of them. */
function modelOf(task: Task, env: Caller['env']): Result<ComposeModel> {
  const { root, compose, variables } = task;
  const model = loadCompose(
    compose.map((each) => join(root, each)),
    variables,
    env,
  );
  if (!model.ok) return failed(...asInWorkspace(model.problems, root, [root]));
  const [first, ...others] = composeMismatches(task, model.value);
  return first === undefined ? model : failed(first, ...others);
}

import { dirname, join, relative } from 'node:path';
import { loadCompose } from '../environment/compose/load.ts';
import type { ComposeModel } from '../environment/compose/model.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { type Proposal, readProposals } from '../store/proposals.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import type { ModuleState } from '../task/state.ts';
import { composeMismatches } from '../verify/definition.ts';
import { protectionIn } from '../verify/protecting.ts';
import { isValid, withAccepted } from '../workspace/accepted.ts';
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
 * Loads a task as it is judged: by the protected files of a baseline, its own file among them. The checkout's Compose files are looked at only where
 * they are the baseline's: others are not what comes up.
 */
export async function openJudged({ file, judging }: FoundJudged, { env }: Caller): Promise<Result<Task>> {
  const task = await loadTask(file, judging.kind === 'commit' ? judging.state : undefined);
  if (!task.ok) return task;
  const model = modelOf(task.value, env);
  if (model.ok) return task;
  if (judging.kind === 'own') return model;
  const { covers } = protectionIn(task.value, task.value.root, env);
  const changed = await judging.baseline.changed(judging.baseline.paths.filter(covers), task.value.root);
  return changed.ok && changed.value.length > 0 ? task : model;
}

/** With what a person has accepted of what was proposed for a task, and the proposals that are open or count. */
function withProposals(judging: Judging, file: string): { judging: Judging; proposals: readonly Proposal[] } {
  if (judging.kind === 'own') return { judging, proposals: [] };
  const { baseline, state } = judging;
  const all = readProposals(proposalStore(dirname(file))).filter(({ folder }) => folder === baseline.commit?.folder);
  const valid = all.filter(({ files }) => files.some((each) => isValid(baseline, each)));
  const changes = valid.flatMap((each) => (each.state === 'accepted' ? each.files : []));
  const texts = new Map(changes.filter((each) => isValid(baseline, each)).map(({ path, content }) => [path, content]));
  const decided: ModuleState = (module) => {
    const content = texts.get(relative(dirname(file), module));
    return content == null ? state(module) : Buffer.from(content, 'base64').toString();
  };
  return {
    judging: { ...judging, baseline: withAccepted(baseline, changes), state: texts.size === 0 ? state : decided },
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
  if (!model.ok) return model;
  const [first, ...others] = composeMismatches(task, model.value);
  return first === undefined ? model : failed(first, ...others);
}

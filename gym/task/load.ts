import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { failed, ok, type Place, type Problem, type Result } from '../events/problem.ts';
import { hookImports } from './api.ts';
import { DefinitionError } from './definition-error.ts';
import { displayPath } from './display-path.ts';
import { guardCheck, guardNames } from './guards.ts';
import { forAuthors, plainIssues } from './issues.ts';
import { type CallSite, locate } from './locate.ts';
import { moduleText } from './modules.ts';
import { type Task, type TaskDefinition, taskSchema } from './schema.ts';
import { type ModuleState, urlInState } from './state.ts';
import { nearOrKnown } from './suggest.ts';
import { canaryCheck } from './target.ts';
import { frameWithin, placeOfThrown } from './thrown.ts';

/**
 * Loads a task file. Whatever is wrong with it comes back as problems with file and line. `state`: the file and the modules that it imports are read
 * as they were in that state, where that has them.
 */
export async function loadTask(file: string, state?: ModuleState): Promise<Result<Task>> {
  const evaluated = await evaluate(file, state);
  if (!evaluated.ok) return evaluated;
  const hidden = [...evaluated.value.hidden, ...(evaluated.value.heldOut?.files ?? [])];
  const task: Task = { ...evaluated.value, hidden, file, root: dirname(file) };
  const [first, ...others] = inconsistencies(task);
  return first === undefined ? ok(task) : failed(first, ...others);
}

async function evaluate(file: string, state: ModuleState | undefined): Promise<Result<TaskDefinition>> {
  let loaded: unknown;
  hookImports();
  try {
    loaded = await import(urlInState(file, state));
  } catch (thrown) {
    if (state?.(file) === undefined && !existsSync(file))
      return failed(definition(file, 'the task file is not there', {}));
    return failed(...asProblems(thrown, file));
  }
  const exported = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (exported === undefined) {
    return failed(
      definition(file, 'the task file has no default export', { remedy: 'Write `export default defineTask({ … })`.' }),
    );
  }
  const parsed = taskSchema.safeParse(exported, forAuthors);
  if (parsed.success) return ok(parsed.data);
  return failed(...problemsOf(parsed.error.issues, 'the default export', file, { callee: 'defineTask' }));
}

/** A problem of the definition at a value of the `defineTask` call. */
export function definitionProblem(task: Task, path: readonly PropertyKey[], message: string, remedy?: string): Problem {
  const line = locate(moduleText(task.file), { callee: 'defineTask' }, path);
  return definition(task.file, message, { line, remedy });
}

function definition(
  file: string,
  message: string,
  more: { line?: number | undefined; remedy?: string | undefined },
): Problem {
  const place: Place = { file: displayPath(file), ...(more.line !== undefined && { line: more.line }) };
  return { kind: 'definition', message, place, ...(more.remedy !== undefined && { remedy: more.remedy }) };
}

type Problems = [Problem, ...Problem[]];

function asProblems(thrown: unknown, file: string): Problems {
  if (thrown instanceof DefinitionError) {
    const frame = frameWithin(thrown, dirname(file));
    return problemsOf(thrown.issues, thrown.what, frame?.file ?? file, frame ?? { callee: thrown.what });
  }
  if (!(thrown instanceof Error)) return [definition(file, `the task file threw ${String(thrown)}`, {})];
  const place = placeOfThrown(thrown, file);
  const message = `the task file could not be loaded: ${thrown.name}: ${thrown.message}`;
  return [definition(place.file, message, { line: place.line })];
}

function problemsOf(issues: DefinitionError['issues'], what: string, file: string, site: CallSite): Problems {
  const source = moduleText(file);
  const problems = plainIssues(issues).map((issue) => {
    const at = issue.path.length === 0 ? what : `${what}: ${issue.path.map(String).join('.')}`;
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    return definition(file, `${at}: ${issue.message}`, { line: locate(source, site, [...issue.path, ...keys]) });
  });
  const [first = definition(file, `${what} does not fit`, {}), ...others] = problems;
  return [first, ...others];
}

/** What the schema cannot see: names that do not fit together and files that are not there. */
function inconsistencies(task: Task): Problem[] {
  return [...missingFiles(task), ...doubleNames(task), ...unknownNames(task)];
}

function missingFiles(task: Task): Problem[] {
  const named = [
    { file: task.instruction, path: ['instruction'] },
    ...task.compose.map((file, index) => ({ file, path: ['compose', index] })),
  ];
  return named
    .filter(({ file }) => !isInside(file) || !existsSync(join(task.root, file)))
    .map(({ file, path }) => {
      const what = isInside(file)
        ? 'beside the task file there is no'
        : 'it has to be in the folder of the task file, not';
      return definitionProblem(task, path, `${path[0]}: ${what} ${file}`);
    });
}

/** What lies elsewhere is not in the snapshot that is judged. */
function isInside(path: string): boolean {
  return !isAbsolute(path) && !normalize(path).startsWith('..');
}

function doubleNames(task: Task): Problem[] {
  const named = [
    ...task.stages.map(({ name }, index) => ({ name, path: ['stages', index, 'name'] })),
    ...task.invariants.map(({ name }, index) => ({ name, path: ['invariants', index, 'name'] })),
    ...task.targets.map(({ name }, index) => ({ name, path: ['targets', index, 'name'] })),
    ...(task.canary === undefined ? [] : [{ name: canaryCheck, path: ['canary'] }]),
  ];
  const guards = guardNames.map(guardCheck);
  const doubles = named.filter(
    ({ name }, index) => guards.includes(name) || named.findIndex((other) => other.name === name) < index,
  );
  const sources = Object.keys(task.witnesses).filter((name) => Object.hasOwn(task.measurements, name));
  return [
    ...doubles.map(({ name, path }) =>
      definitionProblem(
        task,
        path,
        `two checks are named ${name}`,
        'Stages, invariants, targets and guards share their names: rename one.',
      ),
    ),
    ...sources.map((name) => definitionProblem(task, ['witnesses', name], `${name} is a measurement and a witness`)),
  ];
}

function unknownNames(task: Task): Problem[] {
  const stages = task.stages.map(({ name }) => name);
  const sources = { ...task.measurements, ...task.witnesses };
  const unknownStages = (['measurements', 'witnesses'] as const).flatMap((kind) =>
    Object.entries(task[kind]).flatMap(([name, { stage }]) =>
      stage === undefined || stages.includes(stage)
        ? []
        : definitionProblem(
            task,
            [kind, name, 'stage'],
            `${name}: there is no stage ${stage}`,
            nearOrKnown(stage, 'stages', stages),
          ),
    ),
  );
  const unknownSources = task.invariants.flatMap((invariant, index) =>
    invariant.sources
      .filter((source) => !Object.hasOwn(sources, source))
      .map((source) =>
        definitionProblem(
          task,
          ['invariants', index],
          `${invariant.name}: there is no measurement or witness ${source}`,
          nearOrKnown(source, 'sources', Object.keys(sources)),
        ),
      ),
  );
  return [
    ...unknownStages,
    ...unknownSources,
    ...unknownChecks(task),
    ...unfitHeldOut(task),
    ...unknownRisks(task),
    ...unfitCanary(task),
  ];
}

const checksOf = (task: Task): string[] =>
  [...task.stages, ...task.invariants, ...task.targets].map(({ name }) => name);

/** What is held out has to be there, and may not be all there is: an agent has to see something. */
function unfitHeldOut(task: Task): Problem[] {
  const { heldOut } = task;
  if (heldOut === undefined) return [];
  const checks = checksOf(task);
  const unknown = heldOut.checks.flatMap((check, index) =>
    checks.includes(check)
      ? []
      : definitionProblem(
          task,
          ['heldOut', 'checks', index],
          `there is no check ${check} to be held out`,
          nearOrKnown(check, 'checks', checks),
        ),
  );
  const isBlind = task.stages.every(({ name }) => heldOut.checks.includes(name));
  const blind = definitionProblem(task, ['heldOut', 'checks'], 'all stages are held out: one has to be in sight');
  return isBlind ? [...unknown, blind] : unknown;
}

function unknownChecks(task: Task): Problem[] {
  const checks = [...checksOf(task), ...guardNames.map(guardCheck)];
  return task.waivers.flatMap(({ check }, index) =>
    checks.includes(check)
      ? []
      : definitionProblem(
          task,
          ['waivers', index, 'check'],
          `there is no check ${check} to be waived`,
          nearOrKnown(check, 'checks', checks),
        ),
  );
}

function unknownRisks(task: Task): Problem[] {
  const risks = Object.keys(task.risks);
  const checks = (['invariants', 'targets'] as const).flatMap((list) =>
    task[list].map(({ name, risk }, index) => ({ name, risk, path: [list, index] })),
  );
  return checks.flatMap(({ name, risk, path }) =>
    risk
      .filter((each) => !risks.includes(each))
      .map((each) =>
        definitionProblem(task, path, `${name}: the task has no risk ${each}`, nearOrKnown(each, 'risks', risks)),
      ),
  );
}

/** What a canary names has to be there, and be judged by nothing but its load. */
function unfitCanary(task: Task): Problem[] {
  const { canary, measurements, invariants } = task;
  if (canary === undefined) return [];
  const loads = Object.keys(measurements).filter((name) => measurements[name]?.kind === 'load');
  const unfit = canary.slos.flatMap((slo, index) => {
    const path = ['canary', 'slos', index];
    const invariant = invariants.find(({ name }) => name === slo);
    if (invariant === undefined) {
      const names = invariants.map(({ name }) => name);
      return [
        definitionProblem(task, path, `canary: there is no invariant ${slo}`, nearOrKnown(slo, 'invariants', names)),
      ];
    }
    const other = invariant.sources.find((source) => source !== canary.load);
    if (other === undefined && invariant.services.length === 0 && !invariant.comparesBuilds) return [];
    const what = other ?? (invariant.comparesBuilds ? 'the baseline' : 'a log');
    return [definitionProblem(task, path, `canary: ${slo} also looks at ${what}; it may look at ${canary.load} only`)];
  });
  if (loads.includes(canary.load)) return unfit;
  const message = `canary: there is no load ${canary.load} among the measurements`;
  return [definitionProblem(task, ['canary', 'load'], message, nearOrKnown(canary.load, 'loads', loads)), ...unfit];
}

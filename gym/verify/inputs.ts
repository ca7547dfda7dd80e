import { release } from 'node:os';
import { relative } from 'node:path';
import { type EnvironmentInputs, variableInputs } from '../environment/inputs.ts';
import { ok, type Result } from '../events/problem.ts';
import { listText } from '../judge/text.ts';
import type { Inputs } from '../store/cache.ts';
import { sha256 } from '../store/sha256.ts';
import { importsOf, moduleText } from '../task/modules.ts';
import type { Stage, Task } from '../task/schema.ts';
import type { Contents } from '../workspace/contents.ts';
import { matchesAny } from '../workspace/paths.ts';
import { protectionOf } from '../workspace/protection.ts';
import { buildId } from './build-id.ts';
import { hostVariables } from './host-variables.ts';
import type { Step } from './steps.ts';

/** What the inputs of steps are taken from. */
export interface InputGround {
  readonly task: Task;
  /** The files that are judged. */
  readonly contents: Contents;
  /** What its environment depends on, or why it cannot be told. */
  readonly environment: Result<EnvironmentInputs>;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
}

/** Sources that look at the workspace itself, or at whatever the task's code likes. */
const looksAround = new Set(['workspace', 'own']);

/**
 * All that a step depends on. In a service that is its image, the files that are mounted, and what the Compose file says: nothing else of the workspace
 * can reach it. On the host it is the stage's `inputs`, the variables, and the files that judge: what was judged by others of them, as with
 * `--baseline .`, is not taken, though `inputs` leave them out.
 */
export function inputsOf(step: Step, ground: InputGround): Result<Inputs> {
  const { task, contents, environment } = ground;
  const { stages, isSequence } = step;
  const needsEnvironment = isSequence || stages.some(({ service }) => service !== undefined);
  if (needsEnvironment && !environment.ok) return environment;
  const around = environment.ok && needsEnvironment ? environment.value : undefined;
  const wanted = globsOf(step, task, around);
  const onHost = stages.filter(({ service }) => service === undefined);
  const judges = judging(task, onHost);
  const files = Object.entries(contents).filter(
    ([path]) => wanted === 'all' || matchesAny(path, wanted) || judges(path),
  );
  const inputs: Record<string, string> = {
    gym: buildId(),
    machine: `${process.platform} ${process.arch} ${release()} node ${process.version}`,
    ...around?.inputs,
  };
  for (const [path, content] of files) inputs[`file ${path}`] = content;
  for (const stage of stages) inputs[`stage ${stage.name}`] = definitionOf(stage);
  if (onHost.length > 0) Object.assign(inputs, variableInputs(hostVariables(ground.environmentVariables)));
  // How a source is read may be written in any of them.
  if (step.sources.length > 0) Object.assign(inputs, { sources: step.sources.join(' ') }, taskFiles(task));
  return ok(inputs);
}

function globsOf({ stages, sources }: Step, task: Task, around: EnvironmentInputs | undefined): 'all' | string[] {
  const read = { ...task.measurements, ...task.witnesses };
  if (sources.some((name) => looksAround.has(read[name]?.kind ?? ''))) return 'all';
  const declared = stages.flatMap(({ inputs = [] }) => inputs);
  const mounted = around?.inside ?? [];
  return mounted.includes('.') ? 'all' : [...declared, ...mounted];
}

/** Whether a file judges what stages on the host come to. The task file is told by their definitions, whatever else is in it. */
function judging(task: Task, stages: readonly Stage[]): (path: string) => boolean {
  if (stages.length === 0) return () => false;
  const { covers } = protectionOf({ ...task, stages: [...stages] });
  const own = relative(task.root, task.file);
  return (path) => path !== own && covers(path);
}

/** What is run; how it is cached is no part of it. */
function definitionOf({ cache: _, inputs: __, ...run }: Stage): string {
  return sha256(JSON.stringify(run));
}

/** The task's file and the modules that it was loaded with, each by the text that was loaded: where the workspace's is another, that of the baseline. */
function taskFiles(task: Task): Inputs {
  const files = [task.file, ...importsOf(task.file)];
  return Object.fromEntries(files.map((file) => [`task file ${relative(task.root, file)}`, sha256(moduleText(file))]));
}

/** What the value of an input stands for, in parts; `undefined`: it has none, or they are not known. */
export interface PartsOf {
  readonly now: (value: string) => Inputs | undefined;
  readonly before: (value: string) => Inputs | undefined;
}

/** What of two steps' inputs differs, in plain words: `file src/a.ts: changed`, and where an input has parts, which of them. */
export function differences(now: Inputs, before: Inputs, partsOf: PartsOf): string[] {
  const partsText = (name: string): string => {
    const parts = partsOf.now(now[name] ?? '');
    const last = parts && partsOf.before(before[name] ?? '');
    return (last && listText(changes(parts, last).map(([part, how]) => `${part} ${how}`))) || 'changed';
  };
  return changes(now, before).map(([name, how]) => `${name}: ${how === 'changed' ? partsText(name) : how}`);
}

type Change = readonly [name: string, how: 'new' | 'gone' | 'changed'];

function changes(now: Inputs, before: Inputs): Change[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])].sort();
  const differing = names.filter((name) => now[name] !== before[name]);
  return differing.map((name) => {
    if (before[name] === undefined) return [name, 'new'];
    return [name, now[name] === undefined ? 'gone' : 'changed'];
  });
}

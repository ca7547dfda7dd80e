import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { loadCompose } from '../environment/compose/load.ts';
import { connectEngine } from '../environment/engine.ts';
import { type EnvironmentInputs, environmentInputs } from '../environment/inputs.ts';
import { caseCounts } from '../events/event.ts';
import { failed, problemsText, type Result } from '../events/problem.ts';
import { evidenceFile, readReading } from '../evidence/recorded.ts';
import type { StageOutcome } from '../harness/stage.ts';
import { isGreen } from '../judge/verdict.ts';
import {
  type CacheRecord,
  cacheKey,
  forgetCache,
  forgetWholes,
  type Inputs,
  keptFileOf,
  readCache,
  readKept,
  writeCache,
  writeParts,
} from '../store/cache.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence, Reading, ServiceLog } from '../task/measurement.ts';
import { noting } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { type Contents, contentsOf } from '../workspace/contents.ts';
import { filesIn } from '../workspace/files.ts';
import { inputsOf } from './inputs.ts';
import type { VerifyRequest } from './request.ts';
import { type Step, stepsOf } from './steps.ts';
import { snapshotVariables } from './variables.ts';

const keptCase = z.object({
  id: z.string(),
  state: z.enum(['passed', 'failed', 'skipped']),
  file: z.string().exactOptional(),
  line: z.number().exactOptional(),
  message: z.string().exactOptional(),
  durationMs: z.number().exactOptional(),
});
const keptStage = z.object({
  stage: z.string(),
  because: z.string(),
  exitCode: z.number().nullable(),
  cases: z.array(keptCase).nullable(),
  counts: caseCounts.nullable(),
  durationMs: z.number(),
  /** Relative to the run's folder. */
  log: z.string(),
});
/** What is kept of a step that passed, besides the files in its run's folder. */
const keptStep = z.object({
  stages: z.array(keptStage),
  sources: z.array(z.string()),
  /** By service: its log's path in the run's folder, and why it is not whole. */
  logs: z.array(z.object({ service: z.string(), path: z.string(), problem: z.string().exactOptional() })),
  nonce: z.string(),
});

/** A step that is taken from an earlier run. */
export interface Reused {
  readonly run: string;
  readonly outcomes: readonly StageOutcome[];
  readonly readings: readonly Reading[];
  readonly logs: readonly ServiceLog[];
}

/** A step of this run: what it depends on, and what it is taken from. */
export interface PlannedStep {
  readonly step: Step;
  /** Or why there are none: then it runs, and nobody takes it from this run. */
  readonly inputs: Result<Inputs>;
  /** `undefined`: it runs. */
  readonly reused: Reused | undefined;
}

/** The steps of a run, and what was read of the machine to find out about them. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly contents: Contents;
  readonly environment: Result<EnvironmentInputs>;
}

/** Where a plan is made for. */
export interface PlanGround extends Pick<VerifyRequest, 'task' | 'environmentVariables' | 'store' | 'cache'> {
  /** The snapshot. */
  readonly directory: string;
  readonly runDirectory: string;
  /** This run's: what is taken over is of it from now on. */
  readonly nonce: string;
  readonly onNote: (text: string) => void;
}

/** What each step depends on, as far as it may be cached. Nothing is brought up, pulled or built. */
export async function inputsOfSteps({
  task,
  environmentVariables,
  directory,
}: Pick<PlanGround, 'task' | 'environmentVariables' | 'directory'>): Promise<
  Omit<Plan, 'steps'> & {
    readonly steps: readonly Omit<PlannedStep, 'reused'>[];
  }
> {
  const contents = contentsOf(directory, filesIn(directory));
  const environment = await environmentOf(task, environmentVariables, directory);
  const ground = { task, contents, environment, environmentVariables };
  const steps = stepsOf(task).map((step) => ({ step, inputs: inputsOf(step, ground) }));
  return { steps, contents, environment };
}

async function environmentOf(
  task: Task,
  ambient: VerifyRequest['environmentVariables'],
  directory: string,
): Promise<Result<EnvironmentInputs>> {
  const files = task.compose.map((file) => join(directory, file));
  const asked = noting(ambient);
  const model = loadCompose(files, snapshotVariables(task, directory, asked.object), asked.object);
  if (!model.ok) return model;
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const variables = Object.fromEntries([...asked.names].map((name) => [name, ambient[name]]));
  return environmentInputs({ engine: engine.value, variables, model: model.value, task: task.name, directory });
}

/** Which steps of a run are taken from earlier ones: those that passed with the same inputs, and never failed with them. */
export async function makePlan(ground: PlanGround): Promise<Plan> {
  const { steps, ...seen } = await inputsOfSteps(ground);
  return { ...seen, steps: steps.map((each) => ({ ...each, reused: reusable(each, ground) })) };
}

function reusable({ step, inputs }: Omit<PlannedStep, 'reused'>, ground: PlanGround): Reused | undefined {
  if (ground.cache !== 'use' || step.uncached !== undefined || !inputs.ok) return undefined;
  const key = cacheKey(step.name, inputs.value);
  const found = readCache(ground.store, ground.task.name, key);
  if (found === 'damaged') ground.onNote(`what was kept of ${step.name} is damaged: it runs again`);
  if (typeof found !== 'object' || found.record.passed === null || found.record.failed !== null) return undefined;
  return takeOver(found.record.passed, key, ground);
}

/** Copies what a step stands on into the folder of this run. `undefined`: it is not there as it was. */
function takeOver(
  { run, kept, files }: NonNullable<CacheRecord['passed']>,
  key: string,
  { store, runDirectory, nonce }: PlanGround,
): Reused | undefined {
  const parsed = keptStep.safeParse(kept);
  const from = store.runDirectory(run);
  // A run that was cut off after its stages, or whose folder is gone, vouches for nothing.
  if (!parsed.success || !existsSync(join(from, 'verdict.json'))) return undefined;
  const contents = files.map((file) => ({ path: file.path, content: readKept(from, file) }));
  for (const { path, content } of contents) {
    if (content === undefined) return undefined;
    mkdirSync(dirname(join(runDirectory, path)), { recursive: true });
    writeFileSync(join(runDirectory, path), content);
  }
  const { stages, sources, logs, nonce: theirs } = parsed.data;
  return {
    run,
    outcomes: stages.map(({ log, ...stage }) => ({
      ...stage,
      state: 'pass',
      logFile: join(from, log),
      cached: { run, key },
    })),
    readings: sources.map((source) => {
      const reading = readReading(runDirectory, source);
      // Made by another run it would be stale; it is this one's by its key.
      return reading.nonce === theirs ? { ...reading, nonce } : reading;
    }),
    logs: logs.map(({ path, ...log }) => ({ ...log, file: join(runDirectory, path) })),
  };
}

/** What came of the steps that ran, for `keepSteps`. */
export interface Ran extends Pick<PlanGround, 'store' | 'runDirectory' | 'nonce'> {
  readonly task: Task;
  readonly run: string;
  readonly outcomes: readonly StageOutcome[];
  readonly checks: readonly CheckResult[];
  readonly evidence: Evidence;
}

/** Keeps what the steps that ran came to, for later runs. */
export function keepSteps(plan: Plan, ran: Ran): void {
  for (const { step, inputs, reused } of plan.steps) {
    if (step.uncached !== undefined || !inputs.ok) continue;
    const state = stateOf(step, ran);
    const { store, task } = ran;
    if (state === 'failed') forgetWholes(store);
    // A check does not hold on what was kept: it is not taken a second time.
    if (reused !== undefined && state === 'failed') forgetCache(store, task.name, cacheKey(step.name, inputs.value));
    if (reused !== undefined || state === 'open') continue;
    const key = cacheKey(step.name, inputs.value);
    const found = readCache(store, task.name, key);
    const before = typeof found === 'object' ? found.record : { passed: null, failed: null };
    const passed = state === 'passed' ? passedOf(step, ran) : before.passed;
    const failed = state === 'failed' ? ran.run : before.failed;
    if (state === 'passed') keepParts(plan, inputs.value, ran);
    writeCache(store, task.name, { schema: 'gym.cache/1', step: step.name, inputs: inputs.value, passed, failed });
  }
}

/** So that `gym why` can name the file that has changed in an image since. */
function keepParts({ environment }: Plan, inputs: Inputs, { store, task }: Ran): void {
  const values = new Set(Object.values(inputs));
  for (const [hash, parts] of Object.entries(environment.ok ? environment.value.builtOf : {}))
    if (values.has(hash)) writeParts(store, task.name, hash, parts);
}

/** Whether all that a step gave held. `open`: it did not end, or could not be judged. */
function stateOf({ stages, sources, isSequence }: Step, { task, outcomes, checks }: Ran): 'passed' | 'failed' | 'open' {
  const names = new Set(stages.map(({ name }) => name));
  const looking = task.invariants.filter(
    ({ sources: looked, services }) =>
      looked.some((each) => sources.includes(each)) || (isSequence && services.length > 0),
  );
  for (const { name } of looking) names.add(name);
  const judged = checks.filter(({ name }) => names.has(name));
  const own = outcomes.filter(({ stage }) => stages.some(({ name }) => name === stage));
  // A waiver makes a check green for a time: the stage has failed all the same.
  if ([...judged, ...own].some(({ state }) => state === 'fail')) return 'failed';
  const isWhole = judged.length === names.size && own.filter(({ state }) => state === 'pass').length === stages.length;
  return isWhole && judged.every(({ state }) => isGreen(state)) ? 'passed' : 'open';
}

function passedOf({ stages, sources, isSequence }: Step, ran: Ran): CacheRecord['passed'] {
  const { outcomes, evidence, runDirectory, run, nonce } = ran;
  const own = outcomes.filter(({ stage }) => stages.some(({ name }) => name === stage));
  const logs = isSequence ? [...evidence.logs.values()] : [];
  const kept: z.input<typeof keptStep> = {
    stages: own.map(({ stage, because, exitCode, cases, counts, durationMs, logFile }) => ({
      ...{ stage, because, exitCode, counts, durationMs },
      cases: cases === null ? null : [...cases],
      log: relative(runDirectory, logFile ?? ''),
    })),
    sources: [...sources],
    logs: logs.map(({ file, ...log }) => ({ ...log, path: relative(runDirectory, file) })),
    nonce,
  };
  const paths = [...sources.map(evidenceFile), ...kept.logs.map(({ path }) => path)];
  return { run, kept, files: paths.map((path) => keptFileOf(runDirectory, path)) };
}

/** Why nothing is taken for a step from an earlier run whatever happens; `undefined`: it may be. */
export function neverCached({ step, inputs }: Omit<PlannedStep, 'reused'>): string | undefined {
  return step.uncached ?? (inputs.ok ? undefined : problemsText(inputs.problems));
}

/** A plan in which all runs, and nothing is kept. */
export function noPlan(task: Task): Plan {
  const inputs = failed({ kind: 'evidence', message: 'nothing is kept of this run' });
  return {
    steps: stepsOf(task).map((step) => ({ step, inputs, reused: undefined })),
    contents: {},
    environment: inputs,
  };
}

/** What is taken from earlier runs. */
export function reusedOf({ steps }: Plan): Reused[] {
  return steps.flatMap(({ reused }) => reused ?? []);
}

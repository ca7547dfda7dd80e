import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import { noEnvironment } from '../environment/none.ts';
import { type EvidenceReader, readEvidence } from '../evidence/evidence.ts';
import { emitFinished, notRun, runStage, skippedStage } from '../harness/stage.ts';
import { isGreen } from '../judge/verdict.ts';
import type { Stage } from '../task/schema.ts';
import { disturbed } from './disturb.ts';
import { type Findings, note, type Way } from './findings.ts';
import type { VerifyRequest } from './request.ts';
import { makePlan, noPlan, type Plan, reusedOf } from './reuse.ts';
/** What of a run is taken from earlier ones; nothing where it was not asked for, or something is broken on purpose. */
export async function planOf(
  request: VerifyRequest,
  { directory, runDirectory, emit }: Way,
  nonce: string,
): Promise<Plan> {
  const { task, cache, environmentVariables, store } = request;
  if (cache === undefined || request.fault !== undefined || request.isCanary === true) return noPlan(task);
  const onNote = (text: string): void => emit({ type: 'noted', text });
  return makePlan({ task, cache, environmentVariables, store, directory, runDirectory, nonce, onNote });
}

/** The stages before the first one that has to find the environment up, and the others. */
export function apart(
  { task, fault }: VerifyRequest,
  plan: Plan,
): { first: readonly Stage[]; others: readonly Stage[] } {
  if (fault?.during !== undefined) return { first: [], others: task.stages };
  const known = new Set(reusedOf(plan).flatMap(({ outcomes }) => outcomes.map(({ stage }) => stage)));
  const needing = task.stages.findIndex(
    ({ name, pure, service }) => !known.has(name) && (!pure || service !== undefined),
  );
  return needing < 0
    ? { first: task.stages, others: [] }
    : { first: task.stages.slice(0, needing), others: task.stages.slice(needing) };
}

/** Whether something is still to be done in the environment: a stage, or what is read when all have ended. */
export function needsEnvironment({ isCanary }: VerifyRequest, { steps }: Plan, others: readonly Stage[]): boolean {
  return others.length > 0 || isCanary === true || steps.some(({ step, reused }) => step.isSequence && !reused);
}

/** What runs the stages of one run, wherever they run. */
interface StageRunner {
  readonly reader: EvidenceReader;
  /** Before the environment is up. */
  run(stages: readonly Stage[]): Promise<void>;
  /** In the environment, or in none where it is sure that it will not come up. */
  runIn(environment: Environment, stages: readonly Stage[]): Promise<void>;
  /** Where a service crashed while the environment came up: they fail because of that, as if it had ended a moment later. */
  failIn(stages: readonly Stage[], because: string): Promise<void>;
}

/** The runner of a run's stages: each once, in their order, those of the plan as they were. */
export function stageRunner(
  request: VerifyRequest,
  { directory, runDirectory, emit }: Way,
  findings: Findings,
  { plan, nonce }: { readonly plan: Plan; readonly nonce: string },
): StageRunner {
  const { task, signal, run, isCanary = false, keepGoing = false } = request;
  const reused = reusedOf(plan);
  const known = new Map(reused.flatMap(({ outcomes }) => outcomes.map((outcome) => [outcome.stage, outcome])));
  let environment = noEnvironment;
  const place = {
    ...{ task, hostDirectory: directory, runDirectory, nonce, signal },
    get environment() {
      return environment;
    },
  };
  const readings = reused.flatMap((each) => each.readings);
  const reader = readEvidence(place, emit, { readings, logs: reused.flatMap((each) => each.logs) });
  const runOne = async (stage: Stage): Promise<void> => {
    const logFile = join(runDirectory, 'stages', `${stage.name}.log`);
    const context = { environment, hostDirectory: directory, logFile, emit, signal, run, nonce };
    const where = { stage: stage.name, project: environment.project, emit };
    const problems = await disturbed(request.fault?.during, where, async () => {
      if (!isCanary) await (stage.pure ? reader.beforePure(stage.name) : reader.beforeStage(stage.name));
      const outcome = await runStage(stage, context);
      findings.outcomes.push(outcome);
      if (!isCanary && !signal.aborted) await reader.afterStage(stage.name, outcome.state);
    });
    note(findings, emit, problems);
  };
  const runAll = async (stages: readonly Stage[], work = runOne): Promise<void> => {
    for (const stage of stages) {
      const before = findings.outcomes.find(({ state }) => !isGreen(state));
      const outcome = known.get(stage.name);
      if (outcome !== undefined) {
        emitFinished(outcome, emit);
        findings.outcomes.push(outcome);
      } else if (before !== undefined && !keepGoing) findings.outcomes.push(skippedStage(stage, before, emit));
      else await work(stage);
      if (signal.aborted) return;
    }
  };
  return {
    reader,
    run: (stages) => runAll(stages),
    async runIn(where, stages) {
      environment = where;
      // Else the first of them does.
      const isFirst = where === noEnvironment || stages.every(({ pure, name }) => pure || known.has(name));
      if (!isCanary && isFirst) await reader.beforePure(undefined);
      await runAll(stages);
    },
    failIn: (stages, because) =>
      runAll(stages, async (stage) => {
        findings.outcomes.push(notRun(stage, { state: 'fail', because }, emit));
      }),
  };
}

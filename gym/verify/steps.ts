import type { Stage, Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';

/**
 * What is taken from an earlier run as a whole, or run again: a pure stage by itself, or all others, which are a sequence: each finds the
 * environment as those before it left it, so that what follows a stage that runs has to run too, and what comes before it as well.
 */
export interface Step {
  /** Names of its stages. */
  readonly name: string;
  readonly stages: readonly Stage[];
  readonly isSequence: boolean;
  /** Measurements and witnesses that are read for it. */
  readonly sources: readonly string[];
  /** Why it is never taken from an earlier run; `undefined`: it may be. */
  readonly uncached: string | undefined;
}

const sourcesOf = ({ measurements, witnesses }: Task): [string, Source][] => [
  ...Object.entries(measurements),
  ...Object.entries(witnesses),
];

/** The steps of a task, the sequence first where there is one. */
export function stepsOf(task: Task): Step[] {
  const pure = task.stages.filter((stage) => stage.pure);
  const others = task.stages.filter((stage) => !stage.pure);
  const read = sourcesOf(task);
  const isLooked = read.some(([, { stage }]) => stage === undefined) || task.invariants.some(looksAtLogs);
  const steps: Step[] = pure.map((stage) => {
    const own = read.filter(([, source]) => source.stage === stage.name);
    const uncached = [stage].map(uncachedStage).concat(own.map(uncachedSource)).find(Boolean);
    return { name: stage.name, stages: [stage], isSequence: false, sources: own.map(([name]) => name), uncached };
  });
  if (others.length === 0 && !isLooked) return steps;
  const own = read.filter(([, { stage }]) => !pure.some(({ name }) => name === stage));
  const sequence: Step = {
    name: others.map(({ name }) => name).join(', ') || 'the environment',
    stages: others,
    isSequence: true,
    sources: own.map(([name]) => name),
    uncached: [measured(task), ...others.map(uncachedStage), ...own.map(uncachedSource)].find(Boolean),
  };
  return [sequence, ...steps];
}

const looksAtLogs = ({ services }: Task['invariants'][number]): boolean => services.length > 0;

function measured({ targets, invariants }: Task): string | undefined {
  if (targets.length > 0) return 'the task has targets, which are measured each time on what the stages leave';
  return invariants.some(({ comparesBuilds }) => comparesBuilds)
    ? 'an invariant compares two builds, which have to be up'
    : undefined;
}

function uncachedStage({ name, cache, service, inputs }: Stage): string | undefined {
  if (!cache) return `the stage ${name} says cache: false`;
  const isOpen = service === undefined && inputs === undefined;
  return isOpen ? `the stage ${name} runs on the host and does not say what its inputs are` : undefined;
}

function uncachedSource([name, { kind }]: [string, Source]): string | undefined {
  return kind === 'load' || kind === 'stats' ? `${name} measures how fast something is` : undefined;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../events/event.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Dependency, ServiceModel } from './compose/model.ts';
import type { Answer, Engine } from './engine.ts';
import type { Gate } from './gate.ts';
import { type ServiceLog, tailOf } from './log.ts';
import { type Probe, waitHealthy } from './probe.ts';
import { refusalOf } from './refusal.ts';
import type { Exit, Watch } from './watch.ts';

/** A service whose container is there and is to be started. */
export interface Startable {
  readonly service: ServiceModel;
  readonly id: string;
  readonly log: ServiceLog;
  /** What its health is known by; `undefined`: nothing. */
  readonly probe: Probe | undefined;
  /** What holds it back once its container runs; `null`: nothing, it begins at once. */
  readonly gate: Gate | null;
}

/** What starting needs. `stop` ends all waiting: by the first failure, by the deadline, from outside. */
export interface Starting {
  readonly engine: Engine;
  readonly watch: Watch;
  readonly emit: Emit;
  readonly stop: AbortController;
  /** How long those that wait for nobody may be started alone, so that they boot while the others are started. */
  readonly headStartMs: number;
  /** Called as soon as a service's container runs. */
  readonly onStarted: (startable: Startable) => void;
}

/** What came of starting. */
export interface Started {
  /** Services that have ended as they should. */
  readonly completed: ReadonlySet<string>;
  /** Services whose end others wait for. */
  readonly oneShots: ReadonlySet<string>;
}

/** The engine tells of an end a little after the commands in the container notice it. */
const noticeMs = 500;
/** How long the log of a service that failed is waited for, to be quoted. */
const tailLimitMs = 200;

type Condition = Dependency['condition'];
type Gates = Record<Condition, PromiseWithResolvers<boolean>>;

interface Run extends Startable {
  readonly gates: Gates;
  /** Some service waits for its end. */
  readonly oneShot: boolean;
  /** Resolves when all that belongs to opening its gate is done. */
  opened: Promise<unknown> | undefined;
  /** Resolves when it ends, however that is. */
  readonly ended: PromiseWithResolvers<Exit>;
  state: 'waiting' | 'starting' | 'probing' | 'running' | 'ready';
  said: string;
}

/**
 * Starts all services as their dependencies allow, each as early as it can, and waits until each is ready: its health check succeeded,
 * or it ended well where others wait for its end, or it runs. After a failure, what was started is left for the caller to remove.
 */
export async function startServices(starting: Starting, startables: readonly Startable[]): Promise<Result<Started>> {
  const runs = new Map(startables.map((startable) => [startable.service.name, runOf(startable, startables)]));
  const completed = new Set<string>();
  let culprits: readonly Run[] = [];
  let finished = false;
  let failure: Problem | undefined;
  // Once one has ended, whatever else goes wrong may be because of that.
  let firstEnd: Promise<Problem> | undefined;
  const fail = (problem: Problem): void => {
    if (!signal.aborted) failure = problem;
    starting.stop.abort();
  };
  const { signal } = starting.stop;
  const onStop = (): void => {
    culprits = [...runs.values()].filter(({ state }) => state !== 'ready' && state !== 'waiting');
    for (const { gates } of runs.values()) for (const gate of Object.values(gates)) gate.resolve(false);
  };
  if (signal.aborted) onStop();
  else signal.addEventListener('abort', onStop, { once: true });
  starting.watch.onExit((exit) => {
    const run = runs.get(exit.service);
    if (run === undefined || finished || signal.aborted) return;
    run.ended.resolve(exit);
    if (endsWell(run, exit)) {
      completed.add(exit.service);
      complete(starting, run);
    } else {
      firstEnd ??= endProblem(run, exit);
      firstEnd.then(fail);
    }
  });
  await Promise.all([...runs.values()].map((run) => startOne(starting, run, runs, fail)));
  await Promise.all([...runs.values()].map(({ opened }) => opened));
  finished = true;
  if (signal.aborted) return failed(failure === undefined ? await notReady(culprits) : ((await firstEnd) ?? failure));
  return ok({ completed, oneShots: new Set([...runs].flatMap(([name, { oneShot }]) => (oneShot ? name : []))) });
}

function runOf(startable: Startable, all: readonly Startable[]): Run {
  const { name } = startable.service;
  const oneShot = all.some(({ service }) =>
    service.dependsOn.some((dependency) => dependency.service === name && dependency.condition === 'completed'),
  );
  const gates = {
    started: Promise.withResolvers<boolean>(),
    healthy: Promise.withResolvers<boolean>(),
    completed: Promise.withResolvers<boolean>(),
  };
  return {
    ...startable,
    oneShot,
    gates,
    opened: undefined,
    ended: Promise.withResolvers<Exit>(),
    state: 'waiting',
    said: '',
  };
}

async function startOne(
  starting: Starting,
  run: Run,
  runs: ReadonlyMap<string, Run>,
  fail: (problem: Problem) => void,
): Promise<void> {
  const { service, id } = run;
  const { emit, stop } = starting;
  const begun = await begin(starting, run, runs);
  if (begun === 'stopped') return;
  if (begun !== undefined) return fail(begun);
  emit({ type: 'service.changed', service: service.name, state: 'started', container: id });
  run.gates.started.resolve(true);
  if (run.oneShot) {
    run.state = 'running';
    await run.gates.completed.promise;
    return;
  }
  const problem = await waitReady(starting, run);
  if (problem !== undefined) return fail(problem);
  if (stop.signal.aborted || hasEnded(run)) return;
  run.state = 'ready';
  emit({ type: 'service.changed', service: service.name, state: 'ready', container: id });
  run.gates.healthy.resolve(true);
}

/** Has the service's program begin, as soon as what it depends on is so far. */
async function begin(
  { engine, stop, headStartMs, onStarted }: Starting,
  run: Run,
  runs: ReadonlyMap<string, Run>,
): Promise<Problem | 'stopped' | undefined> {
  const { service, gate } = run;
  const open = Promise.all(
    service.dependsOn.map(({ service: target, condition }) => runs.get(target)?.gates[condition].promise),
  );
  const start = async (): Promise<Problem | undefined> => {
    run.state = 'starting';
    const started: Answer<unknown> = await engine.call(`starting service ${service.name}`, () =>
      engine.docker.getContainer(run.id).start(),
    );
    if (!started.ok) return notStarted(service.name, started.problems[0]);
    onStarted(run);
    return undefined;
  };
  const isOpen = async (): Promise<boolean> => !(await open).includes(false) && !stop.signal.aborted;
  if (gate === null) return (await isOpen()) ? start() : 'stopped';

  const first = [...runs.values()].filter((other) => other.gate === null && other.service.dependsOn.length === 0);
  await Promise.race([sleep(headStartMs), Promise.all(first.map(({ gates }) => gates.started.promise))]);
  if (stop.signal.aborted) return 'stopped';
  const problem = await start();
  if (problem !== undefined) return problem;
  run.state = 'waiting';
  if (!(await isOpen())) return 'stopped';
  run.opened = gate.open();
  return undefined;
}

/** What an engine says of a command that it could not start is mostly of its runtime's own ways. */
function notStarted(service: string, problem: Problem): Problem {
  const place = { service };
  if (!/: exec: "/.test(problem.message)) return { ...problem, place };
  const message = `the command of service ${service} cannot be started: ${refusalOf(problem.message).message}`;
  return { kind: 'environment', message, place, remedy: 'Mend its command or entrypoint, or what is in its image.' };
}

/** It may end while it is being waited for. */
function hasEnded(run: Run): boolean {
  return run.state === 'ready';
}

async function waitReady({ engine, stop }: Starting, run: Run): Promise<Problem | undefined> {
  const { service, id, probe } = run;
  if (probe === undefined) return undefined;
  run.state = 'probing';
  const target = { engine, id, service: service.name };
  const outcome = await waitHealthy(target, probe, stop.signal, (said) => {
    run.said = said;
  });
  if (outcome.kind === 'healthy' || outcome.kind === 'aborted') return undefined;
  if (outcome.kind === 'unhealthy') return withLog(run, `service ${service.name} is not healthy: ${outcome.because}`);
  // A service that died is told by its end, with its exit code.
  const exit = await Promise.race([run.ended.promise, sleep(noticeMs)]);
  if (exit !== undefined) return endProblem(run, exit);
  return withLog(run, `service ${service.name} was lost before it was ready: ${outcome.because}`);
}

/** Whether the end of a service while others are still being started is as it should be: it did its work, and nobody needs more of it. */
function endsWell(run: Run, exit: Exit): boolean {
  const needsHealth = run.probe !== undefined && run.state !== 'ready';
  return exit.exitCode === 0 && (run.oneShot || !needsHealth);
}

function complete({ emit }: Starting, run: Run): void {
  run.state = 'ready';
  emit({ type: 'service.changed', service: run.service.name, state: 'exited', exitCode: 0 });
  run.gates.completed.resolve(true);
  run.gates.healthy.resolve(true);
}

async function endProblem(run: Run, exit: Exit): Promise<Problem> {
  await run.log.done;
  const how = exit.how === 'out-of-memory' ? ' for lack of memory' : '';
  const problem = await withLog(
    run,
    `service ${run.service.name} ended with exit code ${exit.exitCode}${how} before the environment was up`,
  );
  // With a health check or without, lasting or not: it ran, so what is broken is its code, and not what it was to run in.
  return exit.how === 'exited' ? { ...problem, kind: 'crash' } : problem;
}

/** What is said when the deadline passes, or when somebody interrupts. */
async function notReady(culprits: readonly Run[]): Promise<Problem> {
  const first = culprits.find(({ state }) => state === 'probing') ?? culprits[0];
  if (first === undefined) return { kind: 'environment', message: 'no service was ready in time' };
  const { name } = first.service;
  if (first.state === 'starting') return withLog(first, `service ${name} was still being started`);
  if (first.state === 'running') return withLog(first, `service ${name} did not end, and others wait for its end`);
  return withLog(first, `service ${name} is not healthy yet`);
}

async function withLog(run: Run, message: string): Promise<Problem> {
  await Promise.race([run.log.settle(20), sleep(tailLimitMs)]);
  const tail = await tailOf(run.log.file, 20);
  const lines = [
    message,
    ...(run.said === '' ? [] : [`its health check said last: ${run.said.slice(0, 500)}`]),
    ...(tail.length === 0
      ? ['its log is empty']
      : ['the end of its log:', ...tail.map((line) => `  ${line.slice(0, 500)}`)]),
  ];
  return { kind: 'environment', message: lines.join('\n'), place: { service: run.service.name, file: run.log.file } };
}

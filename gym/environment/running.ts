import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../events/event.ts';
import { failed, type Result } from '../events/problem.ts';
import { type BesideParts, runBeside } from './beside.ts';
import type { ToolsModel } from './compose/model.ts';
import { removeProject } from './down.ts';
import type { Death, Environment, Forward, Observed, PublishedPort } from './environment.ts';
import { runExec } from './exec.ts';
import { containerFileStamp, readContainerFile } from './file.ts';
import { readContainerFolder } from './folder.ts';
import { forwardPort } from './forward.ts';
import { askHelper, observedKey } from './helper.ts';
import type { ServiceLog } from './log.ts';
import { halt } from './pause.ts';
import { withTools } from './setup.ts';
import { readStats } from './stats.ts';
import type { Watch } from './watch.ts';

/** A service that runs, or ran. */
export interface RunningService {
  readonly id: string;
  /** The container that is in its networks: a slot, or its own. */
  readonly holder: string;
  readonly logFile: string;
  /** `null` where another process follows it, or none. */
  readonly log: ServiceLog | null;
  /** How commands are run in it, where a devcontainer.json says so. */
  readonly tools: ToolsModel | null;
  /** Hardware addresses by the networks' names in the Compose file. */
  readonly macAddresses: ReadonlyMap<string, string>;
  /** Ports on 127.0.0.1 by `8080/tcp`. */
  readonly ports: ReadonlyMap<string, number>;
}

/** What an environment consists of once it is up. */
export interface RunningParts extends BesideParts {
  readonly project: string;
  readonly services: ReadonlyMap<string, RunningService>;
  /** Observers' container ids by `observedKey`. */
  readonly observers: ReadonlyMap<string, string>;
  readonly watch: Watch;
  /** Services that have ended as they should: no deaths. */
  readonly completed: ReadonlySet<string>;
  /** Services whose end others wait for. */
  readonly oneShots: ReadonlySet<string>;
  /** Services whose work may simply be over: nothing says that they should go on serving. */
  readonly mayComplete: ReadonlySet<string>;
  readonly emit: Emit;
}

const quietMs = 40;

/** An environment between two resets. */
export type RunningEnvironment = Omit<Environment, 'reset'>;

/** The environment as its users see it until it is reset. */
export function runningEnvironment(parts: RunningParts): RunningEnvironment {
  const { engine, project, services, watch, emit } = parts;
  const deaths: Death[] = [];
  /** Ends that are no deaths as long as nobody needs the service. */
  const quietEnds = new Map<string, Death>();
  const needed = new Set<string>();
  let ending = false;
  watch.onExit(({ service, exitCode, how, at }) => {
    if (ending) return;
    const death = { service, exitCode, how, at };
    const isQuiet = parts.completed.has(service) || (exitCode === 0 && parts.mayComplete.has(service));
    if (!isQuiet || needed.has(service)) deaths.push(death);
    else quietEnds.set(service, death);
    if (!parts.completed.has(service))
      emit({ type: 'service.changed', service, state: 'exited', exitCode, detail: how });
  });
  /** A command was to be run in it, and it was gone: its work was not over. */
  const need = (service: string): void => {
    if (parts.oneShots.has(service)) return;
    needed.add(service);
    const end = quietEnds.get(service);
    if (end !== undefined) deaths.push(end);
    quietEnds.delete(service);
  };
  const serviceOf = (name: string): RunningService => {
    const service = services.get(name);
    if (service === undefined) throw new Error(`no service ${name} in ${project}: ${[...services.keys()].join(', ')}`);
    return service;
  };
  const logs = [...services.values()].flatMap(({ log }) => log ?? []);
  return {
    project,
    services: [...services.keys()],
    async exec(service, request) {
      const { id, tools } = serviceOf(service);
      const outcome = await runExec({ engine, id, service }, withTools(request, tools));
      if (outcome.kind === 'lost') need(service);
      return outcome;
    },
    readFile: (service, path, limitBytes) =>
      readContainerFile({ engine, id: serviceOf(service).id, service }, path, limitBytes),
    fileStamp: (service, path) => containerFileStamp({ engine, id: serviceOf(service).id, service }, path),
    observe: (observed, command) => observe(parts, observed, command),
    readFolder: (service, request) => readContainerFolder({ engine, id: serviceOf(service).id, service }, request),
    forward: (service, port) => forward(parts, { ...serviceOf(service), service }, port),
    stats: (service) => readStats({ engine, id: serviceOf(service).id, service }),
    runBeside: (request) => runBeside(parts, request),
    macAddress: (service, network) => serviceOf(service).macAddresses.get(network),
    publishedPort: (service, containerPort, protocol = 'tcp') =>
      serviceOf(service).ports.get(`${containerPort}/${protocol}`),
    publishedPorts: () => [...services].flatMap(([service, { ports }]) => [...ports].flatMap(portOf(service))),
    logFile: (service) => serviceOf(service).logFile,
    logProblem: (service) => serviceOf(service).log?.problem(),
    deaths: () => deaths,
    engineAnswers: async (limitMs) => !watch.lost() && (await engine.answers(limitMs)),
    async flushLogs() {
      // What a process printed takes a moment through the engine: quiet has to last that long.
      await sleep(quietMs);
      await Promise.all(logs.map((log) => log.settle(quietMs)));
    },
    pause: () => halt(engine, services, 'pause'),
    resume: () => halt(engine, services, 'unpause'),
    release() {
      ending = true;
      watch.close();
      for (const log of logs) log.close();
    },
    async down() {
      ending = true;
      watch.close();
      const removed = await removeProject(engine, project);
      await Promise.all(logs.map((log) => log.drain()));
      for (const log of logs) log.close();
      if (removed.ok)
        for (const service of services.keys()) emit({ type: 'service.changed', service, state: 'removed' });
      return removed;
    },
  };
}

/** Of `8080/tcp` and the port of the host. */
function portOf(service: string): (entry: readonly [string, number]) => PublishedPort[] {
  return ([text, hostPort]) => {
    const [port, protocol] = text.split('/');
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return [];
    return [{ service, containerPort: Number(port), protocol, hostPort }];
  };
}

async function forward(
  { engine, observers }: RunningParts,
  { service, id, holder }: Pick<RunningService, 'id' | 'holder'> & { readonly service: string },
  port: number,
): Promise<Result<Forward>> {
  const helper = observers.get(observedKey({ kind: 'network', service }));
  return helper === undefined
    ? notObserved(`the network of ${service}`)
    : forwardPort({ engine, service, id, holder, helper }, port);
}

const notObserved = (name: string): Result<never> =>
  failed({ kind: 'evidence', message: `${name} is not observed: the environment was brought up without it` });

async function observe(
  { engine, observers }: RunningParts,
  observed: Observed,
  command: readonly string[],
): Promise<Result<string>> {
  const id = observers.get(observedKey(observed));
  if (id !== undefined) return askHelper(engine, id, observed, command);
  const name = observed.kind === 'network' ? `the network of ${observed.service}` : `the volume ${observed.volume}`;
  return notObserved(name);
}

import type { ComposeModel } from '../environment/compose/model.ts';
import type { Problem } from '../events/problem.ts';
import { definitionProblem } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { namesOf } from '../task/source.ts';
import { nearOrKnown } from '../task/suggest.ts';

/** Names in a task that its Compose file does not have: services, networks and volumes. */
export function composeMismatches(task: Task, model: ComposeModel): Problem[] {
  return [
    ...stageServices(task, model),
    ...sourceNames(task, model),
    ...logServices(task, model),
    ...targetNames(task, model),
  ];
}

function stageServices(task: Task, model: ComposeModel): Problem[] {
  return task.stages.flatMap(({ name, service }, index) =>
    service === undefined || model.services.has(service)
      ? []
      : [unknownName(task, ['stages', index, 'service'], `stage ${name}`, 'service', service, model.services)],
  );
}

function sourceNames(task: Task, model: ComposeModel): Problem[] {
  return (['measurements', 'witnesses'] as const).flatMap((kind) =>
    Object.entries(task[kind]).flatMap(([name, source]) =>
      namesOf(source).flatMap(({ key, what, names }) => {
        const known = { service: model.services, network: model.networks, volume: model.volumes }[what];
        return names
          .filter((each) => !known.has(each))
          .map((each) => unknownName(task, [kind, name, key], name, what, each, known));
      }),
    ),
  );
}

function logServices(task: Task, model: ComposeModel): Problem[] {
  return task.invariants.flatMap((invariant, index) =>
    invariant.services
      .filter((service) => !model.services.has(service))
      .map((service) =>
        unknownName(task, ['invariants', index, 'services'], invariant.name, 'service', service, model.services),
      ),
  );
}

function targetNames(task: Task, model: ComposeModel): Problem[] {
  return task.targets.flatMap(({ name, measure }, index) => {
    const path = (key: string) => ['targets', index, 'measure', key];
    if (measure.kind === 'load')
      return model.networks.has(measure.network)
        ? []
        : [unknownName(task, path('network'), name, 'network', measure.network, model.networks)];
    const { service } = measure;
    if (service === undefined || model.services.has(service)) return [];
    return [unknownName(task, path('service'), name, 'service', service, model.services)];
  });
}

function unknownName(
  task: Task,
  path: readonly PropertyKey[],
  who: string,
  what: 'service' | 'network' | 'volume',
  name: string,
  names: ReadonlyMap<string, unknown>,
): Problem {
  return definitionProblem(
    task,
    path,
    `${who}: there is no ${what} ${name} in ${task.compose.join(' and ')}`,
    nearOrKnown(name, `${what}s`, [...names.keys()]),
  );
}

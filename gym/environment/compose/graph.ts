import { suggest } from '../../task/suggest.ts';
import { joinedServices } from './joined.ts';
import type { ComposeModel, ServiceModel } from './model.ts';
import type { Reader } from './reader.ts';
import type { Spot } from './tree.ts';

type Named = ReadonlyMap<string, unknown>;

/** Complains of references to what is not there, and of a cycle of dependencies. */
export function checkReferences(reader: Reader, model: ComposeModel, leftOut: ReadonlySet<string>): void {
  for (const service of model.services.values()) {
    reader.service = service.name;
    for (const { service: target, file, line } of service.dependsOn) {
      const at = spot(file, line);
      if (leftOut.has(target)) reader.complain(at, `depends_on: service "${target}" is left out: it is in a profile`);
      else if (!model.services.has(target))
        missing(reader, at, 'depends_on: there is no service', target, model.services);
    }
    for (const target of [...joinedServices(service), ...service.links.map((link) => link.split(':')[0] ?? '')]) {
      // Said already, unless the dependency may be absent.
      const isTold = service.dependsOn.some((each) => each.service === target);
      if (isTold || model.services.has(target)) continue;
      reader.complain(spot(service.file, service.line), `it joins or links service "${target}", which is left out`);
    }
    const volumes = service.mounts.flatMap((mount) => (mount.kind === 'volume' ? mount.source : []));
    const secrets = [...service.secrets, ...(service.build?.secrets ?? [])];
    const uses: readonly (readonly [string, readonly string[], Named])[] = [
      ['networks: the file defines no network', service.networks.map(({ network }) => network), model.networks],
      ['volumes: the file defines no volume', volumes, model.volumes],
      ['secrets: the file defines no secret', secrets.map(({ source }) => source), model.secrets],
      ['configs: the file defines no config', service.configs.map(({ source }) => source), model.configs],
    ];
    for (const [message, names, candidates] of uses) {
      for (const name of names) {
        if (!candidates.has(name)) missing(reader, spot(service.file, service.line), message, name, candidates);
      }
    }
  }
  reader.service = undefined;
  checkContainerNames(reader, model);
  const cycle = findCycle(model.services);
  const first = cycle === undefined ? undefined : model.services.get(cycle[0] ?? '');
  if (cycle !== undefined && first !== undefined) {
    const { file, line } = first.dependsOn[0] ?? first;
    reader.complain(spot(file, line), `depends_on goes in a circle: ${cycle.join(' -> ')}`);
  }
}

/** They are names in the networks, so two services cannot share one. */
function checkContainerNames(reader: Reader, model: ComposeModel): void {
  const owners = new Map<string, string>();
  for (const { name, containerName, file, line } of model.services.values()) {
    const owner = containerName === null ? undefined : owners.get(containerName);
    if (owner !== undefined) {
      reader.complain(spot(file, line), `container_name "${containerName}" is that of service ${owner} too`);
    } else if (containerName !== null) owners.set(containerName, name);
  }
}

function spot(file: string, line: number): Spot {
  return { source: { file, directory: '', lookup: () => undefined }, line };
}

function missing(reader: Reader, at: Spot, message: string, name: string, candidates: Named): void {
  const meant = suggest(name, candidates.keys());
  reader.complain(at, `${message} "${name}"`, meant === undefined ? undefined : `Did you mean "${meant}"?`);
}

/** The first cycle found, its start repeated at its end. */
function findCycle(services: ReadonlyMap<string, ServiceModel>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    if (done.has(name)) return undefined;
    for (const { service } of services.get(name)?.dependsOn ?? []) {
      const cycle = visit(service, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of services.keys()) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

import { suggest } from '../../task/suggest.ts';
import type { ComposeModel, ServiceModel } from './model.ts';
import type { Reader } from './reader.ts';

/** Complains of references to services, networks and volumes that are not there, and of a cycle of dependencies. */
export function checkReferences(reader: Reader, model: ComposeModel, leftOut: ReadonlySet<string>): void {
  for (const service of model.services.values()) {
    reader.service = service.name;
    for (const { service: target, line, required } of service.dependsOn) {
      if (!required) continue;
      if (leftOut.has(target)) reader.complain(line, `depends_on: service "${target}" is left out: it is in a profile`);
      else if (!model.services.has(target))
        missing(reader, line, 'depends_on: there is no service', target, model.services);
    }
    for (const { network } of service.networks) {
      if (!model.networks.has(network)) {
        missing(reader, service.line, 'networks: the file defines no network', network, model.networks);
      }
    }
    for (const mount of service.mounts) {
      if (mount.kind === 'volume' && !model.volumes.has(mount.source)) {
        missing(reader, service.line, 'volumes: the file defines no volume', mount.source, model.volumes);
      }
    }
  }
  reader.service = undefined;
  const cycle = findCycle(model.services);
  const first = cycle === undefined ? undefined : model.services.get(cycle[0] ?? '');
  if (cycle !== undefined && first !== undefined) {
    reader.complain(first.dependsOn[0]?.line ?? first.line, `depends_on goes in a circle: ${cycle.join(' -> ')}`);
  }
}

function missing(
  reader: Reader,
  line: number,
  message: string,
  name: string,
  candidates: ReadonlyMap<string, unknown>,
): void {
  const meant = suggest(name, candidates.keys());
  reader.complain(line, `${message} "${name}"`, meant === undefined ? undefined : `Did you mean "${meant}"?`);
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

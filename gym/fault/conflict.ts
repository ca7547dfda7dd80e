import type { Problem } from '../events/problem.ts';
import type { EnvironmentFault } from '../task/environment-fault.ts';
import type { OpenFault } from './notes.ts';

/** Why a fault cannot be added to those that are there: what undoes one of them would undo the other, or leave it. */
export function conflictOf(fault: EnvironmentFault, open: readonly OpenFault[]): Problem | undefined {
  const key = subject(fault);
  const other = key === undefined ? undefined : open.find((each) => subject(each.fault) === key);
  if (other === undefined) return undefined;
  const message = `${other.id} is there already, and is about the same`;
  return { kind: 'usage', message, remedy: `Clear it first: gym fault clear ${other.id}` };
}

/** What there can be one fault of; `undefined`: what the state of a service itself keeps from being done twice. */
function subject(fault: EnvironmentFault): string | undefined {
  switch (fault.kind) {
    case 'memory':
    case 'cpu':
      return JSON.stringify([fault.kind, fault.service]);
    case 'disk':
      return JSON.stringify([fault.kind, fault.service, fault.path]);
    case 'partition':
      return fault.from.kind === 'service'
        ? JSON.stringify([fault.kind, ...[fault.service, fault.from.service].sort()])
        : undefined;
    default:
      return undefined;
  }
}

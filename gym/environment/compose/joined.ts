import type { ServiceModel } from './model.ts';

/** Services whose namespaces or volumes a service uses: their containers have to be there first. */
export function joinedServices({ networkMode, pid, ipc, volumesFrom }: ServiceModel): readonly string[] {
  const modes = [networkMode, pid, ipc].flatMap((mode) => (mode?.startsWith('service:') ? [mode.slice(8)] : []));
  const sources = volumesFrom.flatMap((from) => (from.startsWith('container:') ? [] : [from.split(':')[0] ?? '']));
  return [...new Set([...modes, ...sources])];
}

import { execFileSync } from 'node:child_process';

// By the docker CLI, so that gym's own view of the engine is not what it is judged by.
function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Everything on the engine that gym made for a checkout: "container NAME", "network NAME", "volume NAME". */
export function leftOf(checkout: string): string[] {
  const filter = ['--filter', `label=dev.gym.checkout=${checkout}`];
  return [
    ...lines(docker('ps', '--all', ...filter, '--format', 'container {{.Names}}')),
    ...lines(docker('network', 'ls', ...filter, '--format', 'network {{.Name}}')),
    ...lines(docker('volume', 'ls', ...filter, '--format', 'volume {{.Name}}')),
  ];
}

/** Containers that were made for a checkout since then, those that are gone again included; epoch milliseconds. */
export function madeSince(checkout: string, since: number): string[] {
  const window = ['--since', String(since / 1000), '--until', String(Date.now() / 1000)];
  const filters = ['type=container', 'event=create', `label=dev.gym.checkout=${checkout}`];
  return lines(docker('events', ...window, ...filters.flatMap((each) => ['--filter', each]), '--format', '{{.ID}}'));
}

/** Kills a service of a checkout's environment, as an out-of-the-blue `kill -9` would. */
export function killService(checkout: string, service: string): void {
  const filters = [`label=dev.gym.checkout=${checkout}`, `label=dev.gym.service=${service}`];
  const found = docker('ps', '--quiet', ...filters.flatMap((each) => ['--filter', each]));
  docker('kill', ...lines(found));
}

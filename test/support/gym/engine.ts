import { execFileSync, spawnSync } from 'node:child_process';

// By the docker CLI, so that gym's own view of the engine is not what it is judged by.
function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** The containers that gym made for a checkout, running or not: "container NAME". */
export function containersOf(checkout: string): string[] {
  const filter = ['--filter', `label=dev.gym.checkout=${checkout}`];
  return lines(docker('ps', '--all', ...filter, '--format', 'container {{.Names}}'));
}

/** Everything on the engine that gym made for a checkout: "container NAME", "network NAME", "volume NAME". Not while one comes up. */
export function leftOf(checkout: string): string[] {
  const filter = ['--filter', `label=dev.gym.checkout=${checkout}`];
  const containers = containersOf(checkout);
  const networks = lines(docker('network', 'ls', ...filter, '--format', '{{.Name}}'));
  return [
    ...containers,
    ...networks.filter((name) => containers.length > 0 || !isMiscounted(name)).map((name) => `network ${name}`),
    ...lines(docker('volume', 'ls', ...filter, '--format', 'volume {{.Name}}')),
  ];
}

/**
 * Engines of before 2025 lose count of a network's endpoints now and then, and nobody can remove it until they are started
 * again (github.com/moby/moby/issues/43286). That is not for these tests to tell.
 */
export function isMiscounted(network: string): boolean {
  const removed = spawnSync('docker', ['network', 'rm', network], { encoding: 'utf8' });
  const isStuck =
    removed.stderr.includes('has active endpoints') &&
    docker('network', 'inspect', network, '--format', '{{len .Containers}}') === '0';
  if (isStuck) console.warn(`The Docker engine has lost count of the endpoints of ${network}: it cannot be removed.`);
  return isStuck;
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

import { execFileSync } from 'node:child_process';

const label = 'dev.gym.image';
/** Tasks of the tests. Images of the example stay: they are the cache of whoever works with it. */
const tasks = /^gym-(gymtest|tiny)-/;

/** Removes the images that the tests built, when all of them have run. */
export function teardown(): void {
  const docker = (...args: string[]): string =>
    execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const listed = docker('image', 'ls', '--filter', `label=${label}`, '--format', '{{.ID}}').split('\n').filter(Boolean);
  for (const id of new Set(listed)) {
    try {
      if (tasks.test(docker('image', 'inspect', id, '--format', `{{index .Config.Labels "${label}"}}`)))
        docker('image', 'rm', '--force', id);
    } catch {
      // It went with another one, or a container of somebody else uses it.
    }
  }
}

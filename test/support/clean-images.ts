import { execFileSync } from 'node:child_process';

const label = 'dev.gym.image';
/** Tasks of the tests. Images of the example stay: they are the cache of whoever works with it. */
const tasks = /^gym-(gymtest|tiny|gym-test)-/;

/** Removes the images that the tests built, when all of them have run. */
export function teardown(): void {
  for (const id of builtByTests()) {
    try {
      docker('image', 'rm', '--force', id);
    } catch {
      // It went with another one, or a container of somebody else uses it.
    }
  }
}

function builtByTests(): string[] {
  try {
    const listed = docker('image', 'ls', '--no-trunc', '--filter', `label=${label}`, '--format', '{{.ID}}');
    const ids = [...new Set(listed.split('\n').filter((line) => line !== ''))];
    return ids.filter((id) =>
      tasks.test(docker('image', 'inspect', id, '--format', `{{index .Config.Labels "${label}"}}`)),
    );
  } catch {
    // Without an engine nothing was built.
    return [];
  }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

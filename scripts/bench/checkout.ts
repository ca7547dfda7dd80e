import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const top = join(import.meta.dirname, '../..');

/** A checkout with one task, and the commands that bring its environment up and down: gym's, and Docker Compose's on the same file. */
export interface BenchCheckout extends Disposable {
  readonly path: string;
  gym(...args: string[]): readonly string[];
  compose(...args: string[]): readonly string[];
  /** Resolves when a spare is up. */
  spareIsUp(): Promise<void>;
  /** Removes the seeded states that are kept for it. Not while it is up. */
  forgetStates(): void;
  /** Resolves when other slots wait in the place of those that were taken. */
  isRefilled(): Promise<void>;
}

/** Makes one of a Compose file's text. */
export function benchCheckout(name: string, composeText: string): BenchCheckout {
  const path = mkdtempSync(join(tmpdir(), 'gym-bench-'));
  const folder = join(path, 'envs', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), composeText);
  writeFileSync(join(folder, 'TASK.md'), 'Nothing is to be done.\n');
  const task = { name, instruction: 'TASK.md', compose: 'compose.yaml', stages: [{ name: 'none', command: 'true' }] };
  writeFileSync(
    join(folder, 'task.ts'),
    `import { defineTask } from 'devgym';\n\nexport default defineTask(${JSON.stringify(task)});\n`,
  );
  execFileSync('git', ['init', '-q'], { cwd: path });
  const compose = ['docker', 'compose', '-p', `gymbench-${process.pid}-${name}`, '-f', join(folder, 'compose.yaml')];
  return {
    path,
    gym: (command = '', ...rest) => [process.execPath, join(top, 'dist', 'gym.js'), command, name, ...rest],
    compose: (...args) => [...compose, ...args],
    spareIsUp: () => until('a spare', () => hasSpare(path)),
    isRefilled: () => until('other slots', () => hasSlots(path, name)),
    forgetStates: () => forgetStates(name),
    [Symbol.dispose]: () => {
      forgetStates(name);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function forgetStates(task: string): void {
  const filter = ['-q', '--filter', 'label=dev.gym.golden', '--filter', `label=dev.gym.task=${task}`];
  for (const [kind, list] of [['volume', 'ls'] as const, ['image', 'ls'] as const]) {
    const found = execFileSync('docker', [kind, list, ...filter], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
    if (found.length > 0) execFileSync('docker', [kind, 'rm', ...found], { stdio: 'ignore' });
  }
}

async function until(what: string, isThere: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
    if (isThere()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not come up within a minute`);
}

/** Those that were taken are noted for a minute more at most. */
function hasSlots(path: string, task: string): boolean {
  const note: { until: number } = JSON.parse(readFileSync(join(path, '.gym', 'slots', `${task}.json`), 'utf8'));
  return note.until > Date.now() + 60_000;
}

function hasSpare(path: string): boolean {
  const folder = join(path, '.gym', 'environments');
  const [note] = execFileSync('ls', [folder], { encoding: 'utf8' }).match(/\S+\.reset/) ?? [];
  return note !== undefined && /"spare":"/.test(readFileSync(join(folder, note), 'utf8'));
}

/** The Compose file that most figures are of. */
export const fourServices = readFileSync(join(import.meta.dirname, 'four-services.yaml'), 'utf8');

/** A database and a one-shot that fills its volume with so many bytes. */
export function seededServices(bytes: number): string {
  return `
x-base: &base {image: "debian:bookworm-slim", init: true}
services:
  db:
    <<: *base
    command: [sh, -c, "sleep 0.3; touch /ready; exec sleep infinity"]
    healthcheck: {test: [CMD, test, -f, /ready], interval: 1s, timeout: 2s, retries: 30}
    volumes: ["data:/var/lib/data"]
  seed:
    <<: *base
    command: [sh, -c, "head -c ${bytes} /dev/zero > /var/lib/data/table"]
    volumes: ["data:/var/lib/data"]
    depends_on: {db: {condition: service_healthy}}
  api:
    <<: *base
    command: [sleep, infinity]
    depends_on: {seed: {condition: service_completed_successfully}}
volumes: {data: {}}
`;
}

/** So many services, each behind the one before it in groups of four. */
export function manyServices(count: number): string {
  const services = Array.from({ length: count }, (_, index) => {
    const after = index % 4 === 0 ? '' : `\n    depends_on: [s${index - 1}]`;
    return `  s${index}:\n    image: debian:bookworm-slim\n    init: true\n    command: [sleep, infinity]${after}`;
  });
  return `services:\n${services.join('\n')}\n`;
}

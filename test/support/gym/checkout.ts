import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listMarked } from '../../../gym/store/processes.ts';
import type { TaskInput } from '../../../gym/task/schema.ts';
import { type TemporaryFolder, temporaryFolder } from '../repository.ts';
import { repository } from './program.ts';

/** A service that does nothing until it is stopped. */
export const box = `services:
  box:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    init: true
`;

/** A stage that prints `tap` to where its cases are read from. */
export function tapStage(tap: string, { exitCode = 0 } = {}) {
  const command = `printf '%b' '${tap.replaceAll('\n', '\\n')}' > /tmp/unit.tap; exit ${exitCode}`;
  return { name: 'unit', service: 'box', command, results: { format: 'tap' as const, path: '/tmp/unit.tap' } };
}

/** What a task of these tests consists of; what is not given is `envs/tiny` with one service and one case that passes. */
export interface TinyTask extends Partial<TaskInput> {
  /** Content of the Compose file. */
  readonly services?: string;
}

/** A checkout with the task `tiny`. */
export function tinyCheckout(tiny: TinyTask = {}): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  writeTask(folder, tiny);
  return folder;
}

/** Writes the task `tiny` into a checkout, and commits all there where it has git: what is not committed does not judge. */
export function writeTask(folder: TemporaryFolder, { services = box, ...definition }: TinyTask): void {
  const stages = [tapStage('1..1\nok 1 - adds up\n')];
  const whole = { name: 'tiny', instruction: 'TASK.md', compose: 'compose.yaml', stages, ...definition };
  const source = `import { defineTask } from 'devgym';\n\nexport default defineTask(${JSON.stringify(whole, null, 2)});\n`;
  folder.write('envs/tiny/task.ts', source);
  folder.write('envs/tiny/compose.yaml', services);
  folder.write('envs/tiny/TASK.md', 'Make it pass.\n');
  if (existsSync(join(folder.path, '.git'))) commit(folder);
}

/** A checkout with a copy of this repository's envs/shuffle. */
export function shuffleCheckout(): TemporaryFolder {
  return exampleCheckout('shuffle');
}

/** A checkout with a copy of one of this repository's environments. */
export function exampleCheckout(name: string): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', `envs/${name}`], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const path of listed.trim().split('\n')) {
    if (!existsSync(join(repository, path))) continue;
    cpSync(join(repository, path), join(folder.path, path), { recursive: true });
  }
  commit(folder);
  return folder;
}

/** Commits all that is in a checkout, if anything has changed. */
export function commit(folder: TemporaryFolder): void {
  folder.git('add', '-A');
  folder.git('commit', '-q', '--allow-empty', '-m', 'next');
}

/** Names of the runs and loops of a checkout, oldest first. */
export function runsOf(checkout: string): string[] {
  const folder = join(checkout, '.gym/runs');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Processes on this machine that runs and loops of a checkout started, in containers too where they can be seen from here. */
export function processesOf(checkout: string): number[] {
  return runsOf(checkout).flatMap((run) => listMarked(`GYM_RUN_ID=${run}`));
}

/** Folder of a run's files. */
export function runFolder(checkout: string, run: string): string {
  return join(checkout, '.gym/runs', run);
}

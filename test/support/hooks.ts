import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TaskInput } from '../../gym/task/schema.ts';
import { box, writeTask } from './gym/checkout.ts';
import { program } from './gym/program.ts';
import { type TemporaryFolder, temporaryFolder } from './repository.ts';

/** With the Node.js of these tests first, which the program's `#!` line finds. */
export const path = `${dirname(process.execPath)}:${process.env['PATH']}`;

/**
 * A checkout in which gym is installed, with a task that is done when its `n.txt` says 0: a quick stage asks for a number, and a stage in a
 * container for 0. `check/` is protected.
 */
export function countCheckout(n: number, overrides: Partial<TaskInput> = {}): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.git('config', 'user.name', 't');
  folder.git('config', 'user.email', 't@t');
  writeTask(folder, {
    name: 'count',
    services: `${box}    volumes: ['.:/task:ro']\n`,
    stages: [
      { name: 'syntax', command: 'sh check/syntax.sh' },
      { name: 'count', service: 'box', command: 'sh /task/check/count.sh' },
    ],
    protected: ['check/**'],
    ...overrides,
  });
  folder.write('envs/tiny/n.txt', `${n}\n`);
  folder.write('envs/tiny/check/syntax.sh', 'grep -qx "[0-9]*" n.txt || { echo "n.txt:1 is no number"; exit 1; }\n');
  folder.write(
    'envs/tiny/check/count.sh',
    'n=$(cat /task/n.txt); test "$n" = 0 || { echo "n is $n, want 0"; exit 1; }\n',
  );
  folder.write('.gitignore', 'node_modules\n');
  mkdirSync(join(folder.path, 'node_modules/.bin'), { recursive: true });
  symlinkSync(program, join(folder.path, 'node_modules/.bin/gym'));
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'first');
  return folder;
}

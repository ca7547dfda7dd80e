import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Task, taskSchema } from '../../gym/task/schema.ts';

/** A folder that is removed when it goes out of scope. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** Writes a file in it, with the folders above. */
  write(name: string, content: string): void;
  /** Runs git in it and gives what it printed. */
  git(...args: string[]): string;
}

/** Makes a temporary folder. */
export function temporaryFolder(): TemporaryFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'gym-test-')));
  return {
    path,
    write(name, content) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    },
    git: (...args) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: path, encoding: 'utf8' }),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A task in a folder, as the loader gives it; its stage is never run here. */
export function taskIn(root: string, overrides: Partial<Task> = {}): Task {
  const stage = { name: 'unit', command: 'true' };
  const task = taskSchema.parse({ name: 'count', instruction: 'TASK.md', compose: 'compose.yaml', stages: [stage] });
  return { ...task, file: join(root, 'task.ts'), root, ...overrides };
}

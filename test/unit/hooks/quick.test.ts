import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quickStages, runQuickStages } from '../../../gym/hooks/quick.ts';
import { stageSchema, type Task } from '../../../gym/task/schema.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const stages = (...each: { name: string; command: string; service?: string }[]): Pick<Task, 'stages'> => ({
  stages: each.map((stage) => stageSchema.parse(stage)),
});

/** Runs the quick stages of a task in a folder at a time, for `limitMs` at most. */
function look(
  folder: string,
  task: Pick<Task, 'stages'>,
  { limitMs = 10_000, now = 0 } = {},
): Promise<string | undefined> {
  return runQuickStages({
    task: taskIn(folder, task),
    directory: folder,
    notes: join(folder, 'notes/quick.json'),
    signal: AbortSignal.timeout(limitMs),
    clock: () => now,
  });
}

test('quick are the stages on the host with which the harness begins', () => {
  const host = { name: 'types', command: 'tsc' };
  const inside = { name: 'unit', command: 'test', service: 'box' };
  const names = (task: Pick<Task, 'stages'>) => quickStages(taskIn('/w', task)).map(({ name }) => name);
  expect(names(stages(host, { ...host, name: 'lint' }, inside, { ...host, name: 'e2e' }))).toEqual(['types', 'lint']);
  expect(names(stages(inside, host))).toEqual([]);
});

test('a failure is told once the stage has passed without an environment, with the end of its output', async () => {
  using folder = temporaryFolder();
  const task = stages(
    { name: 'lint', command: 'cat n.txt && test -e ok' },
    { name: 'types', command: 'echo ran > types; echo "\\033[31mn.txt:1 bad\\033[0m" >&2; grep -q good n.txt' },
  );
  folder.write('n.txt', 'good\n');
  expect(await look(folder.path, task)).toBeUndefined();
  expect(existsSync(join(folder.path, 'types'))).toBe(false);
  folder.write('ok', '');
  expect(await look(folder.path, task)).toBeUndefined();
  folder.write('n.txt', 'poor\n');
  expect(await look(folder.path, task)).toBe('fail types: exit code 1\nn.txt:1 bad');
  // Another command under the same name has passed nothing yet.
  expect(await look(folder.path, stages({ name: 'types', command: 'grep -q good n.txt' }))).toBeUndefined();
});

test('a stage that takes too long says nothing, and is left alone for ten minutes', async () => {
  using folder = temporaryFolder();
  const task = stages({ name: 'slow', command: 'echo x >> runs; test -e quick || exec sleep 60' });
  const runs = () => folder.git('hash-object', 'runs');
  const start = performance.now();
  expect(await look(folder.path, task, { limitMs: 200 })).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(10_000);
  const once = runs();
  folder.write('quick', '');
  expect(await look(folder.path, task, { now: 599_000 })).toBeUndefined();
  expect(runs()).toBe(once);
  await look(folder.path, task, { now: 601_000 });
  expect(runs()).not.toBe(once);
});

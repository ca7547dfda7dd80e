import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findTask } from '../../../gym/task/find.ts';
import { findTasks } from '../../../gym/task/found.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

let folder: TemporaryFolder;
const at = (path: string): string => join(folder.path, path);
beforeEach(() => {
  folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  folder.write('.git/HEAD', '');
  for (const name of ['envs/shuffle', 'envs/cart', 'tasks/other']) folder.write(`${name}/task.ts`, '');
  folder.write('envs/README.md', '');
  folder.write('envs/none/compose.yaml', '');
  folder.write('envs/shuffle/src/x.ts', '');
});

test('the tasks of a checkout, from anywhere in it', () => {
  const names = (path: string): string[] => findTasks(at(path)).map(({ name }) => name);
  expect(['.', 'envs', 'envs/shuffle/src'].map(names)).toEqual(
    Array.from({ length: 3 }, () => ['cart', 'other', 'shuffle']),
  );
});

test('a file named tasks is no folder of tasks', () => {
  folder.write('envs/shuffle/tasks', 'a script');
  expect(findTasks(at('envs/shuffle')).map(({ name }) => name)).toEqual(['cart', 'other', 'shuffle']);
});

describe('the task that is meant', () => {
  test.each<[string | undefined, string, string]>([
    ['shuffle', '.', 'envs/shuffle/task.ts'],
    ['shuffle', 'envs/shuffle/src', 'envs/shuffle/task.ts'],
    ['envs/cart', '.', 'envs/cart/task.ts'],
    ['envs/cart/', '.', 'envs/cart/task.ts'],
    ['../cart/task.ts', 'envs/shuffle', 'envs/cart/task.ts'],
    ['.', 'envs/shuffle', 'envs/shuffle/task.ts'],
  ])('%s in %s', async (named, within, file) =>
    expect(await findTask(named, at(within))).toEqual({ ok: true, value: at(file) }),
  );

  test.each<[string | undefined, string]>([
    ['shopping', 'there is no task shopping'],
    ['envs/none', 'there is no task envs/none'],
    ['', 'there is no task '],
    [undefined, 'name the task: there are several here'],
  ])('not %s', async (named, message) => {
    expect(await findTask(named, folder.path)).toEqual({
      ok: false,
      problems: [{ kind: 'usage', message, remedy: 'The tasks here are: cart, other, shuffle.' }],
    });
  });

  test('one that is nearly right', async () => {
    expect(await findTask('shufle', folder.path)).toMatchObject({ problems: [{ remedy: 'Did you mean shuffle?' }] });
  });

  test('by the name that it gives itself, where no folder has that name', async () => {
    const stages = [{ name: 'unit', command: 'true' }];
    const task = { name: 'shop', instruction: 'task.ts', compose: 'task.ts', stages };
    folder.write('envs/shuffle/task.ts', `export default ${JSON.stringify(task)};`);
    expect(await findTask('shop', folder.path)).toEqual({ ok: true, value: at('envs/shuffle/task.ts') });
    expect(await findTask('shp', folder.path)).toMatchObject({ problems: [{ remedy: 'Did you mean shop?' }] });
    folder.write('tasks/second/task.ts', `export default ${JSON.stringify(task)};`);
    expect(await findTask('shop', folder.path)).toMatchObject({
      problems: [{ message: expect.stringMatching(/^several tasks are named shop: .*second.*, .*shuffle/) }],
    });
  });

  test('without a name: the only one there is, or a hint', async () => {
    folder.write('lone/.git/HEAD', '');
    expect(await findTask(undefined, at('lone'))).toMatchObject({
      ok: false,
      problems: [{ message: 'there is no task here' }],
    });
    folder.write('lone/task.ts', '');
    expect(await findTask(undefined, at('lone'))).toEqual({ ok: true, value: at('lone/task.ts') });
  });
});

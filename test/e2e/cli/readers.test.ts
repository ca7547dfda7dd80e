import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import { temporaryFolder } from '../../support/repository.ts';

test.each([['runs'], ['show'], ['ps'], ['tasks'], ['doctor'], ['logs'], ['loop', '--resume']])(
  'gym %s makes no .gym',
  async (...args) => {
    using folder = temporaryFolder();
    await gym(folder.path, args);
    expect(existsSync(join(folder.path, '.gym'))).toBe(false);
  },
);

test('without git, a task keeps its runs in its own folder, and they are found from below and above it', async () => {
  using folder = temporaryFolder();
  folder.write('.gym/history.sqlite', '');
  writeTask(folder, { stages: [{ name: 'unit', command: 'exit 1' }] });
  folder.write('envs/tiny/src/x', '');
  const end = await gym(folder.path, ['verify']);
  const [, run = ''] = /more: gym show (\S+):unit /.exec(end.stdout) ?? [];
  for (const within of ['.', 'envs/tiny', 'envs/tiny/src']) {
    const cwd = join(folder.path, within);
    expect(await gym(cwd, ['show', `${run}:unit`]), within).toMatchObject({ exitCode: 0 });
    expect((await gym(cwd, ['runs'])).stdout, within).toContain(run);
  }
  expect(existsSync(join(folder.path, 'envs/tiny/.gym/runs', run, 'verdict.json'))).toBe(true);
});

test('with git, they are in its top folder, whatever .gym is on the way', async () => {
  using checkout = tinyCheckout();
  checkout.write('envs/.gym/x', '');
  expect(await gym(join(checkout.path, 'envs'), ['verify', 'tiny'])).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(checkout.path, '.gym/history.sqlite'))).toBe(true);
  expect(existsSync(join(checkout.path, 'envs/.gym/history.sqlite'))).toBe(false);
});

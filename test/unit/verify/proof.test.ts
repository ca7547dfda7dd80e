import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/repository.ts';

const gym = join(import.meta.dirname, '../../../gym');

test('another definition is one whose modules changed too, with those that they import', () => {
  using folder = temporaryFolder();
  folder.write(
    'task.ts',
    `import { checks } from './checks/all.ts';
import { defineTask } from 'devgym';
export default defineTask({ name: 'count', instruction: 'TASK.md', compose: 'compose.yaml', stages: [{ name: 'unit', command: 'true' }], invariants: checks });\n`,
  );
  folder.write('checks/all.ts', "export { checks } from './few.ts';\n");
  for (const name of ['checks/few.ts', 'unused.ts']) folder.write(name, 'export const checks = [];\n');
  for (const name of ['TASK.md', 'compose.yaml']) folder.write(name, '');
  const hash = (): string => {
    const code = `
      import { loadTask } from '${gym}/task/load.ts';
      import { definitionHash } from '${gym}/verify/proof.ts';
      import { protectionOf } from '${gym}/workspace/protection.ts';
      const { value } = await loadTask('${folder.path}/task.ts');
      process.stdout.write(definitionHash(value, protectionOf(value), '${folder.path}'));`;
    const args = ['--no-warnings', '--input-type=module', '--eval', code];
    return execFileSync(process.execPath, args, { encoding: 'utf8' });
  };
  const before = hash();
  folder.write('unused.ts', '\n');
  expect(hash()).toBe(before);
  folder.write('checks/few.ts', 'export const checks = [].concat();\n');
  expect(hash()).not.toBe(before);
});

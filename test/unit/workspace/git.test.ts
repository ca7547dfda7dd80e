import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { withoutRepository } from '../../../gym/workspace/git.ts';

test('takes every variable away that git says belongs to one repository', () => {
  const names = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toContain('GIT_DIR');
  const env = Object.fromEntries([...names, 'PATH'].map((name) => [name, 'x']));
  expect(withoutRepository(env)).toEqual({ PATH: 'x' });
});

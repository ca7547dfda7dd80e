import { expect, test } from 'vitest';
import { variablesHash } from '../../../gym/verify/variables.ts';
import { temporaryFolder } from '../../support/repository.ts';

test('runs are told other things with another variable or another .env, not in another terminal', () => {
  using folder = temporaryFolder();
  const told = (env: Record<string, string>) => variablesHash({ root: folder.path, compose: ['compose.yaml'] }, env);
  const plain = told({ CI: '1' });
  expect(told({ CI: '1', COLUMNS: '99' })).toBe(plain);
  expect(told({ CI: '1', PYTEST_ADDOPTS: '-k adds' })).not.toBe(plain);
  folder.write('.env', 'PYTEST_ADDOPTS=-k adds\n');
  expect(told({ CI: '1' })).not.toBe(plain);
});

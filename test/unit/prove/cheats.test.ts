import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cheats } from '../../../gym/prove/cheats.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

test('who rewires the tests leaves no script that does anything', async () => {
  using folder = temporaryFolder();
  folder.write('package.json', '{"name":"a","scripts":{"test":"vitest"}}');
  folder.write('sub/package.json', 'damaged');
  folder.write('Makefile', 'test:\n\tpytest\n');
  const rewire = cheats.at(-1);
  expect(rewire?.name).toBe('rewires-tests');
  await rewire?.act(taskIn(folder.path), folder.path);
  const read = (path: string) => readFileSync(join(folder.path, path), 'utf8');
  expect(JSON.parse(read('package.json'))).toEqual({ name: 'a', scripts: { test: 'exit 0' } });
  expect(read('sub/package.json')).toBe('damaged');
  expect(read('Makefile')).not.toContain('pytest');
  expect(read('conftest.py')).toContain('passed');
});

import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../support/repository.ts';

const root = join(import.meta.dirname, '../..');

/** A small repo with the real settings, in which `gym.ts` and `main.ts` are clean. */
function repository(): TemporaryFolder {
  const folder = temporaryFolder();
  for (const file of ['biome.json', 'tsconfig.json', '.gitignore']) cpSync(join(root, file), join(folder.path, file));
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  folder.write('package.json', '{\n  "name": "devgym",\n  "private": true,\n  "type": "module"\n}\n');
  const knip = ['"entry": ["gym/main.ts"]', '"project": ["gym/**/*.ts"]', '"ignoreDependencies": ["typescript"]'];
  folder.write('knip.json', `{\n  ${knip.join(',\n  ')}\n}\n`);
  folder.write('gym/main.ts', "import { one } from './task/one.ts';\n\nconsole.log(one);\n");
  folder.write('gym/task/one.ts', 'export const one = 1;\n');
  folder.git('init', '-q');
  return folder;
}

const check = (folder: TemporaryFolder) =>
  execa(process.execPath, [join(root, 'scripts/check.ts')], { cwd: folder.path, reject: false, all: true });

test('a clean tree passes', async () => {
  using folder = repository();
  const { exitCode, all } = await check(folder);
  expect(all).toMatch(/^check passed in [\d.]+ s: style, types, unused, imports$/);
  expect(exitCode).toBe(0);
});

test('each tool names its breach in one line, and the check fails', async () => {
  using folder = repository();
  folder.write('gym/task/one.ts', "import { two } from '../cli/two.ts';\n\nexport const one: string = two;\n");
  folder.write('gym/cli/two.ts', 'export const two: any = 1\nexport const three: string = 3;\n');
  const { exitCode, all } = await check(folder);
  expect(exitCode).toBe(1);
  const lines = (all ?? '').split('\n');
  expect(lines).toContainEqual(
    expect.stringMatching(/^style: gym\/cli\/two.ts:1:19: lint\/suspicious\/noExplicitAny: /),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^style: gym\/cli\/two.ts: format: /));
  expect(lines).toContainEqual(expect.stringMatching(/^types: gym\/cli\/two.ts:2:14: TS2322: /));
  expect(lines).toContainEqual('unused: gym/cli/two.ts: three (unused exports)');
  expect(lines).toContainEqual('imports: gym/task/one.ts:1: gym/task may not import gym/cli, which is above it');
  expect(lines.at(-1)).toMatch(/^check failed in [\d.]+ s: style \d+, types 1, unused 1, imports 1$/);
});

test('an import cycle is found, among types too', async () => {
  using folder = repository();
  folder.write('gym/task/one.ts', "import type { Two } from './two.ts';\n\nexport const one: Two = 1;\n");
  folder.write('gym/task/two.ts', "import type { one } from './one.ts';\n\nexport type Two = 1 | typeof one;\n");
  const { exitCode, all } = await check(folder);
  expect(exitCode).toBe(1);
  expect(all).toContain('noImportCycles');
});

test('a tool that cannot run is a failure', async () => {
  using folder = repository();
  folder.write('knip.json', '{ "entry": 1 }\n');
  const { exitCode, all } = await check(folder);
  expect(exitCode).toBe(1);
  expect(all).toContain('unused: ERROR: Invalid input (location: entry)');
});

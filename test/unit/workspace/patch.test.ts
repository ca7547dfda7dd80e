import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyPatch, patchesOf } from '../../../gym/workspace/patch.ts';
import { temporaryFolder } from '../../support/repository.ts';

const change = (from: string, to: string): string =>
  `Why it is so.\n\n--- a/src/n.txt\n+++ b/src/n.txt\n@@ -1,2 +1,2 @@\n a\n-${from}\n+${to}\n`;

test('changes a folder inside of a repository, where git apply alone does nothing', async () => {
  using folder = temporaryFolder();
  folder.git('init', '-q');
  folder.write('task/src/n.txt', 'a\nb\n');
  folder.write('fix.patch', change('b', 'c'));
  const applied = await applyPatch(join(folder.path, 'task'), join(folder.path, 'fix.patch'));
  expect(applied).toEqual({ ok: true, value: ['src/n.txt'] });
  expect(readFileSync(join(folder.path, 'task/src/n.txt'), 'utf8')).toBe('a\nc\n');
});

test('changes a folder that is a repository, and one that is in none', async () => {
  for (const isRepository of [true, false]) {
    using folder = temporaryFolder();
    if (isRepository) folder.git('init', '-q');
    folder.write('src/n.txt', 'a\nb\n');
    folder.write('fix.patch', change('b', 'c'));
    const applied = await applyPatch(folder.path, join(folder.path, 'fix.patch'));
    expect(applied).toMatchObject({ ok: true });
    expect(readFileSync(join(folder.path, 'src/n.txt'), 'utf8')).toBe('a\nc\n');
  }
});

test('gives the new name of a rename', async () => {
  using folder = temporaryFolder();
  folder.write('a.txt', 'x\n');
  folder.write('r.patch', 'diff --git a/a.txt b/b.txt\nsimilarity index 100%\nrename from a.txt\nrename to b.txt\n');
  expect(await applyPatch(folder.path, join(folder.path, 'r.patch'))).toEqual({ ok: true, value: ['b.txt'] });
});

test.each([
  ['another content', change('z', 'c'), /src\/n\.txt/, undefined],
  ['a file that is not there', change('b', 'c').replaceAll('n.txt', 'm.txt'), /src\/m\.txt: No such file/, undefined],
  ['words only', 'only words\n', /No valid patches/, undefined],
  ['nothing', '', /No valid patches/, undefined],
  ['a torn hunk', '--- a/src/n.txt\n+++ b/src/n.txt\n@@ -1,2 +1,2 @@\n a\n', /corrupt patch/, 5],
])('%s: a problem that names the patch, and nothing changed', async (_, patch, message, line) => {
  using folder = temporaryFolder();
  folder.write('src/n.txt', 'a\nb\n');
  const file = join(folder.path, 'bad.patch');
  folder.write('bad.patch', patch);
  const applied = await applyPatch(folder.path, file);
  if (applied.ok) throw new Error('applied');
  expect(applied.problems[0]).toMatchObject({
    kind: 'definition',
    message: expect.stringMatching(message),
    place: line === undefined ? { file } : { file, line },
  });
  expect(readFileSync(join(folder.path, 'src/n.txt'), 'utf8')).toBe('a\nb\n');
});

test('a patch of two files of which one does not apply changes neither', async () => {
  using folder = temporaryFolder();
  folder.write('src/n.txt', 'a\nb\n');
  folder.write('src/m.txt', 'a\nb\n');
  folder.write('two.patch', change('b', 'c') + change('z', 'c').replaceAll('n.txt', 'm.txt'));
  expect(await applyPatch(folder.path, join(folder.path, 'two.patch'))).toMatchObject({ ok: false });
  expect(readFileSync(join(folder.path, 'src/n.txt'), 'utf8')).toBe('a\nb\n');
});

test('patches of a folder come by name; a folder that is not there has none', () => {
  using folder = temporaryFolder();
  for (const name of ['02-b.patch', '10-c.patch', '01-a.patch', 'README.md']) folder.write(`solution/${name}`, '');
  mkdirSync(join(folder.path, 'start'));
  const solution = join(folder.path, 'solution');
  expect(patchesOf(solution)).toEqual(['01-a', '02-b', '10-c'].map((name) => join(solution, `${name}.patch`)));
  expect(patchesOf(join(folder.path, 'start'))).toEqual([]);
  expect(patchesOf(join(folder.path, 'nowhere'))).toEqual([]);
});

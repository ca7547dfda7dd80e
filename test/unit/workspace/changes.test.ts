import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProposedFile } from '../../../gym/store/proposals.ts';
import { type Changes, changesSince, textLimitBytes } from '../../../gym/workspace/changes.ts';
import { findCommit } from '../../../gym/workspace/commit.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

function repository(): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  return folder;
}

function commit(folder: TemporaryFolder): void {
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'a state');
}

async function changesIn(
  folder: TemporaryFolder,
  within: string,
  snapshot: TemporaryFolder,
  accepted: readonly ProposedFile[] = [],
): Promise<Changes> {
  const found = await findCommit(join(folder.path, within), 'HEAD');
  if (!found.ok) throw new Error(found.problems[0].message);
  const changes = await changesSince({
    ...{ commit: found.value, directory: snapshot.path, accepted },
    ...{ mayLack: (path: string) => path.startsWith('solution/'), alsoRead: () => ['kept.txt', 'none.txt'] },
  });
  if (!changes.ok) throw new Error(changes.problems[0].message);
  return changes.value;
}

test('content is compared, in the folder of the task, and nothing that git is told can hide it', async () => {
  using folder = repository();
  for (const path of ['kept.txt', 'changed.txt', 'gone.txt', 'windows.txt', 'solution/1.patch', 'mode.sh'])
    folder.write(`app/${path}`, `${path}\n`);
  folder.write('other/file.txt', 'no part of it\n');
  symlinkSync('kept.txt', join(folder.path, 'app/link'));
  commit(folder);
  folder.git('update-index', '--assume-unchanged', 'app/changed.txt');
  folder.git(
    'replace',
    folder.git('rev-parse', 'HEAD:app/changed.txt').trim(),
    folder.git('rev-parse', 'HEAD:app/kept.txt').trim(),
  );
  using snapshot = temporaryFolder();
  for (const path of ['kept.txt', 'mode.sh']) snapshot.write(path, `${path}\n`);
  snapshot.write('changed.txt', 'kept.txt\n');
  snapshot.write('windows.txt', 'windows.txt\r\n');
  snapshot.write('new/binary', 'a\0b');
  snapshot.write('new/long.txt', 'x'.repeat(textLimitBytes + 1));
  symlinkSync('changed.txt', join(snapshot.path, 'link'));
  chmodSync(join(snapshot.path, 'mode.sh'), 0o755);
  const { files, others, tree } = await changesIn(folder, 'app', snapshot);
  expect(tree).toBe(folder.git('rev-parse', 'HEAD:app').trim());
  expect(files).toEqual([
    {
      path: 'changed.txt',
      before: { bytes: 12, text: 'changed.txt\n', isBinary: false },
      after: { bytes: 9, text: 'kept.txt\n', isBinary: false },
    },
    { path: 'gone.txt', before: { bytes: 9, text: 'gone.txt\n', isBinary: false }, after: undefined },
    {
      path: 'link',
      before: { bytes: 8, text: 'kept.txt', isBinary: false },
      after: { bytes: 11, text: 'changed.txt', isBinary: false },
    },
    { path: 'new/binary', before: undefined, after: { bytes: 3, text: undefined, isBinary: true } },
    { path: 'new/long.txt', before: undefined, after: { bytes: textLimitBytes + 1, text: undefined, isBinary: false } },
  ]);
  expect([...others]).toEqual([['kept.txt', 'kept.txt\n']]);
});

test('a file of Git LFS is what its pointer names, and a submodule is not looked into', async () => {
  using folder = repository();
  using inner = repository();
  inner.write('a.txt', 'inner\n');
  commit(inner);
  folder.write(
    'big.bin',
    'version https://git-lfs.github.com/spec/v1\noid sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\nsize 5\n',
  );
  folder.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, 'inner');
  commit(folder);
  using snapshot = temporaryFolder();
  snapshot.write('big.bin', 'hello');
  snapshot.write('inner/a.txt', 'changed\n');
  snapshot.write('.gitmodules', folder.git('show', 'HEAD:.gitmodules'));
  expect((await changesIn(folder, '', snapshot)).files).toEqual([]);
  snapshot.write('big.bin', 'hallo');
  expect((await changesIn(folder, '', snapshot)).files.map(({ path }) => path)).toEqual(['big.bin']);
});

test('of a folder that the commit does not have, everything is new', async () => {
  using folder = repository();
  folder.write('README.md', 'first\n');
  commit(folder);
  folder.write('task/a.txt', 'a\n');
  using snapshot = temporaryFolder();
  snapshot.write('a.txt', 'a\n');
  expect(await changesIn(folder, 'task', snapshot)).toMatchObject({
    tree: '',
    files: [{ path: 'a.txt', before: undefined }],
  });
});

test('a small change among thousands of files is found quickly', async () => {
  using folder = repository();
  using snapshot = temporaryFolder();
  for (let n = 0; n < 1000; n += 1) {
    for (const each of [folder, snapshot]) each.write(`src/${n % 20}/${n}.ts`, `export const n = ${n};\n`);
  }
  commit(folder);
  snapshot.write('src/0/0.ts', 'export const n = -1;\n');
  rmSync(join(snapshot.path, 'src/1/1.ts'));
  const began = performance.now();
  const { files } = await changesIn(folder, '', snapshot);
  expect(files.map(({ path }) => path)).toEqual(['src/0/0.ts', 'src/1/1.ts']);
  // On a quiet machine about 60 ms.
  expect(performance.now() - began).toBeLessThan(1500);
});

test('what a person has accepted stands for what the commit has', async () => {
  using folder = repository();
  for (const path of ['kept.txt', 'test.txt', 'old.txt']) folder.write(`app/${path}`, `${path}\n`);
  commit(folder);
  const proposed = (path: string, content: string | null): ProposedFile => ({
    ...{ path, base: null, isExecutable: false },
    content: content === null ? null : Buffer.from(content).toString('base64'),
  });
  const accepted = [proposed('test.txt', 'less\n'), proposed('old.txt', null), proposed('new.txt', '\0binary')];
  using snapshot = temporaryFolder();
  snapshot.write('kept.txt', 'kept.txt\n');
  snapshot.write('test.txt', 'less\n');
  snapshot.write('new.txt', '\0binary');
  const asAccepted = await changesIn(folder, 'app', snapshot, accepted);
  const plain = await changesIn(folder, 'app', snapshot);
  expect(plain.files.map(({ path }) => path)).toEqual(['new.txt', 'old.txt', 'test.txt']);
  expect(asAccepted.files).toEqual([]);
  expect(asAccepted.tree).not.toBe(plain.tree);
  // As the commit has it is a change by now.
  snapshot.write('test.txt', 'test.txt\n');
  snapshot.write('old.txt', 'old.txt\n');
  const undone = await changesIn(folder, 'app', snapshot, accepted);
  expect(undone.files.map(({ path, before, after }) => [path, before?.text, after?.text])).toEqual([
    ['old.txt', undefined, 'old.txt\n'],
    ['test.txt', 'less\n', 'test.txt\n'],
  ]);
});

import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Watching, watchWorkspace } from '../../../gym/workspace/watch.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

let folder: TemporaryFolder;
let watching: Watching;
let told: (readonly string[])[];
let lost: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.write('task/src/a', 'a');
  folder.write('.gitignore', 'build/\n*.log\n');
  folder.git('add', '-A');
  folder.git('commit', '-q', '-m', 'first');
  [told, lost] = [[], []];
  const watched = await watchWorkspace(join(folder.path, 'task'), {
    onSaved: (paths) => told.push(paths),
    onLost: ({ message }) => lost.push(message),
  });
  if (!watched.ok) throw new Error(watched.problems[0].message);
  watching = watched.value;
});

afterEach(() => {
  watching.close();
  folder[Symbol.dispose]();
});

const at = (path: string): string => join(folder.path, 'task', path);
const save = (path: string): void => folder.write(`task/${path}`, `${Math.random()}`);

/** What is told until nothing has been for longer than a burst takes. */
async function settled(): Promise<(readonly string[])[]> {
  for (let quietMs = 0, count = -1; quietMs < 600; quietMs += 50) {
    if (told.length !== count) [quietMs, count] = [0, told.length];
    await sleep(50);
  }
  return told.splice(0);
}

it('takes the saves of an editor as one: a temporary file, renamed over the file', async () => {
  save('src/.a.swp');
  renameSync(at('src/.a.swp'), at('src/a'));
  expect(await settled()).toEqual([['src/a']]);
});

it('passes over files that are made and gone again, as editors try whether they may write, and tells of each removal', async () => {
  for (const path of ['src/4913', '.a.swx']) {
    save(path);
    rmSync(at(path));
  }
  expect(await settled()).toEqual([]);
  renameSync(at('src/a'), at('src/a~'));
  save('src/a');
  rmSync(at('src/a~'));
  expect(await settled()).toEqual([['src/a']]);
  save('src/new');
  await settled();
  for (const path of ['src/a', 'src/new']) {
    rmSync(at(path));
    expect(await settled()).toEqual([[path]]);
  }
  // Removed, made and removed again.
  save('src/a');
  await settled();
  rmSync(at('src/a'));
  save('src/a');
  rmSync(at('src/a'));
  expect(await settled()).toEqual([['src/a']]);
  save('src/deep/b');
  await settled();
  rmSync(at('src'), { recursive: true });
  expect((await settled()).flat()).toEqual(expect.arrayContaining(['src', 'src/deep/b']));
});

it('passes over what git ignores, as .gitignore says by then', async () => {
  save('out.log');
  save('build/deep/b');
  save('src/x.tmp');
  expect(await settled()).toEqual([['src/x.tmp']]);
  folder.write('.gitignore', '*.tmp\n');
  save('src/x.tmp');
  save('out.log');
  expect(await settled()).toEqual([['out.log']]);
});

it('goes on in folders that are made, removed and made again, or moved', async () => {
  save('src/deep/er/b');
  expect((await settled()).flat()).toContain('src/deep/er/b');
  rmSync(at('src'), { recursive: true });
  mkdirSync(at('src'));
  await settled();
  save('src/c');
  expect(await settled()).toEqual([['src/c']]);
  save('src/deep/d');
  await settled();
  renameSync(at('src'), at('lib'));
  await settled();
  save('lib/deep/d');
  expect(await settled()).toEqual([['lib/deep/d']]);
});

it('takes a checkout of thousands of files as one, and hears of every folder that it made', async () => {
  folder.git('checkout', '-q', '-b', 'other');
  const pathOf = (n: number): string => `many/${n % 150}/${n}`;
  for (let n = 0; n < 1500; n += 1) {
    mkdirSync(at(`many/${n % 150}`), { recursive: true });
    writeFileSync(at(pathOf(n)), 'x');
  }
  folder.git('add', '-A');
  folder.git('commit', '-q', '-m', 'many');
  folder.git('checkout', '-q', 'main');
  await settled();
  await promisify(execFile)('git', ['checkout', '-q', 'other'], { cwd: folder.path });
  expect(await settled()).toHaveLength(1);
  for (const n of [0, 750, 1499]) {
    save(pathOf(n));
    expect(await settled()).toEqual([[pathOf(n)]]);
  }
});

it('says when the folder is gone', async () => {
  rmSync(at('.'), { recursive: true });
  await settled();
  expect(lost).toEqual([`the folder ${join(folder.path, 'task')} is gone`]);
});

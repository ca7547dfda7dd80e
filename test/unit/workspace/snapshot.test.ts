import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { folderBaseline } from '../../../gym/workspace/baseline.ts';
import { matchesAny } from '../../../gym/workspace/paths.ts';
import { type Snapshot, type SnapshotRequest, takeSnapshot } from '../../../gym/workspace/snapshot.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

/** Everything in a folder but git's own, as one text per entry; links are not followed. */
function contents(folder: string, within = ''): Record<string, string> {
  const shown = readdirSync(join(folder, within), { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const name = join(within, entry.name);
    const path = join(folder, name);
    if (entry.isDirectory()) return entry.name === '.git' ? [] : Object.entries(contents(folder, name));
    if (entry.isSymbolicLink()) return [[name, `-> ${readlinkSync(path)}`]];
    if (!entry.isFile()) return [];
    return [[name, `${(lstatSync(path).mode & 0o111) === 0 ? '' : 'x '}${readFileSync(path, 'utf8')}`]];
  });
  return Object.fromEntries(shown);
}

let box: TemporaryFolder;
let workspace: string;
beforeEach(() => {
  box = temporaryFolder();
  onTestFinished(() => box[Symbol.dispose]());
  workspace = join(box.path, 'ws');
  mkdirSync(workspace);
});

const write = (name: string, content: string): void => box.write(`ws/${name}`, content);

/** Takes a snapshot, and asserts that the workspace was not touched by it. */
async function snapshot(changed: Partial<SnapshotRequest> = {}): Promise<Snapshot & { contents: object }> {
  const protection = { covers: () => false, mayAdd: () => false };
  const request = { workspace, baseline: undefined, protection, directory: join(box.path, 'copy'), ...changed };
  const before = contents(request.workspace);
  const taken = await takeSnapshot(request);
  expect(contents(request.workspace)).toEqual(before);
  if (!taken.ok) throw new Error(taken.problems[0].message);
  const shown = contents(request.directory);
  expect(taken.value.files).toBe(Object.keys(shown).length);
  return { ...taken.value, contents: shown };
}

describe.each(['with git', 'without git'])('%s', (how) => {
  const hasGit = how === 'with git';
  test('what is copied', async () => {
    const odd = ['a b', 'line\nbreak', '"quoted"', 'ünï/€𝄞', '-dash', '.dot/.env', '[x]{y}*'];
    for (const name of [...odd, 'deep/er/file', 'gone', 'old', 'node_modules/x/index.js']) write(name, name);
    symlinkSync('deep/er', join(workspace, 'link-to-folder'));
    symlinkSync('/nowhere', join(workspace, 'dangling'));
    chmodSync(join(workspace, 'deep/er/file'), 0o755);
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    if (hasGit) {
      write('.gitignore', 'node_modules\nignored\n');
      box.git('init', '-q', 'ws');
      box.git('-C', 'ws', 'add', '-A');
      box.git('-C', 'ws', 'commit', '-qm', 'all');
      write('ignored', 'ignored');
    }
    write('.gym/runs/r/events.ndjson', '{}');
    write('.gym/.gitignore', '*\n');
    rmSync(join(workspace, 'gone'));
    renameSync(join(workspace, 'old'), join(workspace, 'renamed'));
    write('untracked', 'untracked');
    const expected = Object.fromEntries([...odd, 'untracked'].map((name) => [name, name]));
    expect((await snapshot()).contents).toEqual({
      ...expected,
      'deep/er/file': 'x deep/er/file',
      renamed: 'old',
      'link-to-folder': '-> deep/er',
      dangling: '-> /nowhere',
      ...(hasGit && { '.gitignore': 'node_modules\nignored\n' }),
    });
  });
});

test('an empty workspace is an empty folder', async () => {
  expect((await snapshot()).contents).toEqual({});
});

test('a folder of a bigger repository: only what is in it, with what the repository ignores', async () => {
  box.write('.gitignore', '*.log\n');
  box.write('outside', 'o');
  write('inside', 'i');
  write('a.log', 'l');
  box.git('init', '-q');
  expect((await snapshot()).contents).toEqual({ inside: 'i' });
});

test('a folder that a repository ignores is taken as if there were no git', async () => {
  box.write('.gitignore', '/ws\n*.log\n');
  for (const name of ['a', 'a.log', 'deep/b', 'node_modules/x/index.js']) write(name, name);
  box.git('init', '-q');
  expect((await snapshot()).contents).toEqual({ a: 'a', 'a.log': 'a.log', 'deep/b': 'deep/b' });
});

test('submodules and other repositories inside: what their own git sees', async () => {
  box.write('lib/l', 'l');
  box.write('lib/.gitignore', '*.log\n');
  box.git('init', '-q', 'lib');
  box.git('-C', 'lib', 'add', '-A');
  box.git('-C', 'lib', 'commit', '-qm', 'all');
  box.git('init', '-q', 'ws');
  write('own', 'o');
  box.git(
    '-C',
    'ws',
    '-c',
    'protocol.file.allow=always',
    'submodule',
    '--quiet',
    'add',
    join(box.path, 'lib'),
    'deep/lib',
  );
  box.git('clone', '-q', join(box.path, 'lib'), 'ws/clone');
  for (const name of ['deep/lib', 'clone']) write(`${name}/new`, 'n');
  for (const name of ['deep/lib', 'clone']) write(`${name}/a.log`, 'ignored');
  expect((await snapshot()).contents).toEqual({
    own: 'o',
    '.gitmodules': expect.any(String),
    ...Object.fromEntries(
      ['deep/lib', 'clone'].flatMap((name) => [
        [`${name}/l`, 'l'],
        [`${name}/new`, 'n'],
        [`${name}/.gitignore`, '*.log\n'],
      ]),
    ),
  });
});

test('a git hook that started gym does not lead to another repository', async () => {
  write('mine', 'm');
  box.write('other/theirs', 't');
  for (const each of ['ws', 'other']) box.git('init', '-q', each);
  vi.stubEnv('GIT_DIR', join(box.path, 'other/.git'));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await snapshot()).contents).toEqual({ mine: 'm' });
});

test('a tracked folder that was replaced by a link is copied as the link, and nothing is written through it', async () => {
  write('src/a', 'a');
  box.git('init', '-q', 'ws');
  box.git('-C', 'ws', 'add', '-A');
  rmSync(join(workspace, 'src'), { recursive: true });
  box.write('elsewhere/a', 'precious');
  symlinkSync(join(box.path, 'elsewhere'), join(workspace, 'src'));
  expect((await snapshot()).contents).toEqual({ src: `-> ${box.path}/elsewhere` });
  expect(contents(join(box.path, 'elsewhere'))).toEqual({ a: 'precious' });
});

test('a tracked folder that was replaced by a file', async () => {
  write('src/a', 'a');
  box.git('init', '-q', 'ws');
  box.git('-C', 'ws', 'add', '-A');
  rmSync(join(workspace, 'src'), { recursive: true });
  write('src', 'file');
  expect((await snapshot()).contents).toEqual({ src: 'file' });
});

describe('protected files', () => {
  const globs = ['harness/**', 'task.ts', 'checks', './tools/'];
  const baselineFiles = { 'harness/e2e.ts': 'judge', 'harness/.rc': 'rc', 'task.ts': 'task', 'checks/a': 'a' };
  let baseline: string;
  beforeEach(() => {
    baseline = join(box.path, 'base');
    for (const [name, content] of Object.entries(baselineFiles)) box.write(`base/${name}`, content);
    box.write('base/src/x', 'x');
    cpSync(baseline, workspace, { recursive: true });
  });
  const protection = { covers: (path: string) => matchesAny(path, globs), mayAdd: () => false };
  const inWorkspace = (name: string): string => join(workspace, name);
  const replace = (name: string, target: string): void => {
    rmSync(inWorkspace(name), { recursive: true, force: true });
    symlinkSync(target, inWorkspace(name));
  };

  test.each<[string, () => void, string[]]>([
    ['nothing', () => {}, []],
    ['the code', () => write('src/x', 'x'), []],
    ['its content', () => write('harness/e2e.ts', 'pass'), ['harness/e2e.ts']],
    ['a hidden file', () => write('harness/.rc', 'skip'), ['harness/.rc']],
    ['its mode', () => chmodSync(inWorkspace('task.ts'), 0o755), ['task.ts']],
    ['removed', () => rmSync(inWorkspace('task.ts')), ['task.ts']],
    ['added', () => write('harness/extra.ts', 'x'), ['harness/extra.ts']],
    ['added, hidden', () => write('harness/.hidden/x', 'x'), ['harness/.hidden/x']],
    ['added in a folder named without stars', () => write('checks/deep/b', 'b'), ['checks/deep/b']],
    ['added in a folder named with a slash', () => write('tools/t', 't'), ['tools/t']],
    ['a link instead, to the same content', () => replace('task.ts', join(box.path, 'base/task.ts')), ['task.ts']],
    ['a link to a folder instead', () => replace('task.ts', 'src'), ['task.ts']],
    ['a dangling link instead', () => replace('task.ts', 'nowhere'), ['task.ts']],
    [
      'a folder instead',
      () => {
        rmSync(inWorkspace('task.ts'));
        write('task.ts/x', 'x');
      },
      ['task.ts', 'task.ts/x'],
    ],
    [
      'a file instead of their folder',
      () => {
        rmSync(inWorkspace('harness'), { recursive: true });
        write('harness', 'x');
      },
      ['harness', 'harness/.rc', 'harness/e2e.ts'],
    ],
    [
      'a link instead of their folder',
      () => replace('harness', inWorkspace('src')),
      ['harness', 'harness/.rc', 'harness/e2e.ts'],
    ],
  ])('%s', async (_, change, restored) => {
    change();
    const folder = await folderBaseline(baseline, 'a folder');
    const taken = await snapshot({ baseline: folder, protection });
    expect(taken.contents).toEqual({ ...baselineFiles, 'src/x': 'x' });
    expect(taken.restored).toEqual(restored);
  });
});

describe('the hash', () => {
  test('changes with content, mode, name and kind, and with nothing else', async () => {
    const steps: [string, () => unknown, boolean][] = [
      ['again', () => {}, false],
      ['content of the same size', () => write('a', 'ab'), true],
      ['mode', () => chmodSync(join(workspace, 'a'), 0o755), true],
      ['another way of being executable', () => chmodSync(join(workspace, 'a'), 0o700), false],
      ['name', () => renameSync(join(workspace, 'a'), join(workspace, 'b')), true],
      ['an empty file', () => write('c', ''), true],
      ['an empty folder', () => mkdirSync(join(workspace, 'empty')), false],
      ['a byte from one file to the next', () => [write('b', 'a'), write('c', 'b')], true],
      ['a link', () => symlinkSync('b', join(workspace, 'l')), true],
      ['its target', () => [rmSync(join(workspace, 'l')), symlinkSync('c', join(workspace, 'l'))], true],
      ['a file of that text', () => [rmSync(join(workspace, 'l')), write('l', 'c')], true],
    ];
    write('a', 'aa');
    let { hash } = await snapshot();
    const seen = new Set([hash]);
    for (const [name, change, differs] of steps) {
      change();
      const next = await snapshot();
      expect(next.hash !== hash, name).toBe(differs);
      if (differs) expect(seen.has(next.hash), name).toBe(false);
      hash = next.hash;
      seen.add(hash);
    }
  });
  test('of the same files with and without git is the same; an older snapshot is replaced', async () => {
    write('a', 'a');
    const directory = join(box.path, 'copy');
    mkdirSync(directory);
    writeFileSync(join(directory, 'stale'), 's');
    const { hash } = await snapshot({ directory });
    expect(existsSync(join(directory, 'stale'))).toBe(false);
    box.git('init', '-q', 'ws');
    expect((await snapshot()).hash).toBe(hash);
  });
});

import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstGuarded, touchedFiles } from '../../../gym/hooks/guard.ts';
import { matchesAny } from '../../../gym/workspace/paths.ts';
import { temporaryFolder } from '../../support/repository.ts';

const input = (tool: string, toolInput: Record<string, unknown>, cwd = '/w/src') => ({
  ...{ kind: 'guard' as const, event: 'PreToolUse', session: 's', turn: 't' },
  ...{ tool, toolInput, cwd, isPlanning: false },
});

test.each([
  ['Write', { file_path: '/w/a.ts', content: '' }, ['/w/a.ts']],
  ['Edit', { file_path: '../b.ts' }, ['/w/b.ts']],
  ['NotebookEdit', { notebook_path: 'n.ipynb' }, ['/w/src/n.ipynb']],
  ['Bash', { command: 'rm -rf /w/a.ts' }, []],
  ['Bash', { command: "apply_patch <<'E'\n*** Begin Patch\n*** Delete File: ../a.ts\n*** End Patch\nE" }, ['/w/a.ts']],
  [
    'apply_patch',
    {
      command:
        '*** Begin Patch\n*** Update File: a b.ts\n*** Move to: /w/c.ts\n@@\n-*** Add File: no\n*** Add File: d.ts\n+x\n*** End Patch\n',
    },
    ['/w/src/a b.ts', '/w/c.ts', '/w/src/d.ts'],
  ],
])('%s %j writes %j', (tool, toolInput, files) => {
  expect(touchedFiles(input(tool, toolInput))).toEqual(files);
});

test('a protected file is found by its name and by where links lead, whether it is there or not', () => {
  using folder = temporaryFolder();
  const { path } = folder;
  folder.write('task/test/a.test.ts', '');
  folder.write('task/src/a.ts', '');
  mkdirSync(join(path, '.gym'));
  symlinkSync('../test', join(path, 'task/src/linked'));
  symlinkSync('../test/new.test.ts', join(path, 'task/src/dangling.ts'));
  symlinkSync('loop', join(path, 'task/src/loop'));
  symlinkSync(join(path, 'task'), join(path, 'way'));
  const guarded = {
    root: join(path, 'task'),
    isProtected: (path: string) => matchesAny(path, ['test/**', 'task.ts']),
    own: [join(path, '.gym'), join(path, '.claude/settings.json')],
  };
  const of = (file: string): string | undefined => firstGuarded([join(path, file)], guarded)?.of;

  expect(of('task/test/a.test.ts')).toBe('task');
  expect(of('task/test/not-there/yet.ts')).toBe('task');
  expect(of('task/src/linked/a.test.ts')).toBe('task');
  expect(of('task/src/linked/new/file.ts')).toBe('task');
  expect(of('task/src/dangling.ts')).toBe('task');
  expect(of('way/test/a.test.ts')).toBe('task');
  expect(of('task/task.ts')).toBe('task');
  expect(of('.gym/runs/x/verdict.json')).toBe('gym');
  expect(of('.claude/settings.json')).toBe('gym');
  for (const free of [
    'task/src/a.ts',
    'task/src/loop',
    'test/a.test.ts',
    'task/testing.ts',
    '.claude/other.json',
    '.gymnast',
  ]) {
    expect(of(free)).toBeUndefined();
  }
  expect(firstGuarded([join(path, 'x'), join(path, 'task/task.ts')], guarded)?.file).toBe(join(path, 'task/task.ts'));
});

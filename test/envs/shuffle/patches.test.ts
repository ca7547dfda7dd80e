import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import task from '../../../envs/shuffle/task.ts';

const environment = join(import.meta.dirname, '../../../envs/shuffle');
const source = join(environment, 'src');
const patchesIn = (folder: string): string[] =>
  readdirSync(join(environment, folder))
    .filter((name) => name.endsWith('.patch'))
    .sort()
    .map((name) => join(folder, name));

/** All files below a folder with their contents. */
function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')]),
  );
}

const headOf = (patch: string): string =>
  readFileSync(join(environment, patch), 'utf8').split(/^diff --git /m)[0] ?? '';
const caughtBy = (patch: string): string[] =>
  [...headOf(patch).matchAll(/^Caught-by: (.+)$/gm)].flatMap(([, check]) => (check ? [check] : []));

describe('the patches of the shuffle', () => {
  let folder: string;
  const apply = (patch: string) =>
    execFileSync('git', ['apply', join(environment, patch)], {
      cwd: folder,
      env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'patches-'));
    cpSync(source, join(folder, 'src'), { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('the start state repaired step by step is the code of the repo, byte for byte', () => {
    const original = contents(source);
    for (const patch of patchesIn('start')) apply(patch);
    expect(contents(join(folder, 'src'))).not.toEqual(original);
    for (const patch of patchesIn('solution')) {
      const before = contents(join(folder, 'src'));
      apply(patch);
      expect(contents(join(folder, 'src')), patch).not.toEqual(before);
    }
    expect(contents(join(folder, 'src'))).toEqual(original);
  });

  test.each(patchesIn('faults'))('%s applies and changes the source only', (patch) => {
    apply(patch);
    expect(contents(join(folder, 'src'))).not.toEqual(contents(source));
    expect(readdirSync(folder)).toEqual(['src']);
  });

  test.each(patchesIn('faults'))('%s says what it does and names checks of the task', (patch) => {
    expect(headOf(patch).split('\n')[0]).toMatch(/^[A-Z].+\.$/);
    const checks = [...task.stages, ...task.invariants].map(({ name }) => name);
    expect(caughtBy(patch)).not.toHaveLength(0);
    expect(checks).toEqual(expect.arrayContaining(caughtBy(patch)));
  });

  test('every check of the task has a fault that it catches', () => {
    const caught = new Set(patchesIn('faults').flatMap(caughtBy));
    expect(task.invariants.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });
});

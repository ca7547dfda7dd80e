import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Commit, extractCommit, findCommit, readCommitted } from '../../../gym/workspace/commit.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

/** A repository with the task `envs/shop` and one commit. */
function checkout(): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.write('envs/shop/app.js', 'first\n');
  folder.write('envs/shop/.gitignore', 'ignored.txt\n');
  folder.write('README.md', 'not of the task\n');
  commit(folder);
  return folder;
}

function commit(folder: TemporaryFolder): string {
  folder.git('add', '-Af');
  folder.git('commit', '-qm', 'next');
  return folder.git('rev-parse', 'HEAD').trim();
}

async function must(folder: string, ref?: string): Promise<Commit> {
  const found = await findCommit(folder, ref);
  if (!found.ok) throw new Error(found.problems[0].message);
  return found.value;
}

describe('the commit of a baseline', () => {
  test('is where HEAD and the default branch parted', async () => {
    using folder = checkout();
    const base = folder.git('rev-parse', 'HEAD').trim();
    folder.git('checkout', '-qb', 'work');
    folder.write('envs/shop/app.js', 'second\n');
    commit(folder);
    folder.git('checkout', '-q', 'main');
    folder.write('other.txt', 'main moved\n');
    commit(folder);
    folder.git('checkout', '-q', 'work');
    expect(await must(join(folder.path, 'envs/shop'))).toMatchObject({
      ...{ hash: base, folder: 'envs/shop', name: 'merge base with main' },
    });
  });

  test('is the one that is named', async () => {
    using folder = checkout();
    const first = folder.git('rev-parse', 'HEAD').trim();
    folder.git('tag', 'v1');
    folder.write('envs/shop/app.js', 'second\n');
    commit(folder);
    expect(await must(join(folder.path, 'envs/shop'), 'v1')).toMatchObject({ hash: first, name: 'v1' });
  });

  test.each([
    ['no-such-ref', /there is no commit no-such-ref/],
    ['--all', /there is no commit --all/],
    ['HEAD:README.md', /there is no commit HEAD:README.md/],
  ])('%s is a problem of usage', async (ref, message) => {
    using folder = checkout();
    expect(await findCommit(join(folder.path, 'envs/shop'), ref)).toMatchObject({
      ...{ ok: false, problems: [{ kind: 'usage', message: expect.stringMatching(message) }] },
    });
  });

  test('without git, and without a default branch, it says what to do', async () => {
    using plain = temporaryFolder();
    const none = await findCommit(plain.path, undefined);
    expect(none).toMatchObject({ ok: false, problems: [{ kind: 'usage', message: /no git repository/ }] });
    plain.git('init', '-q', '-b', 'main');
    const empty = await findCommit(plain.path, undefined);
    expect(empty).toMatchObject({
      ok: false,
      problems: [{ message: /no commit yet/, remedy: 'Commit a first state.' }],
    });
    using folder = checkout();
    folder.git('branch', '-qm', 'trunk');
    const lost = await findCommit(folder.path, undefined);
    expect(lost).toMatchObject({ ok: false, problems: [{ remedy: /--baseline REF/ }] });
  });
});

describe('the files of a commit', () => {
  test('are those of the commit, whatever is in the folder now', async () => {
    using folder = checkout();
    folder.write('envs/shop/ignored.txt', 'committed all the same\n');
    commit(folder);
    const task = join(folder.path, 'envs/shop');
    folder.write('envs/shop/app.js', 'changed, not committed\n');
    folder.write('envs/shop/new.txt', 'new\n');
    folder.write('.git/info/attributes', '* text eol=crlf\n');
    const to = join(folder.path, 'out');
    const extracted = await extractCommit(await must(task), to, () => true);
    expect(extracted).toEqual({ ok: true, value: { folder: join(to, 'envs/shop'), submodules: [] } });
    const textOf = (name: string) => readFileSync(join(to, 'envs/shop', name), 'utf8');
    expect([textOf('app.js'), textOf('ignored.txt')]).toEqual(['first\n', 'committed all the same\n']);
    expect(existsSync(join(to, 'envs/shop/new.txt'))).toBe(false);
    expect(existsSync(join(to, 'README.md'))).toBe(false);
    expect(folder.git('status', '--short', 'envs')).toContain('M envs/shop/app.js');
  });

  test('are without submodules, which are told', async () => {
    using inner = checkout();
    using folder = checkout();
    folder.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, 'envs/shop/lib');
    commit(folder);
    const to = join(folder.path, 'out');
    const extracted = await extractCommit(await must(join(folder.path, 'envs/shop')), to, () => true);
    expect(extracted).toMatchObject({ ok: true, value: { submodules: ['lib'] } });
    expect(existsSync(join(to, 'envs/shop/app.js'))).toBe(true);
    expect(existsSync(join(to, 'envs/shop/lib/README.md'))).toBe(false);
  });

  test('are not those that somebody put in the place of an object', async () => {
    using folder = checkout();
    const good = folder.git('rev-parse', 'HEAD:envs/shop/app.js').trim();
    folder.write('bad.txt', 'replaced\n');
    const bad = folder.git('hash-object', '-w', 'bad.txt').trim();
    folder.git('replace', good, bad);
    const found = await must(join(folder.path, 'envs/shop'));
    const to = join(folder.path, 'out');
    await extractCommit(found, to, () => true);
    expect(readFileSync(join(to, 'envs/shop/app.js'), 'utf8')).toBe('first\n');
    expect(await readCommitted(found, 'app.js')).toEqual({ ok: true, value: 'first' });
    expect(await readCommitted(found, 'nothing.json')).toEqual({ ok: true, value: undefined });
  });

  test('take the place of what was there before', async () => {
    using folder = checkout();
    const to = join(folder.path, 'out');
    mkdirSync(to);
    folder.write('out/old.txt', 'old\n');
    const extracted = await extractCommit(await must(folder.path), to, (path) => path === 'README.md');
    expect(extracted.ok && existsSync(join(to, 'README.md'))).toBe(true);
    expect([existsSync(join(to, 'old.txt')), existsSync(join(to, 'envs'))]).toEqual([false, false]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readContext, tarOf } from '../../../../gym/environment/image/context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gym-context-'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM x');
  writeFileSync(join(folder, 'src', 'a'), 'a');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (): ReturnType<typeof readContext> => readContext(folder, join(folder, 'Dockerfile'));

describe('readContext', () => {
  it('has one hash for the same files, whatever their times', async () => {
    const { hash } = await read();
    utimesSync(join(folder, 'src', 'a'), 1, 1);
    expect((await read()).hash).toBe(hash);
  });

  it('has another hash for other content, names, links and Dockerfiles', async () => {
    const hashes = [(await read()).hash];
    const changed = async (change: () => void): Promise<void> => {
      change();
      hashes.push((await read()).hash);
    };
    await changed(() => writeFileSync(join(folder, 'src', 'a'), 'b'));
    await changed(() => writeFileSync(join(folder, 'src', 'b'), ''));
    await changed(() => symlinkSync('a', join(folder, 'src', 'l')));
    await changed(() => writeFileSync(join(folder, 'Dockerfile'), 'FROM y'));
    expect(new Set(hashes).size).toBe(5);
  });

  it('obeys .dockerignore with its exceptions', async () => {
    writeFileSync(join(folder, '.dockerignore'), 'src/*\n!src/keep\nDockerfile\n');
    writeFileSync(join(folder, 'src', 'keep'), '');
    const { files, dockerfile } = await read();
    expect(files.map(({ path }) => path)).toEqual(['.dockerignore', 'src', 'src/keep']);
    expect(dockerfile).toBe('.dockerfile.outside');
  });

  it('packs what it hashed', async () => {
    symlinkSync('a', join(folder, 'src', 'l'));
    writeFileSync(join(folder, 'src', 'large'), 'x'.repeat(300_000));
    const entries: string[] = [];
    const tar = extract();
    tar.on('entry', (header, content, next) => {
      entries.push(`${header.type} ${header.name} ${header.size} ${header.linkname ?? ''}`.trim());
      content.resume().on('end', next);
    });
    await new Promise((resolve, reject) => {
      read().then((context) => tarOf(context).pipe(tar).on('finish', resolve).on('error', reject), reject);
    });
    expect(entries).toEqual([
      'file Dockerfile 6',
      'directory src 0',
      'file src/a 1',
      'symlink src/l 0 a',
      'file src/large 300000',
    ]);
  });
});

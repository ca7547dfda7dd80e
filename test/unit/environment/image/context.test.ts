import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
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

/** The files of an archive by their paths. */
async function contents(tar: Readable): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    text(stream).then((content) => {
      files[header.name] = content;
      next();
    }, next);
  });
  await pipeline(tar, reader);
  return files;
}

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

  it('tells what is at each path, so that a change can be named', async () => {
    const before = (await read()).contents;
    expect(Object.keys(before)).toEqual(['Dockerfile', 'src/a']);
    writeFileSync(join(folder, 'src', 'a'), 'b');
    const { contents: written } = await read();
    expect(written['src/a']).not.toBe(before['src/a']);
    chmodSync(join(folder, 'src', 'a'), 0o755);
    symlinkSync('a', join(folder, 'src', 'l'));
    const { contents: after } = await read();
    expect(after['src/a']).not.toBe(written['src/a']);
    expect(after).toMatchObject({ Dockerfile: before['Dockerfile'], 'src/l': 'link a' });
  });

  it('obeys .dockerignore with its exceptions', async () => {
    writeFileSync(join(folder, '.dockerignore'), 'src/*\n!src/keep\nDockerfile\n');
    writeFileSync(join(folder, 'src', 'keep'), '');
    const { files, dockerfile } = await read();
    expect(files.map(({ path }) => path)).toEqual(['.dockerignore', 'src', 'src/keep']);
    expect(dockerfile).toBe('.dockerfile.outside');
  });

  it('leaves out what gym itself writes there', async () => {
    const { hash } = await read();
    mkdirSync(join(folder, '.gym', 'runs'), { recursive: true });
    writeFileSync(join(folder, '.gym', 'runs', 'events.ndjson'), '{}');
    const { files, hash: after } = await read();
    expect(files.map(({ path }) => path)).toEqual(['Dockerfile', 'src', 'src/a']);
    expect(after).toBe(hash);
  });

  it('packs a file that has grown as long as it was, and breaks off at one that has shrunk', async () => {
    const grown = await read();
    writeFileSync(join(folder, 'src', 'a'), 'ab');
    const why: string[] = [];
    expect(await contents(tarOf(grown, (each) => why.push(each)))).toMatchObject({ 'src/a': 'a' });
    expect(why).toEqual([]);
    const shrunk = await read();
    writeFileSync(join(folder, 'src', 'a'), '');
    await expect(contents(tarOf(shrunk, (each) => why.push(each)))).rejects.toThrow();
    expect(why).toEqual([expect.stringMatching(/^src\/a changed meanwhile/)]);
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
      read().then(
        (context) =>
          tarOf(context, () => {})
            .pipe(tar)
            .on('finish', resolve)
            .on('error', reject),
        reject,
      );
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

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../store/cache.ts';

let known: string | undefined;

/** What tells this gym from any other: its version, and its own files as they are on the disk. Another one may judge otherwise. */
export function buildId(): string {
  known ??= idOf(topFolder(fileURLToPath(new URL('.', import.meta.url))));
  return known;
}

function idOf(top: string): string {
  const manifest = readFileSync(join(top, 'package.json'), 'utf8');
  const isSource = import.meta.url.endsWith('.ts');
  // The name of a chunk changes with its content.
  const chunks = isSource ? [] : readdirSync(join(top, 'dist/chunks'));
  const folders = isSource ? ['gym', 'invariants'] : ['dist'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: isSource, encoding: 'utf8' }).map((name) => join(top, folder, name)),
  );
  const states = files.sort().map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  return sha256([manifest, ...chunks.sort(), ...states].join('\n')).slice(0, 16);
}

function topFolder(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : topFolder(join(folder, '..'));
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../store/sha256.ts';

let known: string | undefined;

/** What tells this gym from any other: its version, and its sources as they are on the disk or what its build came to. Another one may judge otherwise. */
export function buildId(): string {
  known ??= idOf(topFolder(fileURLToPath(new URL('.', import.meta.url))));
  return known;
}

function idOf(top: string): string {
  const manifest = readFileSync(join(top, 'package.json'), 'utf8');
  const own = import.meta.url.endsWith('.ts') ? sourcesIn(top) : readFileSync(join(top, 'dist/.stamp'), 'utf8');
  return sha256(`${manifest}\n${own}`).slice(0, 16);
}

function sourcesIn(top: string): string {
  const files = ['gym', 'invariants'].flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(top, folder, name)),
  );
  const states = files.sort().map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  return states.join('\n');
}

function topFolder(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : topFolder(join(folder, '..'));
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of gym's program or of its public API: as source, or beside or above the chunk that this became part of. */
export function entryFile(entry: 'gym' | 'index'): string {
  const places = [`../${entry}.ts`, `./${entry}.js`, `../${entry}.js`].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? '';
}

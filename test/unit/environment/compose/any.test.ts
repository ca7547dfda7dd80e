import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { composeKeys } from '../../../../gym/environment/compose/keys.ts';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'gym-any-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = [...new Set(Object.values(composeKeys).flatMap((keys) => Object.keys(keys)))];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    ':',
    '::',
    '$',
    '${',
    '${A',
    '${A:-${B}',
    'a:b:c:d',
    '/',
    '-1',
    '1e999',
    '99999999999999999999',
    'service:',
    'service:a',
    'service:nobody',
    '[',
    '\0',
    '*',
  ),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names, 'a', 'b', 'x-y', '<<', '__proto__', 'constructor'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value;
const file = fc.record({
  services: fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.dictionary(fc.constantFrom(...Object.keys(composeKeys['services.*'])), anything),
  ),
  rest: fc.dictionary(fc.constantFrom('networks', 'volumes', 'secrets', 'configs', 'include', 'name'), anything),
});

it('whatever stands in a file: it is read, or every problem has its file and line; nothing is thrown', {
  timeout: 60_000,
}, () => {
  const path = join(folder, 'compose.yaml');
  const second = join(folder, 'second.yaml');
  fc.assert(
    fc.property(file, file, ({ services, rest }, over) => {
      writeFileSync(path, JSON.stringify({ services, ...rest }));
      writeFileSync(second, JSON.stringify({ services: over.services, ...over.rest }));
      for (const files of [[path], [path, second]]) {
        const loaded = loadCompose(files, {}, { A: 'a' });
        if (loaded.ok) continue;
        for (const { kind, place } of loaded.problems) {
          expect(kind).toBe('definition');
          expect(place?.file).toMatch(/\//);
          expect(place?.line, JSON.stringify(loaded.problems)).toBeGreaterThan(0);
        }
      }
    }),
    { seed: 20_261_120, numRuns: 400 },
  );
});

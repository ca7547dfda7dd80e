import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withKeyTables } from '../../scripts/compose-keys.ts';

it('docs/environments.md has the tables of keys that the code has: node scripts/compose-keys.ts', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
  expect(page).toBe(withKeyTables(page));
  expect(page).toContain('`services.*.healthcheck`');
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryUse } from '../../../gym/fault/resources.ts';

const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/engine/${name}.json`, import.meta.url), 'utf8'));

test('what cannot be given back: all of memory.current but pages of files and slabs that can be dropped, with cgroup v2', () => {
  expect(memoryUse(recorded('stats-v2'))).toEqual({ limitBytes: 64 << 20, heldBytes: 9_043_968 - 8_388_608 - 333_520 });
  expect(memoryUse(recorded('stats-v1'))).toEqual({ limitBytes: 64 << 20, heldBytes: 0 });
  expect(memoryUse(recorded('stats-ended'))).toBeUndefined();
});

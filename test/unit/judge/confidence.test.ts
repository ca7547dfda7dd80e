import { expect, test } from 'vitest';
import { quantileBounds } from '../../../gym/judge/confidence.ts';
import { seeded } from '../../../gym/statistics/random.ts';

test('a quantile on the limit is decided wrongly in at most 5 % of samples to each side', () => {
  const random = seeded(2);
  const seen = { pass: 0, fail: 0 };
  // p95 is exactly the limit: any decision is by chance.
  for (let round = 0; round < 2000; round += 1) {
    const values = Float64Array.from({ length: 300 }, () => random.unit()).sort();
    const { lower, upper } = quantileBounds(values, 0.95, 0.95);
    if ((upper ?? 1) <= 0.95) seen.pass += 1;
    else if ((lower ?? 0) > 0.95) seen.fail += 1;
  }
  expect(seen.pass / 2000).toBeLessThan(0.065);
  expect(seen.fail / 2000).toBeLessThan(0.065);
  expect(seen.pass + seen.fail).toBeGreaterThan(50);
});

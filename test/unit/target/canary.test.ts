import { expect, test } from 'vitest';
import type { Death } from '../../../gym/environment/environment.ts';
import { failed, ok, type Result } from '../../../gym/events/problem.ts';
import { sum } from '../../../gym/judge/quantity.ts';
import type { ArmName } from '../../../gym/target/arm.ts';
import { type CanaryEnd, runCanary } from '../../../gym/target/canary.ts';
import type { Sample } from '../../../gym/task/measurement.ts';
import { bound } from '../../../invariants/bound.ts';

const errors = (count: number): Result<readonly Sample[]> =>
  ok([{ metric: 'errors', labels: {}, value: BigInt(count), unit: 'count' }]);
const late = failed({ kind: 'evidence', message: 'the load generator could not keep up' });
const atMost = (most: number) => bound({ name: 'few-errors', quantity: sum('people.errors'), atMost: most });
const died: Death = { service: 'web', exitCode: 1, how: 'exited', at: 0 };

/** A canary of four slices in which each build has so many errors; `null`: the load was not made. */
async function canary(
  baseline: readonly (number | null)[],
  candidate: readonly (number | null)[],
  { most = 2, deaths = (_: ArmName): readonly Death[] => [] } = {},
): Promise<CanaryEnd & { readonly made: number }> {
  let made = 0;
  const slice = (counts: readonly (number | null)[], number: number) => {
    const count = counts[number] ?? null;
    return count === null ? late : errors(count);
  };
  const end = await runCanary({
    ...{ load: 'people', slos: [atMost(most)], slices: 4, deaths },
    makeSlice: async (number) => {
      made += 1;
      return { baseline: slice(baseline, number), candidate: slice(candidate, number) };
    },
    onSlice: () => undefined,
    signal: new AbortController().signal,
  });
  return { ...end, made };
}

test('goes on where all slices together are good', async () => {
  expect(await canary([0, 0, 0, 0], [0, 1, 0, 0])).toMatchObject({ call: 'go on', slices: 4, endedEarly: false });
});

test('is rolled back early where it is broken twice in a row, and not after once', async () => {
  const twice = await canary([0, 0, 0, 0], [0, 9, 9, 0]);
  expect(twice).toMatchObject({ call: 'roll back', made: 3, endedEarly: true });
  expect(twice.because).toContain('few-errors');
  expect(await canary([0, 0, 0, 0], [3, 0, 0, 0], { most: 2 })).toMatchObject({ made: 4, call: 'roll back' });
  expect(await canary([0, 0, 0, 0], [0, 0, 0, 1])).toMatchObject({ made: 4, call: 'go on' });
});

test('cannot be told where the baseline is broken as well', async () => {
  expect(await canary([9, 9, 9, 9], [9, 9, 9, 9])).toMatchObject({
    ...{ call: 'cannot tell', made: 4 },
    because: expect.stringContaining('by the baseline as well'),
  });
});

test('slices that were not made as planned do not count, and half of them have to', async () => {
  expect(await canary([0, null, 0, 0], [0, 0, 0, 0])).toMatchObject({ call: 'go on', slices: 3 });
  expect(await canary([null, null, null, 0], [0, 0, 0, 0])).toMatchObject({ call: 'cannot tell', slices: 1 });
  expect(await canary([null, null, null, null], [0, 0, 0, 0])).toMatchObject({
    ...{ call: 'cannot tell', slices: 0, slos: [] },
    because: 'the load generator could not keep up',
  });
});

test('is rolled back at once where one of its services died, and not where one of the baseline did as well', async () => {
  const deaths = (arm: ArmName) => (arm === 'candidate' ? [died] : []);
  expect(await canary([0, 0, 0, 0], [0, 0, 0, 0], { deaths })).toMatchObject({
    call: 'roll back',
    because: 'web died',
    made: 1,
  });
  expect(await canary([0, 0, 0, 0], [0, 0, 0, 0], { deaths: () => [died] })).toMatchObject({ made: 4 });
});

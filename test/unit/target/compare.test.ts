import { describe, expect, test } from 'vitest';
import { seeded } from '../../../gym/statistics/random.ts';
import type { ArmName } from '../../../gym/target/arm.ts';
import { type Compared, type CompareRequest, compareBuilds } from '../../../gym/target/compare.ts';
import { type Measured, notMeasured } from '../../../gym/target/measured.ts';

const quiet = { cpuPressure: null, steal: null, throttled: null };

/** Compares builds that take so many milliseconds, give or take `noise`, on a clock of their own. */
function compare(
  timeMs: Readonly<Record<ArmName, number>>,
  change: Partial<CompareRequest> = {},
  noise = 0.02,
): Promise<Compared & { readonly asked: string[] }> {
  const random = seeded(7);
  const asked: string[] = [];
  let nowMs = 0;
  const measure = async (arm: ArmName, plantedMs = 0): Promise<Measured> => {
    asked.push(plantedMs > 0 ? `${arm}+${plantedMs.toFixed(0)}` : arm);
    const value = timeMs[arm] * (1 + noise * (2 * random.unit() - 1)) + plantedMs;
    nowMs += value;
    return { ok: true, value };
  };
  const request: CompareRequest = {
    target: { kind: 'no-worse', delta: 0.05 },
    ...{ isLessBetter: true, plant: 'real', seed: 11, warmUps: 1, limitMs: 1e9, measure },
    clockMs: () => nowMs,
    noise: async () => quiet,
    onLook: () => undefined,
    ...change,
  };
  return compareBuilds(request).then((compared) => ({ ...compared, asked }));
}

describe('two builds', () => {
  test.each([
    ['one that is 30 % slower fails', { baseline: 100, candidate: 130 }, {}, 'fail'],
    ['the same passes', { baseline: 100, candidate: 100 }, {}, 'pass'],
    [
      'a fifth less was asked for, and it is a third',
      { baseline: 100, candidate: 67 },
      { target: { kind: 'improve', ratio: 0.8 } },
      'pass',
    ],
    [
      'a fifth less was asked for, and it is a tenth',
      { baseline: 100, candidate: 90 },
      { target: { kind: 'improve', ratio: 0.8 } },
      'fail',
    ],
    [
      'more is better, and it is 30 % more',
      { baseline: 100, candidate: 130 },
      { isLessBetter: false, plant: 'arithmetical' },
      'pass',
    ],
    [
      'more is better, and it is 30 % less',
      { baseline: 100, candidate: 70 },
      { isLessBetter: false, plant: 'arithmetical' },
      'fail',
    ],
  ] as const)('%s', async (_, timeMs, change, state) => {
    const { session, brokenOff, pairs, calibration, slowdown } = await compare(timeMs, change);
    expect({ state: session.state, brokenOff }).toEqual({ state, brokenOff: null });
    expect([pairs.length, calibration.length, slowdown.length]).toEqual([8, 8, 8]);
  });

  test('a planted slowdown is twice what is allowed, in what is measured', async () => {
    const { asked } = await compare({ baseline: 100, candidate: 100 });
    const planted = asked.filter((each) => each.includes('+'));
    expect(planted).toHaveLength(8);
    for (const each of planted) expect(each).toMatch(/^baseline\+(9|10|11)$/);
  });

  test('a pair stays together, and each side comes first at times, as does the baseline with itself', async () => {
    const { measurements } = await compare({ baseline: 100, candidate: 105 }, {}, 0.06);
    const orders = Map.groupBy(measurements, ({ round }) => round);
    const texts = [...orders.values()].map((sides) => sides.map(({ side }) => side[0]).join(''));
    for (const text of texts) expect(text).toMatch(/^(bc|cb)(as|sa)$|^(as|sa)(bc|cb)$/);
    for (const part of ['bc', 'cb', 'as', 'sa']) expect(texts.join(' ')).toContain(part);
    expect(texts.some((text) => /^[bc]/.test(text)) && texts.some((text) => /^[as]/.test(text))).toBe(true);
  });

  test('the same seed gives the same order', async () => {
    const orders = await Promise.all([1, 2].map(() => compare({ baseline: 100, candidate: 100 })));
    expect(orders[0]?.asked.map((each) => each.slice(0, 4))).toEqual(orders[1]?.asked.map((each) => each.slice(0, 4)));
  });

  test('where a planted slowdown is not seen, a pass is unknown', async () => {
    const blind = async (): Promise<Measured> => ({ ok: true, value: 100 });
    const { session } = await compare({ baseline: 100, candidate: 100 }, { measure: blind });
    expect(session).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('planted slowdown of 10 % was not seen'),
    });
  });

  test('it ends at its time limit, undecided', async () => {
    const { session, brokenOff } = await compare({ baseline: 100, candidate: 100 }, { limitMs: 2000 });
    expect(brokenOff).toMatch(/^out of time after \d pairs$/);
    expect(session.state).toBe('undecided');
  });

  test.each([
    ['stays', 1],
    ['may pass', 4],
  ] as const)('a measurement that fails and %s breaks it off after %d tries', async (outlook, tries) => {
    let failures = 0;
    const measure = async (arm: ArmName): Promise<Measured> => {
      if (arm === 'baseline') return { ok: true, value: 1 };
      failures += 1;
      return failures === 1 ? { ok: true, value: 1 } : notMeasured('no luck', outlook);
    };
    const { brokenOff } = await compare({ baseline: 1, candidate: 1 }, { measure });
    expect({ brokenOff, tries: failures - 1 }).toEqual({ brokenOff: 'the candidate: no luck', tries });
  });
});

import { expect, test } from 'vitest';
import { loadPlan } from '../../../gym/load/plan.ts';
import { scheduleOf } from '../../../gym/load/schedule.ts';

const target = { protocol: 'http', origin: 'http://web:8080', requests: [{ name: 'home', path: '/' }] };
const scheduled = (plan: object) => scheduleOf(loadPlan.parse({ target, ...plan }));
const within = (times: Float64Array, fromMs: number, toMs: number) =>
  times.filter((ms) => ms >= fromMs && ms < toMs).length;

test('a constant rate has its arrivals at even distances, across phases too', () => {
  const { intendedMs } = scheduled({
    phases: [
      { seconds: 1, perSecond: 4 },
      { seconds: 0.5, perSecond: 10 },
    ],
  });
  expect([...intendedMs]).toEqual([0, 250, 500, 750, 1000, 1100, 1200, 1300, 1400]);
  const slow = scheduled({ phases: Array.from({ length: 6 }, () => ({ seconds: 1, perSecond: 0.5 })) });
  expect([...slow.intendedMs]).toEqual([0, 2000, 4000]);
});

test('a ramp has as many arrivals in each part as the rate comes to there', () => {
  const { intendedMs } = scheduled({ phases: [{ seconds: 10, perSecond: 0, toPerSecond: 100 }] });
  expect(intendedMs).toHaveLength(500);
  // The integral of 10 t: 125 in the first half.
  expect(within(intendedMs, 0, 5000)).toBe(125);
  const down = scheduled({ phases: [{ seconds: 10, perSecond: 100, toPerSecond: 0 }] }).intendedMs;
  expect(within(down, 0, 5000)).toBe(375);
  expect(Math.max(...down)).toBeLessThan(10_000);
});

test('a Poisson process has the rate, distances as spread as they are long, and is the same again for a seed', () => {
  const plan = { arrivals: 'poisson', seed: 7, phases: [{ seconds: 20, perSecond: 500 }] };
  const { intendedMs } = scheduled(plan);
  // 10,000 expected, with a standard deviation of 100.
  expect(Math.abs(intendedMs.length - 10_000)).toBeLessThan(500);
  const gaps = intendedMs.slice(1).map((ms, index) => ms - (intendedMs[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(deviation / mean).toBeGreaterThan(0.95);
  expect(deviation / mean).toBeLessThan(1.05);
  expect(scheduled(plan)).toEqual(scheduled(plan));
  expect(scheduled({ ...plan, seed: 8 }).intendedMs).not.toEqual(intendedMs);
});

test('requests are mixed by their weights', () => {
  const requests = [
    { name: 'home', path: '/', weight: 9 },
    { name: 'search', path: '/search', weight: 1 },
  ];
  const plan = { target: { ...target, requests }, phases: [{ seconds: 10, perSecond: 1000 }] };
  const searches = scheduled(plan).requests.filter((place) => place === 1).length;
  // 1,000 expected, with a standard deviation of 30.
  expect(Math.abs(searches - 1000)).toBeLessThan(150);
});

test.each([
  [{ phases: [{ seconds: 601, perSecond: 1 }] }, 'phases'],
  [
    {
      phases: [
        { seconds: 400, perSecond: 1 },
        { seconds: 400, perSecond: 1 },
      ],
    },
    'phases',
  ],
  [{ phases: [{ seconds: 1, perSecond: 20_001 }] }, 'phases.0.perSecond'],
  [{ phases: [{ seconds: 600, perSecond: 2000 }] }, 'phases'],
  [{ phases: [{ seconds: 10, perSecond: 0 }] }, 'phases'],
  [{ phases: [] }, 'phases'],
  [{ phases: [{ seconds: 1, perSecond: 10 }], warmUpSeconds: 1 }, 'warmUpSeconds'],
  [{ phases: [{ seconds: 1, perSecond: 10 }], maxInFlight: 10_001 }, 'maxInFlight'],
  [{ phases: [{ seconds: 1, perSecond: 10 }], timeoutMs: 60_001 }, 'timeoutMs'],
  [{ phases: [{ seconds: 1, perSecond: 10 }], rate: 5 }, ''],
])('%j is no plan: %s', (plan, path) => {
  const parsed = loadPlan.safeParse({ target, ...plan });
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});

test('two requests of one name, or an origin with a path, are no target', () => {
  const phases = [{ seconds: 1, perSecond: 10 }];
  const twice = { ...target, requests: [...target.requests, ...target.requests] };
  expect(loadPlan.safeParse({ target: twice, phases }).success).toBe(false);
  expect(loadPlan.safeParse({ target: { ...target, origin: 'http://web/shop' }, phases }).success).toBe(false);
  expect(loadPlan.safeParse({ target, phases }).success).toBe(true);
});

import { type SampleInput, z } from 'devgym';

// What harness/test_site.py writes to /results/site.json.

const count = z.number().int().nonnegative();
const click = z.object({ user: count, item: count });
const list = z.object({ user: count, items: z.array(count) });

/** What people got of the site, and what has to be suggested to them. */
export const reportSchema = z.object({
  schema: z.literal('recommender.report/1'),
  people: z.object({ pages: count, personal: count, shown: count, clicks: z.array(click) }),
  known: z.object({ likes: count, lists: z.array(list) }),
  pools: z.array(z.object({ service: z.string(), asked: count, failed: count })),
  probes: z.array(
    z.object({
      atMs: z.number(),
      request: z.enum(['page', 'item']),
      phase: z.enum(['before', 'slow', 'dead', 'mended', 'between']),
      /** 0: no answer in time. */
      status: count,
      fallback: z.union([z.literal(0), z.literal(1)]),
      latencyMs: z.number(),
    }),
  ),
  mendedAtMs: z.array(z.number()),
});
type Report = z.output<typeof reportSchema>;

/** What people saw and did, with the recommender well. */
export function people({ people: { pages, personal, shown, clicks } }: Report): SampleInput[] {
  return [
    counted('pages', pages),
    counted('personal', personal),
    counted('shown', shown),
    counted('clicks', clicks.length),
    ...clicks.map((each) => counted('click', 1, of(each))),
  ];
}

/** What each person got while the recommender was slow, dead, and well again. */
export function probes({ probes: all, mendedAtMs }: Report): SampleInput[] {
  const samples = all.flatMap(({ atMs, request, phase, status, fallback, latencyMs }): SampleInput[] => {
    const labels = { request, phase };
    return [
      { metric: 'status', labels, value: status, unit: 'count', atMs },
      { metric: 'latency_ms', labels, value: latencyMs, unit: 'ms', atMs },
      { metric: 'fallback', labels, value: fallback, unit: 'count', atMs },
    ];
  });
  return [...samples, ...mendedAtMs.map((atMs): SampleInput => ({ metric: 'mended', value: 1, unit: 'count', atMs }))];
}

/** What the services say of their pools of connections. */
export function pools({ pools: all }: Report): SampleInput[] {
  return all.flatMap(({ service, asked, failed }) => [
    counted('asked', asked, { service }),
    counted('got', asked - failed, { service }),
  ]);
}

/** What has to be suggested, and how many likes there are: worked out by harness/known.py from the data alone. */
export function known({ known: { likes, lists } }: Report): SampleInput[] {
  return [...places(lists), counted('likes', likes)];
}

/** The place of each item in each person's list, from 1: `place`. */
export function places(lists: readonly { user: number; items: readonly number[] }[]): SampleInput[] {
  return lists.flatMap(({ user, items }) =>
    items.map((item, index) => counted('place', index + 1, of({ user, item }))),
  );
}

/** The labels of something between a person and an item. */
export function of({ user, item }: { user: number; item: number }): Record<string, string> {
  return { user: String(user), item: String(item) };
}

/** A sample of something that is counted. */
export function counted(metric: string, value: number | bigint, labels: Record<string, string> = {}): SampleInput {
  return { metric, labels, value, unit: 'count' };
}

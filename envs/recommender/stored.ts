import { type SampleInput, z } from 'devgym';
import { counted, of, places } from './report.ts';

// What PostgreSQL and Redis themselves say is in them.

/** A row of clicks. */
export const clickRow = z.object({ user_id: z.number(), item_id: z.number() });
/** Each click. */
export function clickSamples({ user_id: user, item_id: item }: z.output<typeof clickRow>): SampleInput[] {
  return [counted('click', 1, of({ user, item }))];
}

/** A number of rows. */
export const countRow = z.object({ n: z.bigint() });
/** How many likes there are. */
export function likeSamples({ n }: z.output<typeof countRow>): SampleInput[] {
  return [counted('likes', n)];
}

/** Connections that are in the same state. */
export const connectionRow = z.object({ state: z.string(), n: z.bigint() });
/** How many connections are in each state. */
export function connectionSamples({ state, n }: z.output<typeof connectionRow>): SampleInput[] {
  return [counted('connections', n, { state })];
}

/** What is cached for some people, and how often something was asked for that was there, and that was not. */
export const cacheSchema = z.object({
  lists: z.array(z.string().nullable()),
  stats: z.object({ keyspace_hits: z.coerce.bigint(), keyspace_misses: z.coerce.bigint() }),
});
const cachedItems = z.array(z.object({ id: z.number().int() }));

/** The place of each item in what is cached for each of these people, and the hits. */
export function cached(users: readonly number[]): (found: z.output<typeof cacheSchema>) => SampleInput[] {
  return ({ lists, stats }) => {
    const there = lists.flatMap((text, index) => {
      const user = users[index];
      return text === null || user === undefined
        ? []
        : [{ user, items: cachedItems.parse(JSON.parse(text)).map(({ id }) => id) }];
    });
    const { keyspace_hits: hits, keyspace_misses: misses } = stats;
    return [...places(there), counted('hits', hits), counted('asked', hits + misses)];
  };
}

import type { DeclaredCase, Marked } from './test-code.ts';

/** Cases of which the other side has none of that name, each as often as one is missing. */
export function unmatched(
  before: readonly DeclaredCase[],
  after: readonly DeclaredCase[],
): { readonly gone: readonly DeclaredCase[]; readonly fresh: readonly DeclaredCase[] } {
  return { gone: without(before, after, nameOf), fresh: without(after, before, nameOf) };
}

/** Marks that were not there before, wherever they stood. */
export function added(before: readonly Marked[], after: readonly Marked[]): readonly Marked[] {
  return without(after, before, ({ text }) => text);
}

const nameOf = ({ name }: DeclaredCase): string => name;

/** Items less those of the other list: of several with one key, as many as are more than there. */
function without<Item>(items: readonly Item[], others: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1);
  return items.filter((item) => {
    const times = left.get(keyOf(item)) ?? 0;
    left.set(keyOf(item), times - 1);
    return times <= 0;
  });
}

/** A list that is longer helps nobody. */
const mostShown = 20;

/** The candidate that `word` was probably meant to be, if one is near: at most a third of its letters off, and at most three. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Optimal string alignment distance: letters to insert, remove or replace, and neighbours to exchange. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitute = (row[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1);
      const isExchange = i > 1 && j > 1 && a.charAt(i - 1) === b.charAt(j - 2) && a.charAt(i - 2) === b.charAt(j - 1);
      const exchange = isExchange ? (before[j - 2] ?? 0) + 1 : substitute;
      next.push(Math.min(substitute, exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** "The stages are: a, b." */
export function known(what: string, names: readonly string[]): string {
  const shown = names.slice(0, mostShown);
  const more = names.length > mostShown ? ` and ${names.length - mostShown} more` : '';
  return names.length === 0 ? `There are no ${what}.` : `The ${what} are: ${shown.join(', ')}${more}.`;
}

/** What to do about a name that nothing has: the one that was probably meant, or else those that there are. */
export function nearOrKnown(word: string, what: string, names: readonly string[]): string {
  const meant = suggest(word, names);
  return meant === undefined ? known(what, names) : `Did you mean ${meant}?`;
}

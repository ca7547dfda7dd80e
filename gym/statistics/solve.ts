/** Where an increasing function reaches `target` between `low` and `high`, by bisection down to neighbouring numbers. */
export function solve(increasing: (x: number) => number, target: number, low: number, high: number): number {
  let [below, above] = [low, high];
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return above;
    if (increasing(middle) < target) below = middle;
    else above = middle;
  }
}

/** The least whole number from `low` to `high` for which `holds`, or null; `holds` changes once, from false to true. */
export function least(holds: (value: number) => boolean, low: number, high: number): number | null {
  if (high < low || !holds(high)) return null;
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return to;
}

import type { Change, Tally } from './verdict.ts';

/** Named in a line; the verdict's document has more. */
const namedAtMost = 3;

/** `since a808 (distance down from 1.5): fixed 2: unit: a, unit: b; new 0; still 3`. `distance`: of the run that is told of. */
export function changeText(change: Change, distance: number | null): string {
  const { fixed, new: appeared, still, unjudged } = change;
  const tallies = [
    tallyText('fixed', fixed),
    tallyText('new', appeared),
    `still ${still.count}`,
    ...(unjudged.count === 0 ? [] : [tallyText('not judged now', unjudged)]),
  ];
  const run = change.run.split('-').at(-1) ?? change.run;
  return `since ${run}${wayText(change.distance, distance)}: ${tallies.join('; ')}`;
}

function tallyText(what: string, { count, first }: Tally): string {
  if (count === 0) return `${what} 0`;
  const named = first.slice(0, namedAtMost);
  const more = count - named.length;
  return `${what} ${count}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function wayText(before: number | null, now: number | null): string {
  if (before === null || now === null) return '';
  const from = Number(before.toPrecision(3));
  if (before === now) return ' (same distance)';
  return ` (distance ${now < before ? 'down' : 'up'} from ${from})`;
}

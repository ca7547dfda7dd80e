import { placeText } from '../events/problem.ts';
import type { CheckResult, Part } from '../task/judgement.ts';
import { amountText, groupedText } from './text.ts';
import { isGreen } from './verdict.ts';

/** Lines of a note at most; `gym show RUN:CHECK` has the rest. */
export const noteLimit = 10;
const partsShown = 3;

/**
 * A check that does not hold, as a colleague would tell of it: what is claimed, what was seen, which parts are off, how far and since when,
 * where the evidence is, and how to try again. Without the check's own headline; at most nine lines. `file` makes a path readable from here.
 */
export function noteLines(check: CheckResult, run: string, file: (path: string) => string): string[] {
  const [because = '', ...more] = check.because.split('\n');
  return [
    `claim     ${check.claim}`,
    `observed  ${because}${more.length > 0 ? ' …' : ''}`,
    ...partLines(check.parts),
    ...labelled('off by', farText(check)),
    ...labelled('since', sinceText(check, run)),
    ...check.evidence
      .slice(0, 1)
      .map(
        ({ what, place }) =>
          `evidence  ${what}: ${placeText({ ...place, ...(place.file !== undefined && { file: file(place.file) }) })}`,
      ),
    `again     ${check.again}`,
  ].slice(0, noteLimit - 1);
}

function labelled(label: string, text: string): string[] {
  return text === '' ? [] : [`${label.padEnd(9)} ${text}`];
}

/** The parts that are off, the farthest first. */
function partLines(parts: readonly Part[]): string[] {
  const off = parts.filter((part) => part.off !== '0' && part.off !== '' && part.off !== '-0');
  const far = ({ off: by }: Part): number => Math.abs(Number(by));
  const shown = off.toSorted((a, b) => far(b) - far(a)).slice(0, partsShown);
  const lines = shown.map((each) => `          ${partText(each)}`);
  return off.length > shown.length
    ? [...lines.slice(0, -1), `${lines.at(-1)}   and ${off.length - shown.length} more`]
    : lines;
}

/** `tcp  1,024 / 1,000   +24`: observed, expected, and how far off. */
export function partText({ part, observed, expected, off }: Part): string {
  const difference = off === '' || off === '0' ? '' : `   ${groupedText(off.startsWith('-') ? off : `+${off}`)}`;
  return `${part.padEnd(28)} ${groupedText(observed)}${expected === '' ? '' : ` / ${groupedText(expected)}`}${difference}`;
}

function farText({ margin, unit, distance }: CheckResult): string {
  if (distance === null || distance === 0) return '';
  const room =
    margin === null || unit === null || unit === 'hash' || margin >= 0 ? '' : `${amountText(-margin, unit)}, `;
  return `${room}distance ${Number(distance.toPrecision(3))}`;
}

function sinceText({ since, state, owner }: CheckResult, run: string): string {
  if (since === undefined || isGreen(state)) return '';
  const first = since === run ? 'this run' : `run ${since}`;
  return owner === undefined ? first : `${first}; ask ${owner}`;
}

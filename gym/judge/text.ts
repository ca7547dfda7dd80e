import type { Unit } from '../task/measurement.ts';

const unitWords: Record<Unit, string> = { bytes: ' bytes', count: '', ms: ' ms', ratio: '', hash: '' };

/** A value as people read it: `268,435,456 bytes`. Whole numbers keep every digit. */
export function amountText(value: bigint | number, unit: Unit): string {
  if (unit === 'hash') return `0x${value.toString(16)}`;
  return `${numberText(value)}${unitWords[unit]}`;
}

/** A number with thousands separators; fractions with at most four digits that say something. */
export function numberText(value: bigint | number): string {
  const isSmall = -1 < value && value < 1;
  return value.toLocaleString('en-US', isSmall ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 4 });
}

/** So many of something: `1 case`, `1,024 cases`. */
export function countText(count: number, what: string): string {
  return `${numberText(count)} ${what}${count === 1 ? '' : /(?:ch|sh|s|x)$/.test(what) ? 'es' : 's'}`;
}

/** So many of several: `1 of 1 case`, `2 of 1,024 cases`. */
export const shareText = (part: number, of: number, what: string): string =>
  `${numberText(part)} of ${countText(of, what)}`;

/** What holds for so many of them: one `holds`, others `hold`. */
export const verbFor = (count: number, one: string, many: string): string => (count === 1 ? one : many);

/** A difference with its sign and its share of what was expected: `+16,105,544 bytes (+6.00 %)`. */
export function differenceText(difference: bigint | number, expected: bigint | number, unit: Unit): string {
  const sign = difference > 0 ? '+' : '';
  if (unit === 'hash') return 'different';
  const amount = `${sign}${amountText(difference, unit)}`;
  return Number(expected) === 0
    ? amount
    : `${amount} (${sign}${percentText(Number(difference) / Math.abs(Number(expected)))})`;
}

/** A share as a percentage with three significant digits: 0.0612 is `6.12 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${Math.abs(percent) >= 100 ? percent.toFixed(0) : Number(percent.toPrecision(3))} %`;
}

/** A list that does not grow without bound: the first few and how many more. */
export function listText(items: readonly string[], most = 4): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(', ')} and ${more} more` : items.join(', ');
}

/** Digits in groups of three; what is not a whole number stays as it is. */
export function groupedText(digits: string): string {
  if (!/^[-+]?\d{5,}$/.test(digits)) return digits;
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** What a sentence says first: up to its first colon, semicolon or line break, in at most 120 characters. */
export function firstClause(sentence: string): string {
  const clause = sentence.split(/[:;] |\n/)[0] ?? '';
  return clause.length > 120 ? `${clause.slice(0, 119)}…` : clause;
}

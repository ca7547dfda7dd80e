import type { Case } from '../harness/cases.ts';
import type { FailedCase } from './verdict.ts';

/** Cases with one signature that are still listed one by one. */
const listedAlike = 3;
/** Of a message; what differs further on is one cause all the same. */
const comparedChars = 600;

/** What differs between failures of one cause, and what stands for it. The order counts: a time has numbers in it. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, '<uuid>'],
  [/(?<![\w.@\\/-])(?:file:\/\/|[A-Za-z]:)?(?:[\w.@-]*[\\/])+[\w.@-]+(?::\d+){0,2}/g, '<path>'],
  [/\b0x[\da-f]+\b|\b(?=\d*[a-f])(?=[a-f]*\d)[\da-f]{8,}\b/gi, '<hex>'],
  [/\d+(?:[.,]\d+)*/g, '<n>'],
];

/** A message without what varies: numbers, hex, UUIDs, paths and times. Failures of one signature likely have one cause. */
export function signatureOf(message: string): string {
  const text = message.slice(0, comparedChars).replaceAll(/\s+/g, ' ').trim();
  return varying.reduce((so, [pattern, stands]) => so.replaceAll(pattern, stands), text);
}

const byNumber = new Intl.Collator('en', { numeric: true });

/** The failed cases by file, line and name: tools that run files side by side report them in another order each time. */
export function failedInOrder(cases: readonly Case[]): Case[] {
  const { compare } = byNumber;
  return cases
    .filter(({ state }) => state === 'failed')
    .sort((a, b) => compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || compare(a.id, b.id));
}

/**
 * Failed cases as a verdict lists them, in the order in which each signature comes first: few of one signature one by one,
 * of more only the first, with how many are like it.
 */
export function groupedFailures(cases: readonly Case[]): FailedCase[] {
  const groups = Map.groupBy(failedInOrder(cases), ({ message = '' }) => signatureOf(message));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length <= listedAlike) return group.map(asFailedCase);
    const files = new Set(group.flatMap(({ file }) => (file === undefined ? [] : [file]))).size;
    return [{ ...asFailedCase(first), alike: group.length - 1, files }];
  });
}

function asFailedCase({ id, file, line, message = '' }: Case): FailedCase {
  return { id, ...(file !== undefined && { file }), ...(line !== undefined && { line }), message };
}

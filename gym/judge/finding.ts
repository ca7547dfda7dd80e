/** Something that was found in a text. */
export interface Finding {
  /** What it is, in words: `an e-mail address`. */
  readonly what: string;
  /** Index of its first character, and of the one after its last. */
  readonly from: number;
  readonly to: number;
}

/** Findings in the order of the text, each place told once: of two that overlap, what comes first in the list stays. */
export function withoutOverlaps(findings: readonly Finding[]): Finding[] {
  if (findings.length < 2) return [...findings];
  const kept: { finding: Finding; rank: number }[] = [];
  const ranked = findings.map((finding, rank) => ({ finding, rank }));
  for (const each of ranked.sort((a, b) => a.finding.from - b.finding.from)) {
    const last = kept.at(-1);
    if (last === undefined || each.finding.from >= last.finding.to) kept.push(each);
    else if (each.rank < last.rank) kept[kept.length - 1] = each;
  }
  return kept.map(({ finding }) => finding);
}

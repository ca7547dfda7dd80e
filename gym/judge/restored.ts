import { countText, listText } from './text.ts';
import type { Verdict } from './verdict.ts';

/** What was judged otherwise than it is in the workspace, and what to do about it; `undefined`: nothing was. */
export function restoredText(verdict: Verdict): string | undefined {
  const { restored, judgeOwn } = verdict.workspace;
  if (restored.length === 0) return undefined;
  const instead =
    judgeOwn === undefined ? '; to change one: gym propose FILE --reason WORDS' : `; by your own: ${judgeOwn}`;
  const parts = restoredBySource(verdict).map(
    ({ from, files }) => `${countText(files.length, 'protected file')} from ${from}: ${listText(files)}`,
  );
  return `restored ${parts.join('; ')}${instead}`;
}

/** Files that were restored, by what they were taken from: the baseline, or a proposal that was accepted, of which the last decides. */
export function restoredBySource({ workspace, proposals = [] }: Verdict): { from: string; files: string[] }[] {
  const sourceOf = (path: string): string => {
    const accepted = proposals.findLast(({ state, files }) => state === 'accepted' && files.includes(path));
    return accepted === undefined ? (workspace.baseline ?? 'the baseline') : `accepted proposal ${accepted.id}`;
  };
  return [...Map.groupBy(workspace.restored, sourceOf)].map(([from, files]) => ({ from, files }));
}

/** What became of changes to protected files that were asked for, a line for each. */
export function proposalLines({ proposals = [] }: Verdict): string[] {
  return proposals.map(({ id, state, files, came }) => {
    const what = `proposal ${id} (${listText(files)})`;
    if (state === 'accepted') return `${what} was accepted and counts as the baseline's`;
    const tried = listText(['it', ...(came?.with ?? [])]);
    return `${what} waits for a person; with ${tried}: ${came?.state ?? 'unknown'}, ${came?.because ?? 'not tried'}`;
  });
}

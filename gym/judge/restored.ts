import { listText } from './text.ts';
import type { Verdict } from './verdict.ts';

/** What was judged otherwise than it is in the workspace, and what to do about it; `undefined`: nothing was. */
export function restoredText({ workspace }: Verdict): string | undefined {
  const { restored, baseline, judgeOwn } = workspace;
  if (restored.length === 0) return undefined;
  const files = restored.length === 1 ? '1 protected file' : `${restored.length} protected files`;
  const instead =
    judgeOwn === undefined ? '; to change one: gym propose FILE --reason WORDS' : `; by your own: ${judgeOwn}`;
  return `restored ${files} from ${baseline ?? 'the baseline'}: ${listText(restored)}${instead}`;
}

/** What became of changes to protected files that were asked for, a line for each. */
export function proposalLines({ proposals = [] }: Verdict): string[] {
  return proposals.map(({ id, state, files, came }) => {
    const what = `proposal ${id} (${listText(files)})`;
    if (state === 'accepted') return `${what} was accepted and counts as the baseline's`;
    return `${what} waits for a person; with it: ${came?.state ?? 'unknown'}, ${came?.because ?? 'not tried'}`;
  });
}

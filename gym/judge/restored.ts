import { listText } from './text.ts';
import type { Verdict } from './verdict.ts';

/** What was judged otherwise than it is in the workspace, and what to do about it; `undefined`: nothing was. */
export function restoredText({ workspace }: Verdict): string | undefined {
  const { restored, baseline, judgeOwn } = workspace;
  if (restored.length === 0) return undefined;
  const files = restored.length === 1 ? '1 protected file' : `${restored.length} protected files`;
  const instead = judgeOwn === undefined ? '' : `; by your own: ${judgeOwn}`;
  return `restored ${files} from ${baseline ?? 'the baseline'}: ${listText(restored)}${instead}`;
}

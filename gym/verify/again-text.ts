import { ownBaseline } from '../workspace/judging.ts';
import type { VerifyRequest } from './request.ts';

/** The command that judges the same again. */
export function againText({ called, task, fault, compareWith, isCanary }: VerifyRequest): string {
  const words = ['gym', 'verify', shellWord(called ?? task.name)];
  if (isCanary === true) words.push('--canary');
  if (typeof compareWith === 'string') words.push('--baseline', shellWord(compareWith));
  if (fault !== undefined) words.push('--fault', shellWord(fault.name));
  return words.join(' ');
}

/** The command that judges the workspace by its own protected files. */
export function judgeOwnText(request: VerifyRequest): string {
  return againText({ ...request, compareWith: ownBaseline });
}

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

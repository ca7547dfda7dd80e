import type { HookInput } from './input.ts';
import type { ProgramName } from './programs.ts';

/**
 * What a hook says. `send-back`: the agent has to go on, with these words. `deny`: the call of the tool is not made. `add`: the agent reads it
 * after the result of its tool. `tell`: the person reads it, and the agent may stop.
 */
export interface Answer {
  readonly act: 'send-back' | 'deny' | 'add' | 'tell';
  readonly words: string;
}

/** An answer as the program takes it on the hook's standard output, with exit code 0. */
export function answerText(program: ProgramName, { event }: Pick<HookInput, 'event'>, { act, words }: Answer): string {
  return JSON.stringify(document(program, event, act, words));
}

function document(program: ProgramName, hookEventName: string, act: Answer['act'], words: string): unknown {
  switch (act) {
    case 'send-back':
      return { decision: 'block', reason: words };
    case 'tell':
      return { systemMessage: words };
    case 'add':
      return { hookSpecificOutput: { hookEventName, additionalContext: words } };
    case 'deny':
      if (program === 'gemini') return { decision: 'deny', reason: words };
      return {
        hookSpecificOutput: { hookEventName, permissionDecision: 'deny', permissionDecisionReason: words },
      };
  }
}

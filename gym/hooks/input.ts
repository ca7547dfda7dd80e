import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { HookKind, Program } from './programs.ts';

/** What the programs tell their hooks, of which each has a part. */
const inputSchema = z.looseObject({
  hook_event_name: z.string(),
  session_id: z.string(),
  cwd: z.string(),
  prompt_id: z.string().optional(),
  turn_id: z.string().optional(),
  prompt: z.string().optional(),
  permission_mode: z.string().optional(),
  tool_name: z.string().optional(),
  tool_input: z.record(z.string(), z.unknown()).optional(),
});

/** What a hook is told. */
export interface HookInput {
  readonly kind: HookKind;
  /** The program's name of the event, as its answer has to have it. */
  readonly event: string;
  readonly session: string;
  /**
   * What tells the turns of a session apart: what the agent does for one prompt of a person, however often it is sent back. `stop_hook_active`
   * does not: Gemini CLI forgets it as soon as a tool is called.
   */
  readonly turn: string;
  readonly cwd: string;
  /** Whether the agent may only make plans. */
  readonly isPlanning: boolean;
  readonly tool: string;
  readonly toolInput: Readonly<Record<string, unknown>>;
}

/** Reads what a program wrote to the hook's standard input; undefined: of an event that gym has no hook for. */
export function readInput(program: Program, text: string): Result<HookInput | undefined> {
  const parsed = inputSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `what ${program.name} told its hook is not understood: ${issue?.path.join('.')} ${issue?.message}`;
    return failed({ kind: 'usage', message, remedy: 'gym hooks run is called by the program itself.' });
  }
  const {
    hook_event_name: event,
    session_id: session,
    cwd,
    tool_name: tool = '',
    tool_input: toolInput = {},
  } = parsed.data;
  const kind = (['stop', 'edit', 'guard'] as const).find((each) => program.places[each].event === event);
  if (kind === undefined) return ok(undefined);
  const { prompt_id, turn_id, prompt, permission_mode } = parsed.data;
  const turn = prompt_id ?? turn_id ?? prompt ?? '';
  return ok({ kind, event, session, turn, cwd, isPlanning: permission_mode === 'plan', tool, toolInput });
}

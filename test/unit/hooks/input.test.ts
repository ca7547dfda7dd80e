import { expect, test } from 'vitest';
import { type Answer, answerText } from '../../../gym/hooks/answer.ts';
import { readInput } from '../../../gym/hooks/input.ts';
import { type ProgramName, programs } from '../../../gym/hooks/programs.ts';

// What the real programs wrote, without the paths of transcripts.
const claude = `{"session_id":"30babf10","cwd":"/w","prompt_id":"3780e64b","permission_mode":"bypassPermissions","effort":{"level":"medium"},"hook_event_name":"Stop","stop_hook_active":true,"last_assistant_message":"Done.","background_tasks":[],"session_crons":[]}`;
const codex = `{"session_id":"01a1f89e","turn_id":"01a1f8","cwd":"/w","hook_event_name":"PreToolUse","model":"gpt-5.5","permission_mode":"bypassPermissions","tool_name":"apply_patch","tool_input":{"command":"*** Begin Patch\\n*** Add File: x.txt\\n+hi\\n*** End Patch\\n"},"tool_use_id":"call_c7"}`;
const gemini = `{"session_id":"817efff3","cwd":"/w","hook_event_name":"AfterAgent","timestamp":"2026-11-20T11:01:32.424Z","prompt":"Do it.","prompt_response":"Stop.\\nagain","stop_hook_active":false}`;

const read = (program: ProgramName, text: string) => {
  const input = readInput(programs[program], text);
  return input.ok ? input.value : input.problems[0].message;
};

test('each program tells its event, its session and its turn in its own words', () => {
  expect(read('claude', claude)).toMatchObject({ kind: 'stop', session: '30babf10', turn: '3780e64b', cwd: '/w' });
  expect(read('codex', codex)).toMatchObject({ kind: 'guard', turn: '01a1f8', tool: 'apply_patch', isPlanning: false });
  expect(read('codex', codex.replace('bypassPermissions', 'plan'))).toMatchObject({ isPlanning: true });
  expect(read('gemini', gemini)).toMatchObject({ kind: 'stop', event: 'AfterAgent', turn: 'Do it.' });
});

test("other events are not gym's concern; what is no input is a problem", () => {
  expect(read('claude', claude.replace('"Stop"', '"SessionStart"'))).toBeUndefined();
  expect(read('claude', 'no JSON')).toMatch(/what claude told its hook is not understood/);
  expect(read('codex', '{"hook_event_name":"Stop","cwd":"/w"}')).toMatch(/session_id/);
});

test('answers are what each program takes', () => {
  const said = (program: ProgramName, event: string, act: Answer['act']) =>
    JSON.parse(answerText(program, { event }, { act, words: 'w' }));
  const denied = { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: 'w' };
  expect(said('claude', 'Stop', 'send-back')).toEqual({ decision: 'block', reason: 'w' });
  expect(said('gemini', 'BeforeTool', 'deny')).toEqual({ decision: 'deny', reason: 'w' });
  expect(said('codex', 'PreToolUse', 'deny')).toEqual({ hookSpecificOutput: denied });
  expect(said('gemini', 'AfterTool', 'add')).toEqual({
    hookSpecificOutput: { hookEventName: 'AfterTool', additionalContext: 'w' },
  });
  expect(said('claude', 'Stop', 'tell')).toEqual({ systemMessage: 'w' });
});

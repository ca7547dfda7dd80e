import { expect, test } from 'vitest';
import { teller } from '../../../gym/agent/acts.ts';
import { emptyStream as emptyClaude, readClaudeLine } from '../../../gym/agent/claude-events.ts';
import { emptyStream as emptyCodex, readCodexLine } from '../../../gym/agent/codex-events.ts';
import { noUsage, plusUsage, usageSince } from '../../../gym/agent/usage.ts';
import type { EventBody } from '../../../gym/events/event.ts';

/** What a reader of lines makes of them, and what it tells. */
function readAll<Stream>(
  read: (stream: Stream, line: string, workspace: string, tell: ReturnType<typeof teller>) => Stream,
  empty: Stream,
  lines: readonly unknown[],
) {
  const events: EventBody[] = [];
  const tell = teller({ attempt: 1, emit: (body) => events.push(body) });
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const stream = texts.reduce((before, line) => read(before, line, '/w', tell), empty);
  return { stream, acts: events.map((body) => (body.type === 'agent.acted' ? `${body.act} ${body.text}` : body.type)) };
}

const assistant = (...content: unknown[]) => ({ type: 'assistant', message: { content } });
const use = (name: string, input: unknown) => ({ type: 'tool_use', id: 't', name, input });

test("Claude's tools as acts, with paths relative to the workspace", () => {
  const { stream, acts } = readAll(readClaudeLine, emptyClaude, [
    assistant({ type: 'thinking', thinking: 'hm' }, { type: 'text', text: '  Look.\n' }),
    assistant(use('Read', { file_path: '/w/src/a.ts' }), use('Grep', { pattern: 'x+' }), use('Glob', {})),
    assistant(use('Edit', { file_path: '/w/src/a.ts' }), use('Write', { file_path: '/etc/hosts' })),
    assistant(use('Bash', { command: 'npm test' }), use('WebFetch', { url: 'http://x' })),
    {
      type: 'user',
      message: { content: [{ type: 'tool_result', is_error: true, content: [{ type: 'text', text: 'no' }] }] },
    },
    { type: 'user', message: { content: [{ type: 'tool_result', content: 'fine' }] } },
    { type: 'system', subtype: 'api_retry', attempt: 2, max_retries: 10, error_status: 529, error: 'overloaded' },
  ]);
  expect(acts).toEqual([
    'says Look.',
    ...['reads src/a.ts', 'reads x+', 'reads Glob'],
    ...['edits src/a.ts', 'edits /etc/hosts'],
    ...['runs npm test', 'uses WebFetch'],
    'fails [{"type":"text","text":"no"}]',
    'fails the model server answers 529; retry 2 of 10',
  ]);
  expect(stream).toEqual(emptyClaude);
});

test('events of unknown types are passed over; what is no event, or a known one in another shape, is counted', () => {
  const lines = [
    { type: 'brand_new', x: 1 },
    '',
    'no json',
    '[1]',
    '{"type":"result"}',
    { type: 'assistant', message: 3 },
  ];
  const claude = readAll(readClaudeLine, emptyClaude, lines);
  expect(claude).toEqual({ stream: { ...emptyClaude, malformed: 4 }, acts: [] });
  const others = [{ type: 'turn.paused' }, '', 'no json', '7', { type: 'turn.completed' }, { type: 'item.completed' }];
  const codex = readAll(readCodexLine, emptyCodex, others);
  expect(codex).toEqual({ stream: { ...emptyCodex, malformed: 4 }, acts: [] });
});

test("Codex's items as acts; its warnings are none", () => {
  const done = (item: unknown) => ({ type: 'item.completed', item });
  const { stream, acts } = readAll(readCodexLine, emptyCodex, [
    { type: 'thread.started', thread_id: 't-1' },
    done({ type: 'error', message: 'Model metadata not found' }),
    { type: 'item.started', item: { type: 'command_execution', command: 'ls' } },
    done({ type: 'command_execution', command: 'ls', exit_code: 2, aggregated_output: 'no such file' }),
    done({ type: 'file_change', changes: [{ path: '/w/a.ts', kind: 'update' }] }),
    done({ type: 'mcp_tool_call', server: 's', tool: 'judge' }),
    done({ type: 'agent_message', text: 'Done.' }),
    { type: 'error', message: '{"error":{"message":"slow down"}}' },
    { type: 'turn.failed', error: { message: '{"error":{"message":"slow down"}}' } },
  ]);
  expect(acts).toEqual([
    'runs ls',
    'fails exit 2\nno such file',
    'edits a.ts',
    'uses judge',
    'says Done.',
    'fails slow down',
  ]);
  expect(stream).toEqual({ thread: 't-1', used: null, failure: 'slow down', malformed: 0 });
});

test('long words are cut, blank ones are none', () => {
  const { acts } = readAll(readClaudeLine, emptyClaude, [
    assistant({ type: 'text', text: 'x'.repeat(5000) }, { type: 'text', text: ' \n' }),
  ]);
  expect(acts).toHaveLength(1);
  expect(acts[0]?.length).toBeLessThan(700);
});

test('usage adds up and is subtracted per model; null only where nobody tells', () => {
  const one = {
    ...noUsage,
    inputTokens: 10,
    outputTokens: 1,
    costUsd: 0.5,
    models: { a: { inputTokens: 10, outputTokens: 1 } },
  };
  const two = {
    ...noUsage,
    inputTokens: 5,
    outputTokens: 2,
    turns: 3,
    models: { b: { inputTokens: 5, outputTokens: 2 } },
  };
  const sum = plusUsage(one, two);
  expect(sum).toMatchObject({ inputTokens: 15, outputTokens: 3, costUsd: 0.5, turns: 3 });
  expect(Object.keys(sum.models)).toEqual(['a', 'b']);
  expect(usageSince(sum, two)).toMatchObject({
    inputTokens: 10,
    costUsd: 0.5,
    turns: 0,
    models: { b: { inputTokens: 0 } },
  });
  // A program that counted anew, though it was to go on, used nothing negative.
  expect(usageSince(noUsage, one)).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  expect(plusUsage(noUsage, noUsage)).toEqual(noUsage);
});

import { randomUUID } from 'node:crypto';
import type { ModelRequest, ServerEvent, Turn } from './script.ts';

/** A turn as the stream of Anthropic's Messages interface, https://docs.claude.com/en/api/messages-streaming. */
export function anthropicEvents(turn: Turn, request: ModelRequest): ServerEvent[] {
  const { inputTokens, cachedInputTokens, outputTokens } = turn.usage;
  const message = {
    id: `msg_${randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens - cachedInputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: cachedInputTokens,
      output_tokens: 1,
    },
  };
  const blocks = [...textBlock(turn), ...callBlock(turn)];
  return [
    { type: 'message_start', message },
    ...blocks.flatMap(({ start, delta }, index) => [
      { type: 'content_block_start', index, content_block: start },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: turn.call === undefined ? 'end_turn' : 'tool_use', stop_sequence: null },
      usage: { output_tokens: outputTokens },
    },
    { type: 'message_stop' },
  ];
}

function textBlock(turn: Turn): { start: unknown; delta: unknown }[] {
  if (turn.text === undefined) return [];
  return [{ start: { type: 'text', text: '' }, delta: { type: 'text_delta', text: turn.text } }];
}

function callBlock(turn: Turn): { start: unknown; delta: unknown }[] {
  if (turn.call === undefined) return [];
  const start = { type: 'tool_use', id: `toolu_${randomUUID()}`, name: turn.call.name, input: {} };
  return [{ start, delta: { type: 'input_json_delta', partial_json: JSON.stringify(turn.call.input) } }];
}

import { randomUUID } from 'node:crypto';
import type { ModelRequest, ServerEvent, Turn } from './script.ts';

/** A turn as the stream of OpenAI's Responses interface, https://platform.openai.com/docs/api-reference/responses-streaming. */
export function openaiEvents(turn: Turn, request: ModelRequest): ServerEvent[] {
  const { inputTokens, cachedInputTokens, outputTokens } = turn.usage;
  const id = `resp_${randomUUID()}`;
  const output = [...textItem(turn), ...callItem(turn)];
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
  return [
    { type: 'response.created', response: { id, model: request.model, status: 'in_progress' } },
    ...output.flatMap((item, index) => [
      { type: 'response.output_item.added', output_index: index, item },
      { type: 'response.output_item.done', output_index: index, item },
    ]),
    { type: 'response.completed', response: { id, model: request.model, status: 'completed', output, usage } },
  ];
}

function textItem(turn: Turn): unknown[] {
  if (turn.text === undefined) return [];
  const content = [{ type: 'output_text', text: turn.text, annotations: [] }];
  return [{ type: 'message', id: `msg_${randomUUID()}`, role: 'assistant', status: 'completed', content }];
}

function callItem(turn: Turn): unknown[] {
  if (turn.call === undefined) return [];
  const { name, namespace, input } = turn.call;
  const common = { id: `fc_${randomUUID()}`, call_id: `call_${randomUUID()}`, name, status: 'completed' };
  if (typeof input === 'string') return [{ ...common, type: 'custom_tool_call', input }];
  return [
    {
      ...common,
      ...(namespace !== undefined && { namespace }),
      type: 'function_call',
      arguments: JSON.stringify(input),
    },
  ];
}

import type { ServerEvent, Turn } from './script.ts';

/** A turn as the stream of Gemini's interface, https://ai.google.dev/api/generate-content: one chunk, whose event has no name. */
export function googleEvents(turn: Turn): Omit<ServerEvent, 'type'>[] {
  const { inputTokens, cachedInputTokens, outputTokens } = turn.usage;
  const text = turn.text === undefined ? [] : [{ text: turn.text }];
  const call = turn.call === undefined ? [] : [{ functionCall: { name: turn.call.name, args: turn.call.input } }];
  const usageMetadata = {
    promptTokenCount: inputTokens,
    cachedContentTokenCount: cachedInputTokens,
    candidatesTokenCount: outputTokens,
    totalTokenCount: inputTokens + outputTokens,
  };
  const content = { role: 'model', parts: [...text, ...call] };
  return [{ candidates: [{ content, finishReason: 'STOP', index: 0 }], usageMetadata }];
}

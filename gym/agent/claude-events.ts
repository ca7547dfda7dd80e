import { z } from 'zod';
import type { Usage } from '../events/event.ts';
import { pathText, type Tell } from './acts.ts';
import { eventReader } from './event-line.ts';

const tokens = z.number().default(0);

const content = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  name: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
  is_error: z.boolean().optional(),
  content: z.unknown().optional(),
});

const result = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  result: z.string().optional(),
  errors: z.array(z.string()).default([]),
  stop_reason: z.string().nullish(),
  terminal_reason: z.string().optional(),
  /** HTTP status of the model server, where that is what failed. */
  api_error_status: z.number().nullish(),
  num_turns: z.number(),
  session_id: z.string(),
  total_cost_usd: z.number(),
  modelUsage: z
    .record(
      z.string(),
      z.object({
        inputTokens: tokens,
        outputTokens: tokens,
        cacheReadInputTokens: tokens,
        cacheCreationInputTokens: tokens,
      }),
    )
    .default({}),
});
/** The last event of a run of Claude Code. `total_cost_usd` and `modelUsage` count the whole session, `num_turns` this run. */
export type ClaudeResult = z.infer<typeof result>;

const claudeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('assistant'),
    message: z.object({ content: z.array(content) }),
    /** Set where the words are the program's own, about a failure: `authentication_failed`, `rate_limit`, … */
    error: z.string().nullish(),
  }),
  z.object({
    type: z.literal('user'),
    message: z.object({ content: z.union([z.string(), z.array(content)]) }),
  }),
  z.object({
    type: z.literal('system'),
    subtype: z.string(),
    attempt: z.number().optional(),
    max_retries: z.number().optional(),
    error_status: z.number().nullish(),
    error: z.string().nullish(),
  }),
  result,
]);
const parseLine = eventReader(claudeEvent);

/** What a run of Claude Code came to, so far. */
export interface ClaudeStream {
  readonly result: ClaudeResult | null;
  /** The program's own word for what failed, where something did. */
  readonly error: string | null;
  /** Lines that are no event, or an event of a known type in another shape. */
  readonly malformed: number;
}

/** Nothing read yet. */
export const emptyStream: ClaudeStream = { result: null, error: null, malformed: 0 };

/** Reads one line of `--output-format stream-json` and tells what the agent does. Events of unknown types are passed over. */
export function readClaudeLine(stream: ClaudeStream, line: string, workspace: string, tell: Tell): ClaudeStream {
  if (line.trim() === '') return stream;
  const event = parseLine(line);
  if (event === 'unknown') return stream;
  if (event === 'malformed') return { ...stream, malformed: stream.malformed + 1 };
  switch (event.type) {
    case 'assistant':
      for (const block of event.message.content) tellBlock(block, workspace, tell);
      return event.error == null ? stream : { ...stream, error: event.error };
    case 'user':
      tellFailures(event.message.content, tell);
      return stream;
    case 'system':
      if (event.subtype === 'api_retry') {
        const why = event.error_status ?? event.error ?? 'nothing';
        tell('fails', `the model server answers ${why}; retry ${event.attempt} of ${event.max_retries}`);
      }
      return stream;
    case 'result':
      return { ...stream, result: event };
  }
}

const readers = ['Read', 'Glob', 'Grep', 'LS', 'NotebookRead'];
const editors = ['Edit', 'Write', 'MultiEdit', 'NotebookEdit'];

function tellBlock({ type, text, name = '', input = {} }: z.infer<typeof content>, workspace: string, tell: Tell) {
  if (type === 'text') return tell('says', text ?? '');
  if (type !== 'tool_use') return;
  const given = (...fields: string[]): string => {
    const value = fields.map((field) => input[field]).find((each) => typeof each === 'string');
    return typeof value === 'string' ? value : name;
  };
  if (name === 'Bash') return tell('runs', given('command'));
  if (editors.includes(name)) return tell('edits', pathText(workspace, given('file_path', 'notebook_path')));
  if (readers.includes(name)) return tell('reads', pathText(workspace, given('file_path', 'pattern', 'path')));
  return tell('uses', name);
}

function tellFailures(blocks: string | z.infer<typeof content>[], tell: Tell): void {
  if (typeof blocks === 'string') return;
  for (const block of blocks) {
    if (block.type === 'tool_result' && block.is_error === true) {
      tell('fails', typeof block.content === 'string' ? block.content : JSON.stringify(block.content));
    }
  }
}

/** The use of a whole session, without its turns. Input counts the cached tokens too. */
export function sessionUsage({ modelUsage, total_cost_usd }: ClaudeResult): Usage {
  const models = Object.entries(modelUsage).map(([name, model]) => {
    const inputTokens = model.inputTokens + model.cacheReadInputTokens + model.cacheCreationInputTokens;
    return { name, inputTokens, cachedInputTokens: model.cacheReadInputTokens, outputTokens: model.outputTokens };
  });
  const sum = (field: 'inputTokens' | 'cachedInputTokens' | 'outputTokens'): number =>
    models.reduce((total, model) => total + model[field], 0);
  return {
    inputTokens: sum('inputTokens'),
    cachedInputTokens: sum('cachedInputTokens'),
    outputTokens: sum('outputTokens'),
    costUsd: total_cost_usd,
    turns: null,
    models: Object.fromEntries(
      models.map(({ name, inputTokens, outputTokens }) => [name, { inputTokens, outputTokens }]),
    ),
  };
}

import { z } from 'zod';
import type { Usage } from '../events/event.ts';
import { pathText, type Tell } from './acts.ts';
import { eventReader } from './event-line.ts';

const item = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  command: z.string().optional(),
  exit_code: z.number().nullish(),
  aggregated_output: z.string().optional(),
  changes: z.array(z.looseObject({ path: z.string() })).optional(),
  tool: z.string().optional(),
  query: z.string().optional(),
});
type Item = z.infer<typeof item>;

const usage = z.object({
  input_tokens: z.number(),
  cached_input_tokens: z.number().default(0),
  output_tokens: z.number(),
});

const codexEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.object({ type: z.literal('item.started'), item }),
  z.object({ type: z.literal('item.completed'), item }),
  z.object({ type: z.literal('turn.completed'), usage }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);
const parseLine = eventReader(codexEvent);

/** What a run of Codex came to, so far. */
export interface CodexStream {
  readonly thread: string | null;
  /** The use of the whole thread, once a turn is complete. */
  readonly used: Usage | null;
  /** What made the turn fail. */
  readonly failure: string | null;
  /** Lines that are no event, or an event of a known type in another shape. */
  readonly malformed: number;
}

/** Nothing read yet. */
export const emptyStream: CodexStream = { thread: null, used: null, failure: null, malformed: 0 };

/** Reads one line of `codex exec --json` and tells what the agent does. Events of unknown types are passed over. */
export function readCodexLine(stream: CodexStream, line: string, workspace: string, tell: Tell): CodexStream {
  if (line.trim() === '') return stream;
  const event = parseLine(line);
  if (event === 'unknown') return stream;
  if (event === 'malformed') return { ...stream, malformed: stream.malformed + 1 };
  switch (event.type) {
    case 'thread.started':
      return { ...stream, thread: event.thread_id };
    case 'item.started':
      if (event.item.type === 'command_execution') tell('runs', event.item.command ?? '');
      return stream;
    case 'item.completed':
      tellItem(event.item, workspace, tell);
      return stream;
    case 'turn.completed':
      return { ...stream, used: threadUsage(event.usage), failure: null };
    case 'turn.failed':
      return { ...stream, failure: messageOf(event.error.message) };
    case 'error':
      tell('fails', messageOf(event.message));
      return stream;
  }
}

/** An item of the type `error` is often only a warning (a model that it does not know): the log has it. */
function tellItem(done: Item, workspace: string, tell: Tell): void {
  if (done.type === 'agent_message') tell('says', done.text ?? '');
  if (done.type === 'mcp_tool_call') tell('uses', done.tool ?? 'a tool');
  if (done.type === 'web_search') tell('uses', `web search: ${done.query ?? ''}`);
  for (const { path } of done.changes ?? []) tell('edits', pathText(workspace, path));
  if (done.type === 'command_execution' && done.exit_code != null && done.exit_code !== 0) {
    tell('fails', `exit ${done.exit_code}\n${(done.aggregated_output ?? '').slice(-400)}`);
  }
}

/** Codex does not name its model in these events, so its tokens are listed under its own name. It tells no cost. */
function threadUsage({ input_tokens, cached_input_tokens, output_tokens }: z.infer<typeof usage>): Usage {
  return {
    inputTokens: input_tokens,
    cachedInputTokens: cached_input_tokens,
    outputTokens: output_tokens,
    costUsd: null,
    turns: null,
    models: { codex: { inputTokens: input_tokens, outputTokens: output_tokens } },
  };
}

const serverError = z.object({ error: z.object({ message: z.string() }) });

/** A message may be the JSON body of the server's answer. */
function messageOf(message: string): string {
  try {
    const body = serverError.safeParse(JSON.parse(message));
    return body.success ? body.data.error.message : message;
  } catch {
    return message;
  }
}

import { z } from 'zod';

/** One answer of the scripted model: words, a call of one of the program's tools, or an HTTP failure. */
export interface Turn {
  readonly text?: string;
  readonly call?: {
    readonly name: string;
    /** OpenAI's name for the tools of one MCP server; Anthropic's has it in `name`. */
    readonly namespace?: string;
    /** A text: of one of OpenAI's tools without a schema. */
    readonly input: Readonly<Record<string, unknown>> | string;
  };
  readonly failure?: { readonly status: number; readonly message: string };
  /** What the answer is said to have cost; `inputTokens` includes the cached ones. */
  readonly usage: { readonly inputTokens: number; readonly cachedInputTokens: number; readonly outputTokens: number };
}

/** One server-sent event; `type` is also its name. */
export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What the server looks at in a request of either interface. */
export const modelRequest = z.looseObject({
  model: z.string().default('none'),
  stream: z.boolean().default(false),
  tools: z.array(z.looseObject({ name: z.string().optional(), type: z.string().optional() })).default([]),
});
export type ModelRequest = z.infer<typeof modelRequest>;

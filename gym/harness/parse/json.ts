import type { z } from 'zod';

/** A document of a schema, or why it is not one. */
export type Json<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'unreadable'; readonly because: string };

/** Reads JSON of a schema; `what` names the format in the reason. */
export function readJson<Value>(text: string, schema: z.ZodType<Value>, what: string): Json<Value> {
  if (text.trim() === '') return { kind: 'unreadable', because: 'it is empty' };
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return { kind: 'unreadable', because: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return { kind: 'value', value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  return { kind: 'unreadable', because: `it is not ${what}: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}` };
}

import { z } from 'zod';
import { DefinitionError } from '../definition-error.ts';
import { forAuthors } from '../issues.ts';
import { type SampleInput, sampleInput } from '../measurement.ts';

/** The stage that a source is read after; none: it is read when all stages have ended. */
export const stageName = z.string().min(1);

/** Takes the samples out of one document, whatever it is. Throws where the document is not what it should be. */
export const parse = z.function({ input: [z.unknown()], output: z.array(sampleInput) });

/** Metrics that only grow: what counts is by how much they grew while the stage ran. */
export const counters = z.array(z.string().min(1)).default([]);

/** Seconds that a question may take. */
export const timeoutSeconds = z.number().positive().max(600).default(30);

/** A port of a service, as it is inside its container. */
export const port = z.number().int().min(1).max(65_535);

/**
 * What is taken from each document. Without `samples`, the documents alone are kept, for what judges them; without `schema` they are
 * kept as they are.
 */
export interface FromDocuments<Schema extends z.ZodType> {
  schema?: Schema;
  samples?: (document: z.output<Schema>) => SampleInput[];
}

/** The same where there is nothing to keep but samples. */
export interface FromDocument<Schema extends z.ZodType> {
  schema: Schema;
  samples: (document: z.output<Schema>) => SampleInput[];
}

/** What parses a document and takes its samples. */
export function taking<Schema extends z.ZodType>(from: FromDocuments<Schema>): (document: unknown) => SampleInput[] {
  const { schema, samples } = from;
  return (document) => {
    if (schema === undefined) return [];
    const parsed = schema.parse(document);
    return samples?.(parsed) ?? [];
  };
}

/** Checks what an author wrote; throws with the author's place where it does not fit. */
export function made<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  spec: z.input<Schema>,
  maker: (...args: never[]) => unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(spec, forAuthors);
  if (!parsed.success) throw new DefinitionError(what, parsed.error.issues, maker);
  return parsed.data;
}

import { z } from 'zod';
import { type FromDocuments, made, parse, stageName, taking } from './shared.ts';

/** Lines that a service printed while the stage ran. */
export const logsSource = z.strictObject({
  kind: z.literal('logs'),
  stage: stageName.optional(),
  service: z.string(),
  /** Its named groups are the document; lines that it does not match are passed over. Without it: the lines that are JSON objects. */
  pattern: z.instanceof(RegExp).optional(),
  parse,
});

/**
 * Records in a service's log: JSON lines, or the named groups of a pattern. They are what the service says of itself, and no witness.
 * A sample can bear the time that the line tells: `atMs`.
 */
export function logLines<Schema extends z.ZodType>(
  spec: { stage?: string; service: string; pattern?: RegExp } & FromDocuments<Schema>,
): z.output<typeof logsSource> {
  const { schema: _, samples: __, ...rest } = spec;
  return made('logLines', logsSource, { kind: 'logs', ...rest, parse: taking(spec) }, logLines);
}

import { parseDocument } from 'yaml';
import { z } from 'zod';
import { firstLines, milliseconds, placeIn } from './text.ts';

/** What a YAML block under a test point tells. */
export interface Diagnostic {
  readonly message?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly durationMs?: number | undefined;
  /** The point stands for a suite, not for a test. */
  readonly suite?: boolean | undefined;
  /** It failed by itself (in a hook, or beside its subtests), not because a subtest did. Node tells. */
  readonly failedItself?: boolean | undefined;
}

/** A block that is longer is not read: it holds somebody's data, not a message. */
const maximumChars = 256 * 1024;

const text = z.string().optional().catch(undefined);
const line = z.number().int().positive().optional().catch(undefined);

/** Keys of Node, Vitest, tape, node-tap and Test2; each may be missing or of another shape. */
const blockSchema = z.object({
  message: text,
  error: z
    .union([z.string(), z.object({ message: z.string() }).transform((error) => error.message)])
    .optional()
    .catch(undefined),
  operator: text,
  expected: z.unknown().optional(),
  actual: z.unknown().optional(),
  location: text,
  at: z
    .union([z.string(), z.object({ file: text, fileName: text, line, lineNumber: line })])
    .optional()
    .catch(undefined),
  stack: text,
  file: text,
  line,
  type: text,
  failureType: text,
  duration_ms: z.number().nonnegative().optional().catch(undefined),
});
type Block = z.output<typeof blockSchema>;

/** Reads a block; one that is not YAML tells nothing, for the point itself has the result. */
export function readDiagnostic(yaml: string): Diagnostic {
  if (yaml.length > maximumChars) return {};
  const parsed = blockSchema.safeParse(document(yaml));
  if (!parsed.success) return {};
  const block = parsed.data;
  return {
    message: firstLines(block.message ?? block.error ?? comparison(block)),
    ...blockPlace(block),
    durationMs: block.duration_ms === undefined ? undefined : milliseconds(block.duration_ms),
    suite: block.type === 'suite',
    failedItself: block.failureType !== undefined && block.failureType !== 'subtestsFailed',
  };
}

/** The library keeps what it could read of a document with errors; Vitest's have some. */
function document(yaml: string): unknown {
  try {
    return parseDocument(yaml, { logLevel: 'silent', stringKeys: true }).toJS({ maxAliasCount: 20 });
  } catch {
    return undefined;
  }
}

function comparison({ operator, expected, actual }: Block): string | undefined {
  if (operator === undefined) return undefined;
  return `${operator}: expected ${JSON.stringify(expected)}, actual ${JSON.stringify(actual)}`;
}

function blockPlace(block: Block): { file?: string | undefined; line?: number | undefined } {
  const { at } = block;
  if (typeof at === 'object') return { file: at.file ?? at.fileName, line: at.line ?? at.lineNumber };
  // A stack tells where it failed; `location` is where the test is defined.
  const place = placeIn(block.stack) ?? placeIn(at) ?? placeIn(block.location);
  return place ?? { file: block.file, line: block.line };
}

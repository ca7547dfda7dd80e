import { z } from 'zod';
import { type Document, type SampleInput, sampleInput } from '../measurement.ts';
import { made, stageName } from './shared.ts';

/** What a source of one's own reads with. Whatever does not succeed throws, and makes the source unreadable for that reason. */
export interface SourceContext {
  /** Random, and another one in each run. */
  readonly nonce: string;
  /** The workspace as it is judged: a copy. */
  readonly workspace: string;
  /** Ends when the run is broken off, or when the source has taken longer than its `timeoutSeconds`. */
  readonly signal: AbortSignal;
  /** Runs a command in a service; gives its standard output. One that does not exit with 0 throws. */
  exec(service: string, command: readonly string[]): Promise<string>;
  /** A file in a service's container; `undefined`: there is none. */
  readFile(service: string, path: string): Promise<Uint8Array | undefined>;
  /** A port of 127.0.0.1 that leads to a port of one of the source's `services`, as long as the source is being read. */
  connect(service: string, port: number): Promise<number>;
  /** GETs a path of one of the source's `services`; gives the body. An answer other than 2xx throws. */
  fetch(service: string, port: number, path: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** The file with all that a service has printed up to now. */
  logFile(service: string): Promise<string>;
}

/** What a source of one's own gave. */
export interface OwnFound {
  samples: SampleInput[];
  /** The records that the samples were taken from, where they are to be judged themselves. */
  documents?: Document[];
}

/** When a source of one's own is read, and what it needs. */
export interface OwnSpec {
  /** The stage that it is read after; none: when all stages have ended. */
  stage?: string;
  /** Services whose ports it connects to. */
  services?: string[];
  /** Seconds that `begin` and `read` may take, each; 60 by default. */
  timeoutSeconds?: number;
}

/** Reads a source after its stage. What it gives is checked, whatever the types say. */
type ReadOwn = (context: SourceContext) => unknown;

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** A source that is read by the task's own code. */
export const ownSource = z.strictObject({
  kind: z.literal('own'),
  stage: stageName.optional(),
  services: z.array(z.string()).default([]),
  timeoutSeconds: z.number().positive().max(3600).default(60),
  begin: z.custom<(context: SourceContext) => Promise<ReadOwn>>(isFunction, 'a function'),
});
export type OwnSource = z.output<typeof ownSource>;

/** What a source's own code must give. */
export const ownFound = z.object({
  samples: z.array(sampleInput),
  documents: z
    .array(
      z.object({
        value: z.unknown(),
        place: z.object({
          file: z.string().optional(),
          line: z.number().int().optional(),
          service: z.string().optional(),
        }),
        /** Line of each key and list entry, by its JSON Pointer. */
        lines: z.record(z.string(), z.number()).optional(),
      }),
    )
    .optional(),
});

/**
 * A source of one's own, written in the task's folder. `read` is called after the stage. Where there is a `begin`, it is called before the
 * stage, to note where counters stand or to clear what would be stale, and `read` gets what it gave.
 */
export function defineSource(
  spec: OwnSpec & { begin?: undefined; read: (context: SourceContext) => Promise<OwnFound> | OwnFound },
): OwnSource;
export function defineSource<Before>(
  spec: OwnSpec & {
    begin: (context: SourceContext) => Promise<Before> | Before;
    read: (context: SourceContext, before: Before) => Promise<OwnFound> | OwnFound;
  },
): OwnSource;
export function defineSource<Before>({
  begin,
  read,
  ...rest
}: OwnSpec & {
  begin?: ((context: SourceContext) => Promise<Before> | Before) | undefined;
  read: (context: SourceContext, before?: Before) => Promise<OwnFound> | OwnFound;
}): OwnSource {
  const open = async (context: SourceContext): Promise<ReadOwn> => {
    const before = await begin?.(context);
    return (later) => read(later, before);
  };
  return made('defineSource', ownSource, { kind: 'own', ...rest, begin: open }, defineSource);
}

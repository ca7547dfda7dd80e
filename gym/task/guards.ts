import { z } from 'zod';
import { severity } from '../events/event.ts';

/** The guards: claims over what changed in the workspace. */
export const guardNames = [
  'cases',
  'skips',
  'assertions',
  'diff-size',
  'secrets',
  'binaries',
  'generated',
  'lockfile',
] as const;
export type GuardName = (typeof guardNames)[number];

/** A guard as a check is named: invariants such as `secrets` may have its plain name. */
export const guardCheck = (name: GuardName): string => `guard-${name}`;

/** What the task says of its guards. */
export const guardsSchema = z.strictObject({
  /** Lines that were added or removed, and files that changed, at most; none: no limit. */
  diffSize: z
    .strictObject({ lines: z.number().int().positive().optional(), files: z.number().int().positive().optional() })
    .default({}),
  /** A binary file that is added has at most so many bytes. */
  binaries: z.strictObject({ maxBytes: z.number().int().positive() }).default({ maxBytes: 1024 * 1024 }),
  /** Files that are made from others, as globs: they change only where one of those does. */
  generated: z
    .array(
      z.strictObject({
        files: z.array(z.string().min(1)).min(1),
        from: z.array(z.string().min(1)).min(1),
        /** What makes them, for whoever has to. */
        command: z.string().min(1).optional(),
      }),
    )
    .default([]),
  /** What a guard's word counts: `gate` by default; `off`: it is not judged. */
  severity: z.partialRecord(z.enum(guardNames), z.enum([...severity.options, 'off'])).default({}),
});
export type GuardSettings = z.output<typeof guardsSchema>;

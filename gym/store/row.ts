import { z } from 'zod';

/** One line of the history. `state` is `running` until the run ends, and `cut off` when its gym was killed before. */
export const runRow = z.object({
  run: z.string(),
  kind: z.enum(['verify', 'loop']),
  task: z.string(),
  state: z.string(),
  distance: z.number().nullable(),
  exitCode: z.number().nullable(),
  headline: z.string(),
  startedAt: z.number(),
  durationMs: z.number().nullable(),
  /** The loop that a verification belongs to. */
  loop: z.string().nullable(),
});
export type RunRow = z.infer<typeof runRow>;

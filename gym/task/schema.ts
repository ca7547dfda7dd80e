import { z } from 'zod';
import { environmentFault } from './environment-fault.ts';
import { guardsSchema } from './guards.ts';
import { type Invariant, isInvariant } from './invariant.ts';
import { resultFormat } from './result-format.ts';
import { sourceSchema } from './source.ts';
import { canarySchema, targetInput } from './target.ts';
import { hasPlace, placeNeeded } from './workdir.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'names are lower case, digits and hyphens');
const relativePath = z.string().min(1);

/** Longer is a mistake, and Node's timers end at 24 days. */
const seconds = z.number().positive().max(86_400, 'at most 86400 seconds: a day');
const minutes = z.number().positive().max(43_200, 'at most 43200 minutes: 30 days');

/** One step of the harness. */
export const stageSchema = z
  .strictObject({
    name,
    /** The service in which the command runs; none: on the host, in the snapshot of the workspace. */
    service: z.string().optional(),
    /** A list is run as it is; a string by `sh -c`. */
    command: z.union([z.string().min(1), z.array(z.string()).min(1)]),
    workdir: z.string().optional(),
    env: z.record(z.string(), z.string()).default({}),
    /**
     * Where the cases are reported; the path `-` is standard output. A stage with results that ran no test is vacuous;
     * without, its exit code decides.
     */
    results: z.strictObject({ format: resultFormat, path: relativePath }).optional(),
    timeoutSeconds: seconds.default(600),
    /** Globs of the files that it depends on, besides its environment; all of the workspace by default. A stage on the host is cached only with them. */
    inputs: z.array(z.string().min(1)).optional(),
    /** It needs nothing that stages before it left, and leaves nothing that others see: it runs only where it has to itself. */
    pure: z.boolean().default(false),
    /** false: never taken from an earlier run, for what its inputs do not tell: it asks the internet, or the time. */
    cache: z.boolean().default(true),
  })
  .refine(hasPlace, placeNeeded);
export type Stage = z.output<typeof stageSchema>;

/** Budgets: whatever is reached first ends what is under way. */
export const limitsSchema = z.strictObject({
  /** Seconds from the first container to the last one ready. */
  upSeconds: seconds.default(120),
  /** Seconds for the measuring of one target. */
  targetSeconds: seconds.default(600),
  /** Attempts of an agent in one loop. */
  attempts: z.number().int().positive().default(8),
  /** Minutes of one loop. */
  minutes: minutes.default(60),
  /** US dollars of one loop, where the agent tells its cost; none: no bound. */
  usd: z.number().positive().optional(),
});

/** A check that need not hold until a day. After it, the check counts again. */
export const waiverSchema = z.strictObject({
  check: name,
  reason: z.string().min(1),
  owner: z.string().min(1),
  /** The last day on which it is waived, in UTC. */
  until: z.iso.date('a day such as 2030-01-31'),
});
export type Waiver = z.infer<typeof waiverSchema>;

/** A failure of the environment while a stage runs. The end of the service that it is done to is no surprise then. */
const disturbanceSchema = z.strictObject({
  fault: environmentFault,
  stage: name,
  /** Since the stage began. */
  afterSeconds: z.number().nonnegative().max(3600).default(0),
  /** Checks that should notice. */
  caughtBy: z.array(name).default([]),
});

/** Checks out of an agent's sight. */
const heldOutSchema = z.strictObject({
  /** Names of stages, invariants and targets. */
  checks: z.array(name).min(1),
  /** Globs of their files: hidden and protected. */
  files: z.array(z.string()).default([]),
  /** What a verdict says of those that do not hold. */
  tells: z.enum(['nothing', 'count', 'names']).default('nothing'),
});

/** What `defineTask` takes. Paths are relative to the task file's folder, which is the workspace. */
export const taskSchema = z.strictObject({
  name,
  /** The file that tells an agent what to do. */
  instruction: relativePath,
  /** The Compose file of the environment; or several, each laid over those before it. */
  compose: z.union([relativePath.transform((file) => [file]), z.array(relativePath).min(1)]),
  /** Values for `${NAME}` in the Compose file; they win over the caller's environment. */
  variables: z.record(z.string(), z.string()).default({}),
  stages: z.array(stageSchema).min(1, 'a task has at least one stage'),
  /** What the code under test and its harness report, by name. */
  measurements: z.record(name, sourceSchema).default({}),
  /** What others saw, by name: sources that the code under test does not control. */
  witnesses: z.record(name, sourceSchema).default({}),
  invariants: z
    .array(z.custom<Invariant>(isInvariant, 'not an invariant: use a kind such as bound, or your own'))
    .default([]),
  /** How fast it has to be, made by `target`: judged after all stages have passed. */
  targets: z.array(targetInput).default([]),
  /** How `gym verify --canary` tries this build beside the baseline's. */
  canary: canarySchema.optional(),
  /** What could be harmed, by name, in one sentence each: `gym risks` shows which checks guard it. */
  risks: z.record(name, z.string().min(1)).default({}),
  /** Failures of the running environment that `gym prove` and `gym verify --fault NAME` do while a stage runs. */
  disturbances: z.record(name, disturbanceSchema).default({}),
  /** Globs of source files in which `gym prove --full` makes small changes, to see whether a check notices. */
  mutate: z.array(z.string()).default([]),
  /** Faults that no check has to notice, by name, with the reason. */
  ignoredFaults: z.record(z.string(), z.string().min(1)).default({}),
  /** Checks that need not hold for a while, because a person said so. */
  waivers: z.array(waiverSchema).default([]),
  /** What changed in the workspace has to keep these as well: docs/trust.md. */
  guards: guardsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  /** Globs of files that an agent may not change: a verification takes them from the baseline. The task file and what it imports always are among them. */
  protected: z.array(z.string()).default([]),
  /** Globs of the only files that an agent may change; `protected` ones among them it may not. */
  edit: z.array(z.string()).default([]),
  /** Globs of files that an agent does not get to see. */
  hidden: z.array(z.string()).default(['start/**', 'solution/**', 'faults/**']),
  /** Checks that an agent does not get to see: judged once all others hold. */
  heldOut: heldOutSchema.optional(),
});

/** A task as its author writes it. */
export type TaskInput = z.input<typeof taskSchema>;
/** A task with all defaults filled in. */
export type TaskDefinition = z.output<typeof taskSchema>;

/** A task with its place on disk. */
export interface Task extends TaskDefinition {
  /** Absolute path of the task file. */
  readonly file: string;
  /** Absolute path of its folder: the workspace. */
  readonly root: string;
}

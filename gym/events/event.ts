import { z } from 'zod';
import { problem } from './problem.ts';

/** Version of the events; raised when a reader of older events would misread a newer one. */
export const eventVersion = 1;

/** States of a check, from best to worst: in `all`, the worst wins. */
export const stateNames = ['pass', 'waived', 'unknown', 'vacuous', 'fail', 'error'] as const;
/** State of a check or of a whole verdict. Meaning: docs/verdict.md. */
export const state = z.enum(stateNames);
export type State = z.infer<typeof state>;

/** Whether a check decides (`gate`), or is only told of where it does not hold (`warn`), or always (`info`). */
export const severity = z.enum(['gate', 'warn', 'info']);
export type Severity = z.infer<typeof severity>;

/** The steps of a verification, in order. `baseline` (its build comes up), `targets` and `canary` are only in those that need them. */
export const phase = z.enum(['snapshot', 'up', 'stages', 'evidence', 'baseline', 'targets', 'canary', 'judge', 'down']);
export type Phase = z.infer<typeof phase>;

/** Numbers of test cases of a stage. */
export const caseCounts = z.object({ passed: z.number(), failed: z.number(), skipped: z.number() });
export type CaseCounts = z.infer<typeof caseCounts>;

/** What has been used by an agent so far, in its own accounting; null where it does not tell. */
export const usage = z.object({
  /** Cached ones included. */
  inputTokens: z.number(),
  /** Those of them that were read from the cache. */
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number().nullable(),
  turns: z.number().nullable(),
  /** Tokens in and out by model name. */
  models: z.record(z.string(), z.object({ inputTokens: z.number(), outputTokens: z.number() })),
});
export type Usage = z.infer<typeof usage>;

/** How a loop ended. `done`: the judge said so (terminated). The others are truncations: a budget or a person ended it. */
export const loopEnd = z.enum([
  'done',
  'attempts',
  'minutes',
  'usd',
  'stalled',
  'stopped',
  'agent-failed',
  'environment',
]);
export type LoopEnd = z.infer<typeof loopEnd>;

const milliseconds = z.number().nonnegative();

/** A verification begins. */
const runStarted = z.object({
  type: z.literal('run.started'),
  task: z.string(),
  taskFile: z.string(),
  workspace: z.string(),
  pid: z.number(),
  /** Names of the stages and checks to come, so that a reader can show what is still waiting. */
  stages: z.array(z.string()),
  checks: z.array(z.string()),
  fault: z.string().optional(),
});
const runFinished = z.object({
  type: z.literal('run.finished'),
  state,
  exitCode: z.number(),
  durationMs: milliseconds,
  verdictFile: z.string(),
});
const phaseStarted = z.object({ type: z.literal('phase.started'), phase });
const phaseFinished = z.object({ type: z.literal('phase.finished'), phase, durationMs: milliseconds });
const snapshotTaken = z.object({
  type: z.literal('snapshot.taken'),
  directory: z.string(),
  files: z.number(),
  bytes: z.number(),
  hash: z.string(),
  /** Protected files whose content was not the baseline's and was laid over. */
  restored: z.array(z.string()),
});
const imageReady = z.object({
  type: z.literal('image.ready'),
  service: z.string(),
  image: z.string(),
  how: z.enum(['present', 'cached', 'built', 'pulled']),
  durationMs: milliseconds,
});

/** How long an environment took to come up, and what the time went to. Told after a failure too, with the phases that were reached. */
const upTimed = z.object({
  type: z.literal('up.timed'),
  totalMs: milliseconds,
  /** Images, networks and volumes are made at the same time, containers are started as their dependencies allow. */
  phasesMs: z
    .object({
      compose: milliseconds,
      connect: milliseconds,
      images: milliseconds,
      networks: milliseconds,
      volumes: milliseconds,
      create: milliseconds,
      start: milliseconds,
    })
    .partial(),
  /** From the beginning until each service was ready, or had done its work. */
  readyMs: z.record(z.string(), milliseconds),
});

/**
 *     created -> started -> ready -> exited
 *                   '---------------^
 * `exited` before `ready` is the end of a one-shot service, or a failure that the exit code tells.
 */
export const serviceState = z.enum(['created', 'started', 'ready', 'exited', 'removed']);
export type ServiceState = z.infer<typeof serviceState>;
const serviceChanged = z.object({
  type: z.literal('service.changed'),
  service: z.string(),
  state: serviceState,
  container: z.string().optional(),
  exitCode: z.number().optional(),
  detail: z.string().optional(),
});
/** A log file that is being written from now on; events never hold its lines. */
const logOpened = z.object({
  type: z.literal('log.opened'),
  source: z.enum(['service', 'stage', 'agent']),
  name: z.string(),
  file: z.string(),
});
const stageStarted = z.object({ type: z.literal('stage.started'), stage: z.string(), command: z.string() });
const stageFinished = z.object({
  type: z.literal('stage.finished'),
  stage: z.string(),
  state,
  because: z.string(),
  cases: caseCounts.nullable(),
  exitCode: z.number().nullable(),
  durationMs: milliseconds,
  /** The run that it was taken from: nothing that it depends on has changed since. */
  cachedFrom: z.string().optional(),
});
const evidenceRead = z.object({
  type: z.literal('evidence.read'),
  source: z.string(),
  witness: z.boolean(),
  samples: z.number(),
  problem: z.string().optional(),
});
const checkJudged = z.object({
  type: z.literal('check.judged'),
  check: z.string(),
  kind: z.string(),
  severity: severity.default('gate'),
  state,
  because: z.string(),
  distance: z.number().nullable(),
});
const problemFound = z.object({ type: z.literal('problem.found'), problem });
/** Plain words about progress that change no state: what a setup step does, why something is waited for. */
const noted = z.object({ type: z.literal('noted'), text: z.string() });

const loopStarted = z.object({
  type: z.literal('loop.started'),
  task: z.string(),
  agent: z.string(),
  branch: z.string(),
  worktree: z.string(),
  limits: z.object({ attempts: z.number(), minutes: z.number(), usd: z.number().nullable() }),
});
const attemptStarted = z.object({ type: z.literal('attempt.started'), attempt: z.number() });
const agentActed = z.object({
  type: z.literal('agent.acted'),
  attempt: z.number(),
  act: z.enum(['says', 'reads', 'edits', 'runs', 'uses', 'fails']),
  text: z.string(),
});
const agentUsed = z.object({ type: z.literal('agent.used'), attempt: z.number(), usage });
const attemptSaved = z.object({
  type: z.literal('attempt.saved'),
  attempt: z.number(),
  commit: z.string(),
  files: z.number(),
});
const attemptJudged = z.object({
  type: z.literal('attempt.judged'),
  /** 0 is the start state, before any agent. */
  attempt: z.number(),
  judgedRun: z.string(),
  state,
  distance: z.number().nullable(),
  headline: z.string(),
  durationMs: milliseconds,
});
const loopFinished = z.object({
  type: z.literal('loop.finished'),
  end: loopEnd,
  because: z.string(),
  attempts: z.number(),
  branch: z.string(),
  durationMs: milliseconds,
});

/** What can happen. Readers fold these; none has another source. */
export const eventBody = z.discriminatedUnion('type', [
  runStarted,
  runFinished,
  phaseStarted,
  phaseFinished,
  snapshotTaken,
  imageReady,
  upTimed,
  serviceChanged,
  logOpened,
  stageStarted,
  stageFinished,
  evidenceRead,
  checkJudged,
  problemFound,
  noted,
  loopStarted,
  attemptStarted,
  agentActed,
  agentUsed,
  attemptSaved,
  attemptJudged,
  loopFinished,
]);
export type EventBody = z.infer<typeof eventBody>;

/** The envelope: version, position in its log, the run or loop that it belongs to, epoch milliseconds, and the step within which it happened. */
export const envelope = z.object({
  v: z.literal(eventVersion),
  seq: z.number().int().nonnegative(),
  run: z.string(),
  at: z.number(),
  span: z.string(),
});
/** One event as a line of events.ndjson. */
export const event = z.intersection(envelope, eventBody);
export type Event = z.infer<typeof event>;

/** Hands an event's body on; the log adds the envelope. */
export type Emit = (body: EventBody) => void;

// The public API: what a task file or a program imports from 'devgym'. A task file is on the start path of every command, so that what only
// programs need is loaded when it is called.

export { z } from 'zod';
export { agree } from '../invariants/agree.ts';
export { bound } from '../invariants/bound.ts';
export { all, any, atLeast, when } from '../invariants/combine.ts';
export { conservation } from '../invariants/conservation.ts';
export { differential } from '../invariants/differential.ts';
export { log } from '../invariants/log.ts';
export { metamorphic } from '../invariants/metamorphic.ts';
export { monotonic } from '../invariants/monotonic.ts';
export { ordering } from '../invariants/ordering.ts';
export { policy } from '../invariants/policy.ts';
export { ratio } from '../invariants/ratio.ts';
export { recovery } from '../invariants/recovery.ts';
export type { Rule, Violation } from '../invariants/rules/rule.ts';
export * as rules from '../invariants/rules/rules.ts';
export { always, never, sometimes } from '../invariants/samples.ts';
export { schema } from '../invariants/schema.ts';
export { slo } from '../invariants/slo.ts';
export { unique } from '../invariants/unique.ts';
export {
  type CallOptions,
  events,
  GymError,
  type LoopOptions,
  loop,
  type VerifyOptions,
  verify,
} from './api/public.ts';
export type { Event, State } from './events/event.ts';
export type { Problem } from './events/problem.ts';
export {
  absolute,
  add,
  count,
  max,
  min,
  type Quantity,
  resolve,
  resolveSeries,
  type Series,
  series,
  subtract,
  sum,
} from './judge/quantity.ts';
export { abs, anyOf, exact, rel, type Tolerance, ulp } from './judge/tolerance.ts';
export type { Verdict } from './judge/verdict.ts';
export type { LoopReport } from './loop/report.ts';
export { defineTask } from './task/define.ts';
export { defineInvariant, type Invariant, invariantBase, type Looked, type TamperingName } from './task/invariant.ts';
export { type CheckResult, type Judgement, type Part, unknown, vacuous } from './task/judgement.ts';
export type { Document, Evidence, Reading, Sample, SampleInput } from './task/measurement.ts';
export type { Task, TaskDefinition, TaskInput } from './task/schema.ts';
export {
  containerStats,
  csv,
  defineSource,
  exec,
  http,
  json,
  kernelCounters,
  load,
  logLines,
  mysql,
  ndjson,
  networkCounters,
  type OwnFound,
  postgres,
  prometheus,
  redis,
  type Source,
  type SourceContext,
  serviceFiles,
  sqlite,
  volumeFiles,
  workspaceFiles,
} from './task/source.ts';
export { type Target, target } from './task/target.ts';

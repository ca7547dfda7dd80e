import { z } from 'zod';
import { type Severity, severity } from '../events/event.ts';
import { DefinitionError } from './definition-error.ts';
import { forAuthors } from './issues.ts';
import { broken, type Judgement, judgement } from './judgement.ts';
import type { Evidence } from './measurement.ts';

/** What every kind of invariant has. */
export const invariantBase = {
  /** Unique among the checks of the task; it is what a failure is called by. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a check is named in lower case, digits and hyphens'),
  /** The claim in one sentence; each kind has a default. */
  claim: z.string().optional(),
  /** `gate` decides; the others do not: a `warn` that does not hold is in the headline, an `info` only in the list of checks. */
  severity: severity.default('gate'),
  /** What would be harmed if it did not hold: names of the task's risks. */
  risk: z.array(z.string().min(1)).default([]),
  /** Whom to ask. */
  owner: z.string().min(1).optional(),
};

/** What every invariant's specification has, defaults filled in. */
interface BaseSpec {
  readonly name: string;
  readonly claim?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly risk?: readonly string[] | undefined;
  readonly owner?: string | undefined;
}

/** Samples that a check looks at: a metric `source.metric`, of those with these labels, in groups. */
export interface Looked {
  readonly metric: string;
  readonly where: Readonly<Record<string, string | readonly string[]>>;
  readonly by: readonly string[];
}

/**
 * Ways to tamper with what was measured, which a kind says its checks notice: one group's values scaled, its largest sample dropped or
 * given twice, the values of two groups swapped, samples put in another order, all values made the same, a log's end cut off, a
 * record damaged. Taking all samples away, NaN, a stale reading and a missing one must be noticed by every kind.
 */
export const tamperingNames = [
  'scale',
  'drop',
  'duplicate',
  'swap',
  'reorder',
  'constant',
  'truncate',
  'damage',
] as const;
export type TamperingName = (typeof tamperingNames)[number];

/** A claim over measurements, ready to be judged. Made by a kind's function, as in `conservation({...})`. */
export interface Invariant {
  readonly name: string;
  readonly kind: string;
  readonly claim: string;
  readonly severity: Severity;
  readonly risk: readonly string[];
  readonly owner?: string;
  /** The samples that it looks at: what can be tampered with to see whether it notices. */
  readonly looksAt: readonly Looked[];
  /** Ways of tampering with any of them that make it fail where it passed. */
  readonly notices: readonly TamperingName[];
  /** Names of the measurements and witnesses it needs. */
  readonly sources: readonly string[];
  /** Services whose logs it needs. */
  readonly services: readonly string[];
  /** Whether it looks at the same sources of the baseline's build as well. */
  readonly comparesBuilds: boolean;
  /** Pure: the same evidence gives the same judgement. A throw becomes the state `error`. */
  readonly judge: (evidence: Evidence) => Judgement;
}

const invariantShape = z.looseObject({
  name: invariantBase.name,
  kind: z.string(),
  claim: z.string(),
  severity,
  risk: z.array(z.string()),
  looksAt: z.array(z.looseObject({ metric: z.string() })),
  notices: z.array(z.string()),
  sources: z.array(z.string()),
  services: z.array(z.string()),
  comparesBuilds: z.boolean(),
});
/** Whether a value is what a kind's function gives. */
export const isInvariant = (value: unknown): value is Invariant =>
  typeof value === 'object' &&
  value !== null &&
  'judge' in value &&
  typeof value.judge === 'function' &&
  invariantShape.safeParse(value).success;

/** How a kind of invariant is defined: its schema, what it claims and looks at, its judgement, and what makes it fail. */
export interface KindDefinition<Schema extends z.ZodType<BaseSpec>> {
  readonly kind: string;
  readonly schema: Schema;
  readonly claim: (spec: z.output<Schema>) => string;
  /** Samples that it looks at; their sources are needed. */
  readonly looksAt?: (spec: z.output<Schema>) => readonly Looked[];
  /** Sources that it needs besides: those whose documents it reads. */
  readonly sources?: (spec: z.output<Schema>) => readonly string[];
  readonly services?: (spec: z.output<Schema>) => readonly string[];
  /** Whether it needs `evidence.baseline`; by default not. */
  readonly comparesBuilds?: (spec: z.output<Schema>) => boolean;
  readonly judge: (spec: z.output<Schema>, evidence: Evidence) => Judgement;
  /** Which ways of tampering make a check fail that passed; none: nothing is promised. */
  readonly notices?: (spec: z.output<Schema>) => readonly TamperingName[];
}

/**
 * Makes a kind of invariant: a function from its specification to an invariant.
 * A specification that does not fit the schema is a DefinitionError with the place of the call.
 */
export function defineInvariant<Schema extends z.ZodType<BaseSpec>>(
  definition: KindDefinition<Schema>,
): (spec: z.input<Schema>) => Invariant {
  return function make(spec) {
    const parsed = definition.schema.safeParse(spec, forAuthors);
    if (!parsed.success) throw new DefinitionError(definition.kind, parsed.error.issues, make);
    const checked = parsed.data;
    const looksAt = definition.looksAt?.(checked) ?? [];
    const sources = looksAt.map(({ metric }) => metric.slice(0, metric.indexOf('.')));
    return {
      name: checked.name,
      kind: definition.kind,
      claim: checked.claim ?? definition.claim(checked),
      severity: checked.severity ?? 'gate',
      risk: checked.risk ?? [],
      ...(checked.owner !== undefined && { owner: checked.owner }),
      looksAt,
      notices: definition.notices?.(checked) ?? [],
      sources: [...new Set([...sources, ...(definition.sources?.(checked) ?? [])])],
      services: definition.services?.(checked) ?? [],
      comparesBuilds: definition.comparesBuilds?.(checked) ?? false,
      judge: (evidence) => judgeSafely(() => definition.judge(checked, evidence)),
    };
  };
}

/** A judgement whose state, distance and margin fit together. */
const soundJudgement = judgement
  .refine(
    ({ state, distance }) => (state !== 'pass' && state !== 'fail') || (state === 'pass') === (distance === 0),
    'a distance is 0 if and only if it passes',
  )
  .refine(({ state, distance, margin }) => {
    const isOpen = state === 'unknown' || state === 'vacuous' || state === 'error';
    return isOpen === (distance === null) && isOpen === (margin === null);
  }, 'distance and margin are null if and only if it could not be judged');

/** A crash of a check, or a judgement that is none (a promise, NaN), is the check's error, never a pass. */
function judgeSafely(judge: () => unknown): Judgement {
  try {
    const given = soundJudgement.safeParse(judge());
    if (given.success) return given.data;
    const [issue] = given.error.issues;
    return broken(`the check gave no judgement: ${[...(issue?.path ?? []), ''].join(': ')}${issue?.message}`);
  } catch (thrown) {
    return broken(`the check threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`);
  }
}

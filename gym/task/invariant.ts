import { z } from 'zod';
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
};

/** A claim over measurements, ready to be judged. Made by a kind's function, as in `conservation({...})`. */
export interface Invariant {
  readonly name: string;
  readonly kind: string;
  readonly claim: string;
  /** Names of the measurements and witnesses it needs. */
  readonly sources: readonly string[];
  /** Services whose logs it needs. */
  readonly services: readonly string[];
  /** Pure: the same evidence gives the same judgement. A throw becomes the state `error`. */
  readonly judge: (evidence: Evidence) => Judgement;
}

/** How a kind of invariant is defined: its schema, what it claims and needs, and its judgement. */
export interface KindDefinition<Schema extends z.ZodType<{ name: string; claim?: string | undefined }>> {
  readonly kind: string;
  readonly schema: Schema;
  readonly claim: (spec: z.output<Schema>) => string;
  readonly sources: (spec: z.output<Schema>) => readonly string[];
  readonly services?: (spec: z.output<Schema>) => readonly string[];
  readonly judge: (spec: z.output<Schema>, evidence: Evidence) => Judgement;
}

/**
 * Makes a kind of invariant: a function from its specification to an invariant.
 * A specification that does not fit the schema is a DefinitionError with the place of the call.
 */
export function defineInvariant<Schema extends z.ZodType<{ name: string; claim?: string | undefined }>>(
  definition: KindDefinition<Schema>,
): (spec: z.input<Schema>) => Invariant {
  return function make(spec) {
    const parsed = definition.schema.safeParse(spec, forAuthors);
    if (!parsed.success) throw new DefinitionError(definition.kind, parsed.error.issues, make);
    const checked = parsed.data;
    return {
      name: checked.name,
      kind: definition.kind,
      claim: checked.claim ?? definition.claim(checked),
      sources: [...new Set(definition.sources(checked))],
      services: definition.services?.(checked) ?? [],
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

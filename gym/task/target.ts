import { z } from 'zod';
import { type LoadPlan, loadPlan } from '../load/plan.ts';
import { DefinitionError } from './definition-error.ts';
import { invariantBase } from './invariant.ts';
import { forAuthors } from './issues.ts';
import { unit } from './measurement.ts';
import { hasPlace, placeNeeded } from './workdir.ts';

const share = z.number().gt(0).lt(1);

/** What one run of a command gives. */
const commandMeasure = z
  .strictObject({
    kind: z.literal('command'),
    /** The service in which it runs; none: on the host, in the build's folder. */
    service: z.string().optional(),
    /** A list is run as it is; a string by `sh -c`. */
    command: z.union([z.string().min(1), z.array(z.string()).min(1)]),
    workdir: z.string().optional(),
    env: z.record(z.string(), z.string()).default({}),
    /**
     * `duration`: how long it took, in milliseconds. `printed`: the number in the last line of its output. `instructions`: how many the
     * processor carried out for it, by `perf stat` or else `valgrind`, whichever is there.
     */
    gives: z.enum(['duration', 'printed', 'instructions']).default('duration'),
    /** The unit of a number that is printed. */
    unit: unit.optional(),
    better: z.enum(['less', 'more']).default('less'),
    /** The same code always gives the same number: then one pair is enough, and a repeat shows that it is so. Instructions are meant to be. */
    exact: z.boolean().optional(),
    /** Runs of each build that come first and are not counted. */
    warmUps: z.number().int().min(0).max(1000).default(1),
    timeoutSeconds: z.number().positive().max(3600).default(60),
  })
  .refine(hasPlace, placeNeeded);

/** What one load gives, made from the beginning to the end for each number. */
const loadMeasure = z.strictObject({
  kind: z.literal('load'),
  /** Network of the Compose file that it comes from. */
  network: z.string().default('default'),
  plan: loadPlan,
  /** A quantile of the latencies, in milliseconds, or the right answers a second. */
  gives: z.enum(['p50', 'p90', 'p95', 'p99', 'p999', 'throughput']),
  warmUps: z.number().int().min(0).max(10).default(1),
});

const measure = z.discriminatedUnion('kind', [commandMeasure, loadMeasure]);
/** What is measured: a number above 0 each time. */
export type Measure = z.output<typeof measure>;
export type CommandMeasure = z.output<typeof commandMeasure>;
export type LoadMeasure = z.output<typeof loadMeasure> & { readonly plan: LoadPlan };

const against = z.discriminatedUnion('kind', [
  /** The build of the baseline, measured beside this one: at most so much worse (0.05: 5 %), or at most that share of it (0.8: a fifth less). */
  z
    .strictObject({
      kind: z.literal('baseline'),
      noWorse: z.number().min(0).max(10).optional(),
      improve: share.optional(),
    })
    .refine(
      ({ noWorse, improve }) => (noWorse === undefined) !== (improve === undefined),
      'name either noWorse or improve',
    ),
  /** The best so far, as `ratchet.json` beside the task file has it: at most so much worse. */
  z.strictObject({
    kind: z.literal('ratchet'),
    noWorse: z.number().min(0).max(10).default(0),
    runs: z.number().int().min(1).max(10_000).optional(),
  }),
  /** A number: the quantile of so many runs is on its good side, with the confidence. */
  z.strictObject({
    kind: z.literal('limit'),
    limit: z.number().positive(),
    quantile: share.default(0.5),
    confidence: share.default(0.95),
    runs: z.number().int().min(1).max(10_000).optional(),
  }),
]);
/** What it is held against. */
export type Against = z.output<typeof against>;

const targetSchema = z
  .strictObject({ ...invariantBase, measure, against })
  .superRefine(({ measure, against }, context) => {
    const wrong = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (measure.kind === 'command' && (measure.gives === 'printed') !== (measure.unit !== undefined))
      wrong(['measure', 'unit'], 'the unit of what is printed, and of nothing else');
    const isExact = isExactMeasure(measure);
    if (!isExact && against.kind === 'baseline' && against.noWorse === 0)
      wrong(
        ['against', 'noWorse'],
        'what is measured with noise cannot be shown to be no worse at all: allow a little',
      );
  });

/** A performance target of a task. */
export type Target = z.output<typeof targetSchema>;

/** Whether a measure gives the same number each time. */
export function isExactMeasure(of: Measure): boolean {
  return of.kind === 'command' && (of.exact ?? of.gives === 'instructions');
}

/** Whether less is better. */
export function isLessBetter(of: Measure): boolean {
  return of.kind === 'command' ? of.better === 'less' : of.gives !== 'throughput';
}

/**
 * A performance target: what is measured, and against what. It is judged after all stages have passed, and may come out as `unknown`, with
 * how much it would take to tell.
 *
 * @example
 * target({
 *   name: 'import-time',
 *   measure: { kind: 'command', service: 'app', command: 'node import.js' },
 *   against: { kind: 'baseline', noWorse: 0.05 },
 * });
 */
export function target(spec: z.input<typeof targetSchema>): Target {
  const parsed = targetSchema.safeParse(spec, forAuthors);
  if (!parsed.success) throw new DefinitionError('target', parsed.error.issues, target);
  return parsed.data;
}

/** What a task has in its list of targets: as `target` gives it, or the same written down. */
export const targetInput = targetSchema;

/** Name of the check that a canary comes to. */
export const canaryCheck = 'canary';

/** How a new build is tried beside the baseline's, both under the same load, before it goes out. */
export const canarySchema = z.strictObject({
  /** Name of a `load` among the task's measurements: whom it is for, and what is sent. */
  load: z.string().min(1),
  /** Arrivals a second for each of the two. */
  perSecond: z.number().positive(),
  /** How long at most. */
  seconds: z.number().min(4).max(3600).default(60),
  /** Names of the invariants that are watched; all that they look at comes from that load. */
  slos: z.array(z.string().min(1)).min(1),
});
export type Canary = z.output<typeof canarySchema>;

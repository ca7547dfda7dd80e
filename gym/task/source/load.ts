import { z } from 'zod';
import { loadPlan } from '../../load/plan.ts';
import { made, stageName } from './shared.ts';

/**
 * A load that gym makes after a stage that passed, from a container of its own, and what came of it. Gives by `request`: latency_ms, one sample for
 * each arrival, from its intended start (up to 100,000 of them, chosen by chance where there are more); arrivals, sent, answered,
 * late, dropped, and errors by `kind`; and window_latency_ms by `second` and `quantile`.
 */
export const loadSource = z.strictObject({
  kind: z.literal('load'),
  /** The stage after which it is made, once the stage's other sources have been read. */
  stage: stageName,
  /** Network of the Compose file that it comes from. */
  network: z.string().default('default'),
  plan: loadPlan,
});
export type LoadSource = z.output<typeof loadSource>;

/** A load in an open loop, made on the environment's network: latencies as those see them who come when they come. */
export function load(spec: Omit<z.input<typeof loadSource>, 'kind'>): LoadSource {
  return made('load', loadSource, { kind: 'load', ...spec }, load);
}

import { join } from 'node:path';
import { sum } from '../../../gym/judge/quantity.ts';
import type { Invariant } from '../../../gym/task/invariant.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { agree } from '../../../invariants/agree.ts';
import { bound } from '../../../invariants/bound.ts';
import { all, any, atLeast, when } from '../../../invariants/combine.ts';
import { conservation } from '../../../invariants/conservation.ts';
import { log } from '../../../invariants/log.ts';
import { evidenceOf, samples } from '../judge/samples.ts';

/** A check of each kind, with evidence on which it passes; every promise that a kind makes is tried on them. */
export interface Example {
  readonly invariant: Invariant;
  readonly evidence: Evidence;
}

const by = { by: ['channel'] };
const flows = { tcp: 5n, shm: 7n };
const flowing = evidenceOf({
  known: [...samples('total', 12n), ...samples('bytes', flows)],
  got: samples('bytes', flows),
});
const agreed = agree({ name: 'a', observed: sum('got.bytes', by), witnesses: { known: sum('known.bytes', by) } });
const bounded = bound({ name: 'b', quantity: sum('got.bytes', by), atLeast: 1, atMost: 9 });

/** Every kind of the catalogue is here, under its own name (a test compares). */
export const examples: readonly Example[] = [
  {
    invariant: conservation({ name: 'c', total: sum('known.total'), parts: sum('got.bytes', by) }),
    evidence: flowing,
  },
  {
    invariant: conservation({
      name: 'c',
      total: sum('known.total'),
      parts: sum('got.bytes', by),
      expectedParts: sum('known.bytes', by),
    }),
    evidence: flowing,
  },
  { invariant: agreed, evidence: flowing },
  { invariant: bounded, evidence: flowing },
  { invariant: all({ name: 'x', of: [agreed, bounded] }), evidence: flowing },
  { invariant: any({ name: 'x', of: [agreed] }), evidence: flowing },
  { invariant: atLeast({ name: 'x', of: [agreed, bounded], count: 2 }), evidence: flowing },
  { invariant: when({ name: 'x', condition: bounded, holds: agreed }), evidence: flowing },
  {
    invariant: log({ name: 'l', services: ['app'], line: { pattern: 'ready' }, expect: 'present' }),
    evidence: evidenceOf({}, [{ service: 'app', file: join(import.meta.dirname, '../../fixtures/logs/ready.log') }]),
  },
];

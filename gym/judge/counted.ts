import type { Judgement, Part } from '../task/judgement.ts';

/** Parts that a judgement holds at most: of a million samples that are off, the first ones tell enough. */
export const partsKept = 100;

/** What was counted: how many of how many break the claim, and which. */
interface Counted {
  readonly breaks: number;
  readonly of: number;
  readonly because: string;
  readonly parts?: readonly Part[];
  readonly evidence?: Judgement['evidence'];
}

/** A judgement by counting: the margin is how many break the claim, below zero, and the distance is their share. */
export function judgeCounted({ breaks, of, because, parts = [], evidence = [] }: Counted): Judgement {
  return {
    state: breaks === 0 ? 'pass' : 'fail',
    because,
    margin: 0 - breaks,
    distance: breaks === 0 ? 0 : breaks / Math.max(of, 1),
    unit: 'count',
    parts: parts.slice(0, partsKept),
    evidence: evidence.slice(0, partsKept),
  };
}

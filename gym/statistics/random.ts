import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Numbers at random that are the same under the same seed. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  unit(): number;
  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number;
}

/** A generator of its own under `seed`, a whole number (xoroshiro128+ of pure-rand). */
export function seeded(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return { unit: () => uniformFloat64(generator), below: (limit) => uniformInt(generator, 0, limit - 1) };
}

import type { Columns } from './columns.ts';

/** Sums are kept modulo 2^48: exact in a double, with room to add 2^20 hashes of 32 bits before reducing. */
const MODULUS = 2 ** 48;
const ROWS_PER_REDUCTION = 2 ** 20;

/** A checksum of a set of rows that does not depend on their order: two sums of 32-bit row hashes modulo 2^48. */
export interface Checksum {
  readonly a: number;
  readonly b: number;
}

/** The checksum of no rows. */
export const EMPTY_CHECKSUM: Checksum = { a: 0, b: 0 };

/** The checksum of two disjoint sets of rows together. */
export function addChecksums(left: Checksum, right: Checksum): Checksum {
  return { a: (left.a + right.a) % MODULUS, b: (left.b + right.b) % MODULUS };
}

/** Whether two checksums are the same. */
export function sameChecksum(left: Checksum, right: Checksum): boolean {
  return left.a === right.a && left.b === right.b;
}

/** As 24 hexadecimal digits, for logs and reports. */
export function formatChecksum(checksum: Checksum): string {
  return checksum.a.toString(16).padStart(12, '0') + checksum.b.toString(16).padStart(12, '0');
}

/** The checksum of all rows of some columns. */
export function checksumOf(columns: Columns): Checksum {
  const { delay, distance, time } = columns;
  const timeBits = new Int32Array(time.buffer, time.byteOffset, time.length);
  const rows = distance.length;
  let a = 0;
  let b = 0;
  for (let row = 0; row < rows; row++) {
    const key = ((delay[row] as number) << 16) | ((distance[row] as number) & 0xffff);
    let hash = Math.imul(key, 0x9e3779b1) ^ Math.imul(timeBits[row] as number, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 12;
    a += hash >>> 0;
    hash = Math.imul(hash ^ key, 0x297a2d39);
    hash ^= hash >>> 15;
    b += hash >>> 0;
    if (row % ROWS_PER_REDUCTION === ROWS_PER_REDUCTION - 1) {
      a %= MODULUS;
      b %= MODULUS;
    }
  }
  return { a: a % MODULUS, b: b % MODULUS };
}

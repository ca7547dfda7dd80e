import { setTimeout as sleep } from 'node:timers/promises';

/** When connections are reset: after a number of bytes, both ways together, or a share of them at once, decided by a seed. */
export type ResetShape = { readonly afterBytes: number } | { readonly probability: number; readonly seed: number };

/** How long the last bytes get to leave the kernel before a reset, which would throw them away. */
const lingerMs = 20;

/** Waits until a time of the monotonic clock, in milliseconds. */
export async function due(at: number): Promise<void> {
  // A timer may fire a fraction of a millisecond early.
  for (let waitMs = at - performance.now(); waitMs > 0; waitMs = at - performance.now()) await sleep(Math.ceil(waitMs));
}

/** A line of a bandwidth, shared by all connections: each slice takes its time, one after the other. */
export class Line {
  readonly sliceBytes: number;
  readonly #msPerByte: number;
  #freeAt = 0;

  constructor(bytesPerSecond: number | null) {
    this.#msPerByte = bytesPerSecond === null ? 0 : 1000 / bytesPerSecond;
    // About 20 ms a slice: smooth, and few timers.
    this.sliceBytes =
      bytesPerSecond === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.min(65_536, bytesPerSecond / 50) | 0);
  }

  async carry(bytes: number): Promise<void> {
    if (this.#msPerByte === 0) return;
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + bytes * this.#msPerByte;
    await due(this.#freeAt);
  }
}

/** The bytes that a connection may carry, both ways together, before it is reset. */
export class Quota {
  #left: number;
  readonly #reset: () => void;

  constructor(shape: ResetShape | null, reset: () => void) {
    this.#left = shape !== null && 'afterBytes' in shape ? shape.afterBytes : Number.POSITIVE_INFINITY;
    this.#reset = reset;
  }

  /** How many of these bytes may go. */
  take(bytes: number): number {
    const taken = Math.max(0, Math.min(bytes, this.#left));
    this.#left -= taken;
    return taken;
  }

  /** Resets the connection where nothing is left, once. */
  async isUsedUp(): Promise<boolean> {
    if (this.#left > 0) return false;
    await sleep(lingerMs);
    if (this.#left === 0) this.#reset();
    this.#left = -1;
    return true;
  }
}

/** Decides connection by connection, in their order, whether it is reset at once. The same seed decides the same. */
export function chooser(shape: ResetShape | null): () => boolean {
  if (shape === null) return () => false;
  if ('afterBytes' in shape) return () => shape.afterBytes === 0;
  // mulberry32
  let state = shape.seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < shape.probability;
  };
}

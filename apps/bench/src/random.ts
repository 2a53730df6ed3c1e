/**
 * Random numbers that can be had again: a second generator with the same seed replays what the first one chose.
 */

/** A seeded generator (xorshift, 32 bits); cheap enough to run between two writes. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e37_79b1) | 1
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return Math.floor(((x >>> 0) / 0x1_0000_0000) * limit)
  }
}

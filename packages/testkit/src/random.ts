/**
 * Randomness that can be had again: one seed gives one sequence, on every machine.
 */

/** A seeded source of random numbers (sfc32). */
export class Random {
  /** The seed it was made with; print it when a test fails. */
  readonly seed: number
  #a: number
  #b = 0x9e37_79b9
  #c = 0x243f_6a88
  #counter = 1

  constructor(seed: number) {
    this.seed = seed
    this.#a = seed | 0
    for (let i = 0; i < 12; i++) this.word()
  }

  /** 32 random bits, unsigned. */
  word(): number {
    const result = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) * limit)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }

  /** A whole number below `limit`, small ones far more often than large ones. */
  skewed(limit: number): number {
    return this.below(this.below(limit) + 1)
  }

  /** Random bytes; `alphabet` values only, if given. */
  bytes(length: number, alphabet = 256): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.below(alphabet)
    return bytes
  }

  /** Puts the items in random order, in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const other = this.below(i + 1)
      const item = items[i]
      items[i] = items[other]
      items[other] = item
    }
    return items
  }
}

/** The seed for a test run: from the environment variable `LSM_SEED`, so that a failure can be replayed, else `fallback`. */
export function testSeed(fallback: number): number {
  const given = process.env['LSM_SEED']
  return given === undefined ? fallback : Number(given)
}

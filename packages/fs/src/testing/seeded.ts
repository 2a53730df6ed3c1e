/**
 * Randomness from a seed (mulberry32): the same crash again, on every machine.
 */

/** Gives whole numbers from 0 to `limit - 1`. */
export type Seeded = (limit: number) => number

/** Makes a source of random numbers. */
export function seeded(seed: number): Seeded {
  let state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) | 0
  return limit => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
  }
}

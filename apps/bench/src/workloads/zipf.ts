/**
 * Ranks as popularity has them: rank 0 is asked for most, rank n about (n + 1)^-0.99 times as often.
 *
 * The method is that of Gray and others, "Quickly generating billion-record synthetic databases" (1994), which YCSB uses:
 * one power for each rank, after one sum over all of them.
 */
import type { Random } from '../random.ts'

const THETA = 0.99

/** Draws ranks below `count`. */
export class Zipf {
  readonly #random: Random
  readonly #count: number
  readonly #zeta: number
  readonly #eta: number

  constructor(random: Random, count: number) {
    this.#random = random
    this.#count = count
    this.#zeta = zeta(count)
    this.#eta = (1 - (2 / count) ** (1 - THETA)) / (1 - zeta(2) / this.#zeta)
  }

  /** The next rank. */
  next(): number {
    const uniform = this.#random.below(DIVISIONS) / DIVISIONS
    const part = uniform * this.#zeta
    if (part < 1) return 0
    if (part < 1 + 0.5 ** THETA) return 1
    const rank = Math.floor(this.#count * (this.#eta * uniform - this.#eta + 1) ** (1 / (1 - THETA)))
    return Math.min(rank, this.#count - 1)
  }
}

const DIVISIONS = 2 ** 32

function zeta(count: number): number {
  let sum = 0
  for (let rank = 1; rank <= count; rank++) sum += rank ** -THETA
  return sum
}

/**
 * Whether a key may be in the table: a Bloom filter whose bits for one key all lie in one cache line.
 *
 * A look-up asks it first, so that a key that is not here costs one cache miss instead of a descent.
 *
 *     line  = the high bits of the key's hash
 *     bit i = the high nine bits of hash * GOLDEN ^ (i + 1), for i from 0 to 5
 *
 * 1. It never says no of a key that was added.
 * 2. It has a power of two of lines, from the table's capacity: 10 to 20 bits a key for entries of 150 bytes, about 1 % of
 *    wrong answers or fewer. Smaller entries make it fuller, and a look-up then costs a descent more often.
 */

const LINE_BYTES = 64
const LINE_WORDS = 16
const PROBES = 6
const GOLDEN = 0x9e37_79b1

/** Bytes of the filter for a table of a given capacity: a power of two, about a hundredth of it. */
export function filterSize(capacity: number): number {
  return Math.max(LINE_BYTES, 2 ** Math.floor(Math.log2(capacity / 64)))
}

/** See the head of this file. */
export class BlockedBloom {
  readonly #words: Int32Array
  readonly #shift: number

  /** @param size - bytes, as from {@link filterSize}; they start at `offset` in the buffer. */
  constructor(buffer: SharedArrayBuffer, offset: number, size: number) {
    this.#words = new Int32Array(buffer, offset, size / 4)
    this.#shift = 31 - Math.log2(size / LINE_BYTES)
  }

  /** Forgets every key. */
  clear(): void {
    this.#words.fill(0)
  }

  /** Adds a key by its hash. */
  add(hash: number): void {
    const words = this.#words
    const line = this.#line(hash)
    let bits = hash
    for (let probe = 0; probe < PROBES; probe++) {
      bits = Math.imul(bits, GOLDEN)
      words[line + (bits >>> 28)] |= 1 << (bits >>> 23)
    }
  }

  /** Whether a key with this hash may have been added. */
  mayContain(hash: number): boolean {
    const words = this.#words
    const line = this.#line(hash)
    let bits = hash
    for (let probe = 0; probe < PROBES; probe++) {
      bits = Math.imul(bits, GOLDEN)
      if (((words[line + (bits >>> 28)] >>> (bits >>> 23)) & 1) === 0) return false
    }
    return true
  }

  /** The first word of a hash's line. Shifted twice, because a shift by 32 does nothing. */
  #line(hash: number): number {
    return ((hash >>> 1) >>> this.#shift) * LINE_WORDS
  }
}

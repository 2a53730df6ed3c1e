/**
 * Our filter for a whole table: a Bloom filter whose bits for one key all lie in one line of 64 bytes.
 *
 *     contents = line*          64 bytes each
 *              | fixed32        how many lines, 1 to 2^21
 *              | u8             probes: bits for a key, 1 to 30
 *              | u8             version, 1
 *              | u8 u8          zero
 *
 *     line of a key = floor(hash × lines / 2^32)
 *     bits of a key = g >>> 23 for g = hash × m, hash × m², hash × m³, ... modulo 2^32;  m = 0x9e3779b1
 *
 * Bit b of a line is bit `b & 7` of its byte `b >> 3`.
 *
 * A probe costs one line of the processor's cache where a filter spread over the whole table costs one for each bit,
 * and there is no division. LevelDB skips a metaindex name that it does not know, so this one may stand beside its own.
 *
 * 1. `hash × lines` is below 2^53: the line is exact in any language's doubles. Beyond 2^21 lines (128 MiB, 100
 *    million keys) the filter gets no larger, only less selective.
 * 2. A block with another version, size or count than it says is no filter. There is no other way to be wrong: every
 *    line and bit that a hash can name exists.
 * 3. Versions of one key arrive next to each other and count once.
 *
 * Does not know blocks; it answers before the index is searched.
 */
import { getFixed32, putFixed32 } from '@lsm/base'

import { checkBitsPerKey, probesFor } from './bloom-filter.ts'
import type { FilterBuilder, FilterPolicy, FilterReader } from './filter-policy.ts'
import { HashList } from './hash-list.ts'

const VERSION = 1
const LINE_SIZE = 64
const LINE_BITS = 8 * LINE_SIZE
const TRAILER_SIZE = 8
const MAX_LINES = 1 << 21
const MAX_PROBES = 30
const MULTIPLIER = 0x9e37_79b1
const TWO_32 = 0x1_0000_0000

/**
 * The filter for tables that only `@lsm` needs to find fast.
 *
 * @param bitsPerKey - a whole number from 1 to 64; 10 give about one false answer in a hundred.
 */
export function blockedBloomFilter(bitsPerKey = 10): FilterPolicy {
  checkBitsPerKey(bitsPerKey)
  return {
    metaName: 'filter.lsm.BlockedBloom1',
    builder: () => new BlockedBloomBuilder(bitsPerKey),
    reader: openBlockedBloom,
    module: { url: import.meta.url, export: 'blockedBloomFilter', argument: bitsPerKey },
  }
}

class BlockedBloomBuilder implements FilterBuilder {
  readonly #bitsPerKey: number
  readonly #hashes = new HashList()
  #last = -1

  constructor(bitsPerKey: number) {
    this.#bitsPerKey = bitsPerKey
  }

  get size(): number {
    return LINE_SIZE * this.#lines() + TRAILER_SIZE
  }

  startBlock(): void {
    // One filter for all blocks.
  }

  addKey(hash: number): void {
    if (hash === this.#last) return
    this.#last = hash
    this.#hashes.push(hash)
  }

  finish(): Uint8Array {
    const lines = this.#lines()
    const probes = probesFor(this.#bitsPerKey)
    const contents = new Uint8Array(this.size)
    const { values, length } = this.#hashes
    for (let i = 0; i < length; i++) setBits(contents, values[i], lines / TWO_32, probes)
    putFixed32(contents, LINE_SIZE * lines, lines)
    contents[LINE_SIZE * lines + 4] = probes
    contents[LINE_SIZE * lines + 5] = VERSION
    return contents
  }

  #lines(): number {
    const lines = Math.ceil((this.#hashes.length * this.#bitsPerKey) / LINE_BITS)
    return Math.min(MAX_LINES, Math.max(1, lines))
  }
}

/** Sets the bits of one key; `scale` is the number of lines over 2^32. */
function setBits(contents: Uint8Array, hash: number, scale: number, probes: number): void {
  const line = LINE_SIZE * ((hash * scale) | 0)
  let g = hash
  for (let probe = 0; probe < probes; probe++) {
    g = Math.imul(g, MULTIPLIER)
    contents[line + (g >>> 26)] |= 1 << ((g >>> 23) & 7)
  }
}

function openBlockedBloom(contents: Uint8Array): FilterReader | undefined {
  const trailer = contents.length - TRAILER_SIZE
  if (trailer < LINE_SIZE) return undefined
  const lines = getFixed32(contents, trailer)
  const probes = contents[trailer + 4]
  if (contents[trailer + 5] !== VERSION || contents[trailer + 6] !== 0 || contents[trailer + 7] !== 0) return undefined
  if (lines > MAX_LINES || LINE_SIZE * lines !== trailer) return undefined
  if (probes < 1 || probes > MAX_PROBES) return undefined
  return new BlockedBloomReader(contents, lines, probes)
}

class BlockedBloomReader implements FilterReader {
  readonly wholeTable: boolean = true
  readonly #contents: Uint8Array
  readonly #scale: number
  readonly #probes: number

  constructor(contents: Uint8Array, lines: number, probes: number) {
    this.#contents = contents
    this.#scale = lines / TWO_32
    this.#probes = probes
  }

  mayContain(hash: number): boolean {
    const contents = this.#contents
    const line = LINE_SIZE * ((hash * this.#scale) | 0)
    let g = hash
    for (let probe = this.#probes; probe > 0; probe--) {
      g = Math.imul(g, MULTIPLIER)
      if ((contents[line + (g >>> 26)] & (1 << ((g >>> 23) & 7))) === 0) return false
    }
    return true
  }
}

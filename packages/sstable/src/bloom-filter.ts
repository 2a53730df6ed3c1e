/**
 * LevelDB's filter block: a Bloom filter for every 2 KiB of file, bit for bit as LevelDB writes it.
 *
 *     contents = filter* | fixed32 offset of each filter | fixed32 offset of that array | base_lg u8
 *     filter   = bits, the lowest of a byte first | k u8          or nothing, where no key was added
 *
 * Filter i is for the keys of the data blocks that begin in `[i << base_lg, (i + 1) << base_lg)` of the file; base_lg
 * is 11 where we write and whatever it says where we read. A filter ends where the next one begins.
 *
 *     k    = floor(0.69 × bits per key), 1 to 30
 *     bits = max(64, keys × bits per key), rounded up to whole bytes
 *     key  = hash, hash + d, hash + 2d, ... (k of them, modulo 2^32), each modulo bits;  d = hash rotated right by 17
 *
 * 1. Every version of a key counts as a key.
 * 2. The writer makes filters up to the one that the end of the data belongs to, though no block begins there: a large
 *    last block is followed by empty filters.
 * 3. An empty filter denies every key. Whatever is beyond the array, out of order or of a later kind (k above 30)
 *    denies none.
 *
 * Does not know where in the table the block is, or its checksum.
 */
import { ByteBuffer, getFixed32, putFixed32 } from '@lsm/base'

import type { FilterBuilder, FilterPolicy, FilterReader } from './filter-policy.ts'
import { HashList } from './hash-list.ts'

const BASE_LG = 11

/** The largest filter block that is read: its bits can be counted in 32 bits, and every place in it. */
const MAX_SIZE = 2 ** 29 - 1

const MAX_PROBES = 30

/** Offset of the offset array, and base_lg. */
const TRAILER_SIZE = 5

/**
 * The filter that LevelDB writes and reads itself.
 *
 * @param bitsPerKey - a whole number from 1 to 64; 10 give about one false answer in a hundred.
 */
export function leveldbBloomFilter(bitsPerKey = 10): FilterPolicy {
  checkBitsPerKey(bitsPerKey)
  return {
    metaName: 'filter.leveldb.BuiltinBloomFilter2',
    builder: () => new BloomFilterBuilder(bitsPerKey),
    reader: openBloomFilter,
    module: { url: import.meta.url, export: 'leveldbBloomFilter', argument: bitsPerKey },
  }
}

/** @throws `TypeError` for anything but a whole number from 1 to 64. */
export function checkBitsPerKey(bitsPerKey: number): void {
  if (Number.isInteger(bitsPerKey) && bitsPerKey >= 1 && bitsPerKey <= 64) return
  throw new TypeError(`bits per key must be a whole number from 1 to 64, not ${bitsPerKey}`)
}

/** The number of bits for a key that makes a Bloom filter of this size most selective: ln 2 of its bits, about. */
export function probesFor(bitsPerKey: number): number {
  return Math.min(MAX_PROBES, Math.max(1, Math.floor(bitsPerKey * 0.69)))
}

class BloomFilterBuilder implements FilterBuilder {
  readonly #bitsPerKey: number
  readonly #probes: number
  readonly #hashes = new HashList()
  readonly #filters = new ByteBuffer(1024)
  readonly #offsets: number[] = []

  constructor(bitsPerKey: number) {
    this.#bitsPerKey = bitsPerKey
    this.#probes = probesFor(bitsPerKey)
  }

  get size(): number {
    const pending = this.#hashes.length
    const filters = this.#filters.length + (pending === 0 ? 0 : this.#bytesFor(pending) + 1)
    return filters + 4 * (this.#offsets.length + Math.sign(pending)) + TRAILER_SIZE
  }

  startBlock(offset: number): void {
    const index = Math.floor(offset / (1 << BASE_LG))
    while (this.#offsets.length < index) this.#endFilter()
  }

  addKey(hash: number): void {
    this.#hashes.push(hash)
  }

  finish(dataEnd: number): Uint8Array {
    this.startBlock(dataEnd)
    if (this.#hashes.length > 0) this.#endFilter()
    const offsets = this.#offsets
    const array = this.#filters.length
    const contents = new Uint8Array(array + 4 * offsets.length + TRAILER_SIZE)
    contents.set(this.#filters.bytes.subarray(0, array))
    for (let i = 0; i < offsets.length; i++) putFixed32(contents, array + 4 * i, offsets[i])
    putFixed32(contents, contents.length - TRAILER_SIZE, array)
    contents[contents.length - 1] = BASE_LG
    return contents
  }

  /** Makes a filter of the keys collected, which may be none. */
  #endFilter(): void {
    const filters = this.#filters
    const start = filters.length
    this.#offsets.push(start)
    if (this.#hashes.length === 0) return
    const end = start + this.#bytesFor(this.#hashes.length)
    filters.reserve(end + 1)
    filters.bytes.fill(0, start, end)
    this.#setBits(filters.bytes, start, end)
    filters.bytes[end] = this.#probes
    filters.length = end + 1
    this.#hashes.clear()
  }

  /** Sets the bits of all keys collected in `bytes[start, end)`. */
  #setBits(bytes: Uint8Array, start: number, end: number): void {
    const { values, length } = this.#hashes
    const bits = (8 * (end - start)) >>> 0
    const probes = this.#probes
    for (let i = 0; i < length; i++) {
      let h = values[i]
      const step = (h >>> 17) | (h << 15)
      for (let probe = 0; probe < probes; probe++) {
        const bit = h % bits
        bytes[start + (bit >>> 3)] |= 1 << (bit & 7)
        h = (h + step) >>> 0
      }
    }
  }

  #bytesFor(keys: number): number {
    return Math.ceil(Math.max(64, keys * this.#bitsPerKey) / 8)
  }
}

function openBloomFilter(contents: Uint8Array): FilterReader | undefined {
  const arrayEnd = contents.length - TRAILER_SIZE
  if (arrayEnd < 0 || contents.length > MAX_SIZE) return undefined
  const array = getFixed32(contents, arrayEnd)
  const baseLg = contents[contents.length - 1]
  if (array > arrayEnd || baseLg > 63) return undefined
  return new BloomFilterReader(contents, array, Math.floor((arrayEnd - array) / 4), baseLg)
}

class BloomFilterReader implements FilterReader {
  readonly wholeTable: boolean = false
  readonly #contents: Uint8Array
  readonly #array: number
  readonly #count: number
  readonly #range: number

  constructor(contents: Uint8Array, array: number, count: number, baseLg: number) {
    this.#contents = contents
    this.#array = array
    this.#count = count
    this.#range = 2 ** baseLg
  }

  mayContain(hash: number, blockOffset: number): boolean {
    const index = Math.floor(blockOffset / this.#range)
    if (index >= this.#count) return true
    const at = this.#array + 4 * index
    const start = getFixed32(this.#contents, at)
    // Behind the last offset stands the offset of the array, which is where the last filter ends.
    const end = getFixed32(this.#contents, at + 4)
    if (start > end || end > this.#array) return true
    return end - start >= 2 && this.#matches(hash, start, end - 1)
  }

  /** Whether the filter with bits in `[start, last)` and k at `last` has every bit of `hash`. */
  #matches(hash: number, start: number, last: number): boolean {
    const contents = this.#contents
    const probes = contents[last]
    if (probes > MAX_PROBES) return true
    // Unsigned words, both: the remainder is one instruction then, and a call of 20 ns otherwise.
    const bits = (8 * (last - start)) >>> 0
    const step = (hash >>> 17) | (hash << 15)
    let h = hash >>> 0
    for (let probe = 0; probe < probes; probe++) {
      const bit = h % bits
      if ((contents[start + (bit >>> 3)] & (1 << (bit & 7))) === 0) return false
      h = (h + step) >>> 0
    }
    return true
  }
}

/**
 * A table's index block, decoded once: which data block may hold a key, and where it lies.
 *
 *     separators       k0       k1       k2          internal keys, ascending
 *     blocks        [ b0 ]   [ b1 ]   [ b2 ]         last key of b(i) <= k(i) < first key of b(i + 1)
 *
 * A search compares the first eight bytes that differ somewhere in the table, as two 32-bit words, and looks at whole
 * keys only where these tie: among 16,000 blocks it takes 120 ns, where a search in the stored block takes 700.
 *
 * 1. Separators ascend strictly; blocks lie one behind the other and end where the data end. So the memory that the
 *    index takes is in proportion to the file, whatever the file says.
 * 2. The common prefix is that of all separators' user keys but the last: that one is the shortest key after the whole
 *    table, and shares little with any.
 *
 * 3. A separator of at most eight bytes behind the prefix is its words, its length and its tag: 13 to 21 bytes of memory for a
 *    block, offset included, where whole keys and handles take 50. All but the last mostly are, since writers shorten them.
 *
 * A separator's type byte means nothing: writers disagree about it.
 */
import {
  ByteBuffer,
  ByteReader,
  compareBytes,
  compareInternalKeys,
  corruption,
  EMPTY,
  equalBytes,
  sharedPrefixLength,
  TAG_SIZE,
  VALID,
} from '@lsm/base'

import type { BlockKernel, IndexParts } from './block-kernel.ts'
import { PageIterator } from './page-iterator.ts'
import { wordOf } from './page.ts'
import { readHandle, TRAILER_SIZE, type BlockHandle } from './table-format.ts'

/** What an index is decoded from. */
export interface IndexSource {
  /** The page of the index block. */
  readonly page: Uint8Array
  /** File name and the block's offset, for error messages. */
  readonly file: string
  readonly offset: number
  /** Data blocks end at or before this offset. */
  readonly dataLimit: number
  /** The most bytes that all separators together may have. */
  readonly keyLimit: number
}

/** The fewest bytes of an entry in a page: lengths, a key that shares all but a byte, a handle. */
const SMALLEST_ENTRY = 6

/** A separator that is looked at, and its tag behind it; there is one at a time. */
const SHOWN = new ByteBuffer()

/** Finds blocks by key. */
export class TableIndex {
  /** Number of data blocks. */
  readonly count: number
  /** File offset of each block. */
  readonly offsets: Uint32Array | Float64Array
  /** Offset where the last data block ends, with its trailer. */
  readonly dataEnd: number
  readonly #parts: IndexParts
  readonly #prefix: Uint8Array
  readonly #high: Uint32Array
  readonly #low: Uint32Array

  /**
   * @param kernel - decodes it, if there is one.
   * @throws LsmError `LSM_CORRUPTION` for a block that is not an index.
   */
  constructor(source: IndexSource, kernel: BlockKernel | undefined) {
    const parts = decodeFast(source, kernel) ?? decode(source)
    this.count = parts.offsets.length
    this.offsets = parts.offsets
    this.dataEnd = parts.dataEnd
    this.#parts = parts
    this.#prefix = parts.prefix
    this.#high = parts.high
    this.#low = parts.low
  }

  /** Stored bytes of the i-th block, without trailer. */
  size(i: number): number {
    const { offsets, sizes, dataEnd } = this.#parts
    if (sizes !== undefined) return sizes[i]
    return (i + 1 < this.count ? offsets[i + 1] : dataEnd) - offsets[i] - TRAILER_SIZE
  }

  /** Where the i-th block lies. */
  handle(i: number): BlockHandle {
    return { offset: this.offsets[i], size: this.size(i) }
  }

  /** Number of the first block that may hold an internal key or one after it; `count` if there is none. */
  search(key: Uint8Array, start: number, end: number): number {
    const last = this.count - 1
    if (last < 0) return 0
    const found = this.#searchBefore(last, key, start, end)
    return found === last && this.#compare(last, key, start, end) < 0 ? this.count : found
  }

  /** Whether the i-th separator is a version of a user key. */
  isSeparatedBy(i: number, userKey: Uint8Array, start: number, end: number): boolean {
    this.#show(i)
    return equalBytes(SHOWN.bytes, 0, SHOWN.length - TAG_SIZE, userKey, start, end)
  }

  /** Whether an internal key may be in the i-th block. */
  admits(i: number, key: Uint8Array, start: number, end: number): boolean {
    return this.#compare(i, key, start, end) >= 0 && (i === 0 || this.#compare(i - 1, key, start, end) < 0)
  }

  /** The same among the separators before the last one; `last` if it is none of these. */
  #searchBefore(last: number, key: Uint8Array, start: number, end: number): number {
    const userEnd = end - TAG_SIZE
    const outside = this.#compareToPrefix(key, start, userEnd)
    if (outside !== 0) return outside < 0 ? 0 : last
    const at = start + this.#prefix.length
    const high = wordOf(key, at, userEnd)
    const low = wordOf(key, at + 4, userEnd)
    const highs = this.#high
    const lows = this.#low
    let first = 0
    let until = last
    while (first < until) {
      const middle = (first + until) >>> 1
      let order = highs[middle] - high
      if (order === 0) order = lows[middle] - low
      if (order === 0) order = this.#compare(middle, key, start, end)
      if (order < 0) first = middle + 1
      else until = middle
    }
    return first
  }

  #compare(i: number, key: Uint8Array, start: number, end: number): number {
    this.#show(i)
    return compareInternalKeys(SHOWN.bytes, 0, SHOWN.length, key, start, end)
  }

  /** Compares a user key with everything that begins with the common prefix; 0 if it begins with it itself. */
  #compareToPrefix(key: Uint8Array, start: number, userEnd: number): number {
    const { length } = this.#prefix
    const end = start + length < userEnd ? start + length : userEnd
    return compareBytes(key, start, end, this.#prefix, 0, length)
  }

  /** Puts the i-th separator together. */
  #show(i: number): void {
    const { last, lengths, tags, ends, keys } = this.#parts
    if (i === this.count - 1) SHOWN.assign(last, 0, last.length)
    else if (ends !== undefined) SHOWN.assign(keys, i === 0 ? 0 : ends[i - 1], ends[i])
    else {
      const prefix = this.#prefix
      SHOWN.assign(prefix, 0, prefix.length)
      SHOWN.reserve(prefix.length + 8 + TAG_SIZE)
      putWord(SHOWN.bytes, prefix.length, this.#high[i])
      putWord(SHOWN.bytes, prefix.length + 4, this.#low[i])
      SHOWN.length = prefix.length + lengths![i]
      const tag = tags.length === TAG_SIZE ? 0 : TAG_SIZE * i
      SHOWN.append(tags, tag, tag + TAG_SIZE)
    }
  }
}

function putWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24
  target[at + 1] = word >>> 16
  target[at + 2] = word >>> 8
  target[at + 3] = word
}

/** By the kernel, if there is one and the page is plain: it takes 0.2 ms for 3,000 blocks, where code that has not run yet takes 5. */
function decodeFast(
  { page, dataLimit, keyLimit }: IndexSource,
  kernel: BlockKernel | undefined,
): IndexParts | undefined {
  const entries = new PageIterator()
  entries.open(page)
  if (entries.count === 0 || page.length > keyLimit) return undefined
  return kernel?.index(page, entries.count, commonPrefix(entries), dataLimit)
}

/** Bytes that all user keys of a page but the last share. */
function commonPrefix(entries: PageIterator): number {
  if (entries.count < 2) return 0
  entries.standAt(0)
  const { key, keyStart, keyEnd } = entries
  entries.standAt(entries.count - 2)
  return sharedPrefixLength(key, keyStart, keyEnd - TAG_SIZE, key, entries.keyStart, entries.keyEnd - TAG_SIZE)
}

/** Walks the page once; nothing that is allocated on the way is larger than a few times the page. */
function decode(source: IndexSource): IndexParts {
  const { page, file, offset, keyLimit } = source
  const most = Math.floor(page.length / SMALLEST_ENTRY)
  const keys = new ByteBuffer(page.length)
  const ends = new Uint32Array(most)
  const offsets = new Float64Array(most)
  const sizes = new Float64Array(most)
  const entries = new PageIterator()
  entries.open(page)
  let count = 0
  let dataEnd = 0
  for (let move = entries.seekToFirst(); move === VALID; move = entries.next()) {
    const handle = handleOf(entries, source)
    if (handle.offset < dataEnd) throw corruption('index has blocks that overlap or descend', file, offset)
    dataEnd = handle.offset + handle.size + TRAILER_SIZE
    if (keys.length + entries.keyEnd - entries.keyStart > keyLimit) {
      throw corruption(`keys of the index exceed ${keyLimit} bytes`, file, offset)
    }
    keys.append(entries.key, entries.keyStart, entries.keyEnd)
    ends[count] = keys.length
    offsets[count] = handle.offset
    sizes[count++] = handle.size
  }
  return {
    ...formOf(keys.bytes.subarray(0, keys.length), ends.slice(0, count)),
    offsets: dataEnd < 2 ** 32 ? Uint32Array.from(offsets.subarray(0, count)) : offsets.slice(0, count),
    sizes: areClose(offsets, sizes, count) ? undefined : sizes.slice(0, count),
    dataEnd,
  }
}

/** Whether there are no gaps between blocks, nor before the first. */
function areClose(offsets: Float64Array, sizes: Float64Array, count: number): boolean {
  let end = 0
  for (let i = 0; i < count; i++) {
    if (offsets[i] !== end) return false
    end += sizes[i] + TRAILER_SIZE
  }
  return true
}

/** How separators are kept. */
function formOf(keys: Uint8Array, ends: Uint32Array): Omit<IndexParts, 'offsets' | 'sizes' | 'dataEnd'> {
  const count = ends.length
  const high = new Uint32Array(count)
  const low = new Uint32Array(count)
  const start = (i: number): number => (i <= 0 ? 0 : ends[i - 1])
  const beforeLast = start(count - 1)
  const prefixLength =
    count < 2 ? 0 : sharedPrefixLength(keys, 0, ends[0] - TAG_SIZE, keys, start(count - 2), beforeLast - TAG_SIZE)
  const tags = new Uint8Array(TAG_SIZE * Math.max(0, count - 1))
  const lengths = new Uint8Array(Math.max(0, count - 1))
  let isShort = true
  let isUniform = true
  for (let i = 0; i < count; i++) {
    const userEnd = ends[i] - TAG_SIZE
    const at = start(i) + prefixLength
    high[i] = wordOf(keys, at, userEnd)
    low[i] = wordOf(keys, at + 4, userEnd)
    if (i === count - 1) break
    lengths[i] = userEnd - at
    isShort &&= userEnd - at <= 8
    tags.set(keys.subarray(userEnd, ends[i]), TAG_SIZE * i)
    isUniform &&= equalBytes(keys, userEnd, ends[i], tags, 0, TAG_SIZE)
  }
  return {
    prefix: keys.slice(0, prefixLength),
    high,
    low,
    lengths: isShort ? lengths : undefined,
    tags: isShort ? (isUniform ? tags.slice(0, TAG_SIZE) : tags) : EMPTY,
    ends: isShort ? undefined : ends,
    keys: isShort ? EMPTY : keys.slice(0, beforeLast),
    last: keys.slice(beforeLast),
  }
}

/** The handle at the start of a value; what comes behind it is left over from some writer's buffer. */
function handleOf(
  { value, valueStart, valueEnd }: PageIterator,
  { file, offset, dataLimit }: IndexSource,
): BlockHandle {
  return readHandle(new ByteReader(value, valueStart, valueEnd, file, offset + valueStart), dataLimit)
}

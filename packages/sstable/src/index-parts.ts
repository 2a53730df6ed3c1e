/**
 * What the index of a table is kept as, and how that is made of its page: by the kernel, which takes 0.2 ms for 3,000 blocks where
 * code that has not run yet takes 5, or by its twin here, which also says what is wrong.
 *
 * 1. Blocks lie one behind the other and end where the data end; keys have been compared when the page was made. So what is kept is
 *    in proportion to the file, whatever the file says.
 * 2. The common prefix is that of all separators' user keys but the last: that one is the shortest key after the whole table, and
 *    shares little with any.
 * 3. A separator of at most eight bytes behind the prefix is its words, its length and its tag: 13 to 21 bytes of memory for a
 *    block, offset included, where whole keys and handles take 50. All but the last mostly are, since writers shorten them.
 *
 * Does not search.
 */
import { ByteBuffer, ByteReader, corruption, EMPTY, equalBytes, sharedPrefixLength, TAG_SIZE, VALID } from '@lsm/base'

import type { BlockKernel } from './block-kernel.ts'
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

/**
 * What the index of a table consists of. Of separators the last is apart; the others are two words and a length
 * each if they are short, else bytes.
 */
export interface IndexParts {
  /** Where blocks lie, of 32 bits each if that is enough. */
  readonly offsets: Uint32Array | Float64Array
  /** Stored bytes of blocks, where there are gaps between them. */
  readonly sizes: Float64Array | undefined
  /** Where the last block ends, with its trailer. */
  readonly dataEnd: number
  /** What the user keys of all separators but the last begin with. */
  readonly prefix: Uint8Array
  /** The eight bytes that follow in each, zeros behind its end. */
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Bytes of each user key behind the prefix, if they are 8 at most; then there are no `ends`. */
  readonly lengths: Uint8Array | undefined
  /** The tags of short separators, one behind the other; a single one if all are the same. */
  readonly tags: Uint8Array
  /** Where each separator ends in `keys`. */
  readonly ends: Uint32Array | undefined
  readonly keys: Uint8Array
  /** The last separator. */
  readonly last: Uint8Array
}

/**
 * Decodes an index.
 *
 * @param kernel - does it, if there is one and the page is plain.
 * @throws LsmError `LSM_CORRUPTION` for a page that is not an index.
 */
export function indexParts(source: IndexSource, kernel: BlockKernel | undefined): IndexParts {
  return decodeFast(source, kernel) ?? decode(source)
}

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

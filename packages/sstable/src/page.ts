/**
 * What a data block becomes on its way into memory: the block again, with every entry a restart point, and the beginnings of all
 * keys side by side.
 *
 *     page     = entry* | u32 offset of each entry | u32 count        a block of its own, nothing shared
 *              | word*                                                of each user key, the four bytes after the prefix
 *              | u32 length of the prefix that all user keys share
 *              | u32 how many words: as many as entries, or none
 *
 * A search looks at words, and at one or two entries. A walk shows keys where they lie, in either direction. In the block itself
 * each key would have to be put together from the one before; that a block is checked on its way in is the occasion to do it once.
 *
 * 1. What has become a page was checked by {@link BlockWalker}, or by its twin in `kernel/page.ts`, which makes the same
 *    page of the same block.
 * 2. Entries may take half as much room again as in the block. Where they would take more, they stay folded: the block is taken
 *    as it is, and there are no words. So a page is not much larger than its block, whatever keys share.
 *
 * Words are zero where a user key ends before them. Does not know files or caches; only memory has pages.
 */
import { EMPTY, putFixed32, putVarint, sharedPrefixLength, TAG_SIZE, varintLength } from '@lsm/base'

import { BlockWalker } from './block-walker.ts'

/** Bytes behind the words. */
export const PAGE_FOOTER = 8
/** Bytes of a word. */
export const WORD = 4

/**
 * The page of a block.
 *
 * @param allocate - gives memory for it.
 * @throws LsmError `LSM_CORRUPTION` for a block that is not well formed.
 */
export function makePage(
  block: Uint8Array,
  file: string,
  offset: number,
  allocate: (size: number) => Uint8Array = size => new Uint8Array(size),
): Uint8Array {
  const walker = new BlockWalker(block, true, file, offset)
  const limit = block.length + Math.floor(block.length / 2)
  let first = EMPTY
  let count = 0
  let size = 0
  while (walker.next()) {
    if (count === 0) first = walker.key.bytes.slice(0, walker.key.length - TAG_SIZE)
    size += entrySize(walker)
    count++
  }
  if (count === 0 || size > limit) return folded(block, allocate)
  const { key } = walker
  const prefix = sharedPrefixLength(first, 0, first.length, key.bytes, 0, key.length - TAG_SIZE)
  const page = allocate(size + (count + 1) * 4 + count * WORD + PAGE_FOOTER)
  putFixed32(page, size + 4 * count, count)
  putFixed32(page, page.length - PAGE_FOOTER, prefix)
  putFixed32(page, page.length - PAGE_FOOTER + 4, count)
  fill(page, new BlockWalker(block, true, file, offset), block, { count, size, prefix })
  return page
}

function folded(block: Uint8Array, allocate: (size: number) => Uint8Array): Uint8Array {
  const page = allocate(block.length + PAGE_FOOTER)
  page.set(block)
  page.fill(0, block.length)
  return page
}

function entrySize({ key, valueStart, valueEnd }: BlockWalker): number {
  const valueLength = valueEnd - valueStart
  return 1 + varintLength(key.length) + varintLength(valueLength) + key.length + valueLength
}

/** Writes entries, their offsets and their words, one after the other. */
function fill(
  page: Uint8Array,
  walker: BlockWalker,
  block: Uint8Array,
  { count, size, prefix }: { count: number; size: number; prefix: number },
): void {
  const words = size + 4 * (count + 1)
  let at = 0
  for (let n = 0; walker.next(); n++) {
    const { key, valueStart, valueEnd } = walker
    putFixed32(page, size + 4 * n, at)
    page[at] = 0
    const start = putVarint(page, putVarint(page, at + 1, key.length), valueEnd - valueStart)
    page.set(key.bytes.subarray(0, key.length), start)
    page.set(block.subarray(valueStart, valueEnd), start + key.length)
    putWord(page, words + WORD * n, wordOf(key.bytes, prefix, key.length - TAG_SIZE))
    at = start + key.length + valueEnd - valueStart
  }
}

/** Four bytes from `at` on as one big-endian number, zeros in place of those from `userEnd` on, where a tag follows. */
export function wordOf(key: Uint8Array, at: number, userEnd: number): number {
  const all = (key[at] << 24) | (key[at + 1] << 16) | (key[at + 2] << 8) | key[at + 3]
  const length = userEnd - at
  if (length >= 4) return all >>> 0
  return length <= 0 ? 0 : (all & (-1 << (32 - 8 * length))) >>> 0
}

/** Writes a word of {@link wordOf} at `at`. */
export function putWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24
  target[at + 1] = word >>> 16
  target[at + 2] = word >>> 8
  target[at + 3] = word
}

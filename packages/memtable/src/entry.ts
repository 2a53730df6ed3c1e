/**
 * One version of one key, as it lies in the arena.
 *
 *     word 0   the next older version of the same key, 0 if there is none
 *     word 1   length of the user key in bytes
 *     word 2   length of the value in bytes
 *     user key | tag, 8 bytes | value | up to 3 bytes of padding
 *
 * 1. An entry is written once. Nothing in it changes afterwards, so whoever holds its offset may read it.
 * 2. Key and tag are contiguous: together they are the internal key that iterators show in place.
 * 3. Keys start at a word, so two of them compare a word at a time.
 */
import { getFixed32, TAG_SIZE } from '@lsm/base'

/** Word of the next older version. */
export const OLDER = 0
/** Word of the length of the user key. */
export const KEY_LENGTH = 1
/** Word of the length of the value. */
export const VALUE_LENGTH = 2
const HEADER_WORDS = 3

/** Bytes that an entry takes besides key and value, without padding. */
export const ENTRY_OVERHEAD: number = HEADER_WORDS * 4 + TAG_SIZE
/** The most bytes of padding after an entry. */
export const MOST_PADDING = 3

/**
 * Shorter copies are faster as a loop: `set` needs a view of the source, which costs about 50 ns. Copying words by hand
 * instead is faster in a small loop, but not into memory that is not in the cache yet, as here.
 */
const LOOP_BELOW = 32

/** Where the user key of an entry starts, in bytes. */
export function keyStart(entry: number): number {
  return (entry + HEADER_WORDS) << 2
}

/** Copies a byte string. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start < LOOP_BELOW) for (let i = start; i < end; i++) target[at++] = source[i]
  else target.set(source.subarray(start, end), at)
}

/** How many leading bytes the keys of two entries share; the first `known` of them surely. */
export function sharedKeyLength(words: Int32Array, bytes: Uint8Array, a: number, b: number, known: number): number {
  const limit = Math.min(words[a + KEY_LENGTH], words[b + KEY_LENGTH])
  const aWord = a + HEADER_WORDS
  const bWord = b + HEADER_WORDS
  const whole = limit >> 2
  let word = known >> 2
  while (word < whole && words[aWord + word] === words[bWord + word]) word++
  let shared = word << 2
  const aByte = aWord << 2
  const bByte = bWord << 2
  while (shared < limit && bytes[aByte + shared] === bytes[bByte + shared]) shared++
  return shared
}

/** How many leading bytes the key of an entry shares with a user key that lies elsewhere. */
export function sharedLength(
  words: Int32Array,
  bytes: Uint8Array,
  entry: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const limit = Math.min(words[entry + KEY_LENGTH], end - start)
  const at = keyStart(entry)
  let shared = 0
  while (shared < limit && bytes[at + shared] === key[start + shared]) shared++
  return shared
}

/** Whether an entry is newer than the tag that ends at `end`: greater as two unsigned words. */
export function isNewer(bytes: Uint8Array, tag: number, key: Uint8Array, end: number): boolean {
  const high = getFixed32(bytes, tag + 4)
  const otherHigh = getFixed32(key, end - 4)
  return high === otherHigh ? getFixed32(bytes, tag) > getFixed32(key, end - 8) : high > otherHigh
}

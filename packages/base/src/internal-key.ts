/**
 * A user key with its version: how it looks, and which comes first.
 *
 *     internal key = user key | tag
 *     tag          = fixed64 of (sequence number << 8 | value type)
 *
 * Order: user keys ascending, then tags descending, so that of one user key the newest version comes first.
 *
 * 1. A tag is compared as two unsigned 32-bit words and never becomes one number: it has 64 bits.
 * 2. A sequence number is a plain number. The format has room for 56 bits; we give out at most 2^53 - 1.
 */
import { compareBytes } from './bytes.ts'
import { getFixed32, putFixed32 } from './coding.ts'

/** What an entry says of its key: it was deleted. */
export const TYPE_DELETION = 0
/** What an entry says of its key: it has this value. */
export const TYPE_VALUE = 1
/** The type to seek with: the greatest, hence the first of all with the same sequence number. */
export const TYPE_FOR_SEEK = 1

/** Bytes that a tag adds to a user key. */
export const TAG_SIZE = 8

/** The greatest sequence number that is given out. */
export const MAX_SEQUENCE: number = Number.MAX_SAFE_INTEGER

const TWO_24 = 0x100_0000

/** Low 32 bits of a tag. */
export function tagLow(sequence: number, type: number): number {
  return (((sequence % TWO_24) * 256) | type) >>> 0
}

/** High 32 bits of a tag. */
export function tagHigh(sequence: number): number {
  return Math.floor(sequence / TWO_24)
}

/** Writes a tag at `at`. */
export function putTag(target: Uint8Array, at: number, sequence: number, type: number): void {
  putFixed32(target, at, tagLow(sequence, type))
  putFixed32(target, at + 4, tagHigh(sequence))
}

/** The value type of the internal key that ends at `end`. */
export function tagType(key: Uint8Array, end: number): number {
  return key[end - TAG_SIZE]
}

/** The sequence number of the internal key that ends at `end`; exact up to 2^53 - 1, rounded above. */
export function tagSequence(key: Uint8Array, end: number): number {
  return getFixed32(key, end - 4) * TWO_24 + (getFixed32(key, end - 8) >>> 8)
}

/** Whether the internal key that ends at `end` was written at or before `sequence`. */
export function isVisible(key: Uint8Array, end: number, sequence: number): boolean {
  return tagSequence(key, end) <= sequence
}

/** Makes an internal key of a copy of a user key. */
export function internalKey(userKey: Uint8Array, sequence: number, type: number): Uint8Array {
  const key = new Uint8Array(userKey.length + TAG_SIZE)
  key.set(userKey)
  putTag(key, userKey.length, sequence, type)
  return key
}

/**
 * Compares two internal keys in place. Both must be at least {@link TAG_SIZE} long: check at the edge.
 *
 * @returns negative, zero or positive as `a` is before, equal to or after `b`.
 */
export function compareInternalKeys(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const order = compareBytes(a, aStart, aEnd - TAG_SIZE, b, bStart, bEnd - TAG_SIZE)
  return order !== 0 ? order : compareTags(a, aEnd, b, bEnd)
}

/** Compares the tags that end at `aEnd` and `bEnd`; the greater tag comes first. */
export function compareTags(a: Uint8Array, aEnd: number, b: Uint8Array, bEnd: number): number {
  const high = getFixed32(b, bEnd - 4) - getFixed32(a, aEnd - 4)
  return high !== 0 ? high : getFixed32(b, bEnd - 8) - getFixed32(a, aEnd - 8)
}

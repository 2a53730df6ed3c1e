/**
 * Byte strings compared and copied in place, without making a view of them.
 *
 * A byte string here is three things: an array, where it starts, where it ends
 * (one past the last byte). Loops beat the native compare below about 100 bytes,
 * and keys are shorter than that.
 */

/** A zero-length array to start fields with. */
export const EMPTY: Uint8Array = new Uint8Array(0)

/**
 * Compares two byte strings as unsigned bytes; a prefix comes before what it prefixes.
 *
 * @returns negative, zero or positive as `a` is before, equal to or after `b`.
 */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const common = aLength < bLength ? aLength : bLength
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i] - b[bStart + i]
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** Whether two byte strings are equal. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart
  if (length !== bEnd - bStart) return false
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** How many leading bytes two byte strings share. */
export function sharedPrefixLength(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const limit = Math.min(aEnd - aStart, bEnd - bStart)
  let shared = 0
  while (shared < limit && a[aStart + shared] === b[bStart + shared]) shared++
  return shared
}

/** The least room that is made. */
const SMALLEST = 64

/** A buffer that grows to hold a byte string and is used again: the place where iterators keep a key. */
export class ByteBuffer {
  /** The storage; replaced when it grows, so read it anew after each write. */
  bytes: Uint8Array
  /** How many bytes of `bytes` are in use. */
  length = 0

  /** @param capacity - bytes to make room for at once; without it, room is made for the first contents. */
  constructor(capacity = 0) {
    this.bytes = capacity === 0 ? EMPTY : new Uint8Array(capacity)
  }

  /** Makes room for `capacity` bytes in all, keeping the contents. */
  reserve(capacity: number): void {
    if (capacity <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(SMALLEST, capacity, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  /** Replaces the contents by a copy of a byte string. */
  assign(source: Uint8Array, start: number, end: number): void {
    this.length = 0
    this.append(source, start, end)
  }

  /** Appends a copy of a byte string. */
  append(source: Uint8Array, start: number, end: number): void {
    const length = this.length
    const size = end - start
    this.reserve(length + size)
    const bytes = this.bytes
    if (size < 24) for (let i = 0; i < size; i++) bytes[length + i] = source[start + i]
    else bytes.set(source.subarray(start, end), length)
    this.length = length + size
  }
}

/**
 * Snappy, from the large form to the small one. The format is drawn in `snappy.ts`.
 *
 * The input is cut into fragments of 64 KiB that know nothing of each other, so that a position fits 16 bits. In a
 * fragment, a hash table remembers where each four-byte word was last seen; where the word at hand was seen before,
 * a copy of as many bytes as agree is written, and the bytes skipped until then as a literal.
 *
 * 1. Without a match the search takes ever larger steps, so that incompressible data pass quickly.
 * 2. A match is proved by comparing bytes; the table only proposes, and may propose position 0 for a word never seen.
 * 3. The last {@link MARGIN} bytes of a fragment are never searched, so that a word may be read at any position searched.
 *
 * Does not know whether the result is small enough to be worth keeping.
 */
import { putVarint, varintLength } from '@lsm/base'

import { Scratch, SPARE } from './snappy-scratch.ts'

const FRAGMENT = 1 << 16
const MARGIN = 15
const MAX_TABLE_BITS = 14
const MIN_TABLE_BITS = 8

/** Literals from here on are moved by the engine's own copy, shorter ones in a loop. */
const LONG_RUN = 128

const scratch = new Scratch()
const table = new Uint16Array(1 << MAX_TABLE_BITS)

/** The `compress` of a codec. Gives up above 2^32 - 1 bytes, which the format cannot declare. */
export function compress(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start
  if (length > 0xffff_ffff) return undefined
  const outStart = Math.min(length, FRAGMENT) + SPARE
  scratch.trim()
  scratch.reserve(outStart + largest(length) + SPARE)
  const { bytes } = scratch
  let out = putVarint(bytes, outStart, length)
  for (let at = start; at < end; at += FRAGMENT) {
    const size = Math.min(end - at, FRAGMENT)
    bytes.set(source.subarray(at, at + size))
    out = compressFragment(size, out)
  }
  return bytes.subarray(outStart, out)
}

/** The most bytes that come out for `length` bytes: a literal's tag for each 6, at worst. */
function largest(length: number): number {
  return varintLength(length) + length + Math.ceil(length / 6) + 8 * Math.ceil(length / FRAGMENT)
}

/**
 * Compresses the fragment at the start of the scratch buffer, writing at `out`.
 *
 * @returns the offset after what was written.
 */
function compressFragment(length: number, out: number): number {
  const { bytes, view } = scratch
  const bits = tableBits(length)
  const shift = 32 - bits
  const limit = length - MARGIN
  table.fill(0, 0, 1 << bits)
  let pending = 0
  let at = 1
  while (at < limit) {
    let word = view.getInt32(at, true)
    let slot = hash(word, shift)
    let candidate = table[slot]
    table[slot] = at
    for (let tries = 32; view.getInt32(candidate, true) !== word; tries++) {
      at += tries >>> 5
      if (at >= limit) return putLiteral(bytes, view, pending, length, out)
      word = view.getInt32(at, true)
      slot = hash(word, shift)
      candidate = table[slot]
      table[slot] = at
    }
    if (at > pending) out = putLiteral(bytes, view, pending, at, out)
    do {
      const matched = 4 + agreement(view, candidate + 4, at + 4, length)
      out = putCopy(bytes, out, at - candidate, matched)
      at += matched
      pending = at
      if (at >= limit) break
      table[hash(view.getInt32(at - 1, true), shift)] = at - 1
      word = view.getInt32(at, true)
      slot = hash(word, shift)
      candidate = table[slot]
      table[slot] = at
    } while (view.getInt32(candidate, true) === word)
    at++
  }
  return pending < length ? putLiteral(bytes, view, pending, length, out) : out
}

/** A table of about as many slots as there are positions: clearing a larger one would cost more than it finds. */
function tableBits(length: number): number {
  return Math.min(MAX_TABLE_BITS, Math.max(MIN_TABLE_BITS, 31 - Math.clz32(length)))
}

function hash(word: number, shift: number): number {
  return Math.imul(word, 0x1e35_a7bd) >>> shift
}

/** How many bytes agree from `a` and `b` on, `b` being the later one, up to `end`. */
function agreement(view: DataView, a: number, b: number, end: number): number {
  const first = b
  while (b + 4 <= end) {
    const difference = view.getInt32(a, true) ^ view.getInt32(b, true)
    if (difference !== 0) return b - first + ((31 - Math.clz32(difference & -difference)) >>> 3)
    a += 4
    b += 4
  }
  while (b < end && view.getUint8(a) === view.getUint8(b)) {
    a++
    b++
  }
  return b - first
}

function putLiteral(bytes: Uint8Array, view: DataView, start: number, end: number, out: number): number {
  const length = end - start
  if (length <= 60) {
    bytes[out++] = (length - 1) << 2
  } else if (length <= 256) {
    bytes[out++] = 60 << 2
    bytes[out++] = length - 1
  } else {
    bytes[out++] = 61 << 2
    bytes[out++] = length - 1
    bytes[out++] = (length - 1) >>> 8
  }
  if (length < LONG_RUN)
    for (let i = 0; i < length; i += 4) view.setInt32(out + i, view.getInt32(start + i, true), true)
  else bytes.copyWithin(out, start, end)
  return out + length
}

/** One copy, as elements of at most 64 bytes; the last is never shorter than 4, so that it may be a short one. */
function putCopy(bytes: Uint8Array, out: number, offset: number, length: number): number {
  while (length >= 68) {
    out = putWideCopy(bytes, out, offset, 64)
    length -= 64
  }
  if (length > 64) {
    out = putWideCopy(bytes, out, offset, 60)
    length -= 60
  }
  if (length >= 12 || offset >= 2048) return putWideCopy(bytes, out, offset, length)
  bytes[out] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5)
  bytes[out + 1] = offset
  return out + 2
}

function putWideCopy(bytes: Uint8Array, out: number, offset: number, length: number): number {
  bytes[out] = 2 | ((length - 1) << 2)
  bytes[out + 1] = offset
  bytes[out + 2] = offset >>> 8
  return out + 3
}

/**
 * Snappy, from the small form to the large one. The format is drawn in `snappy.ts`.
 *
 * 1. The declared length is believed only up to the caller's limit, and up to what so many bytes could stand for
 *    at most; both are checked before anything is allocated.
 * 2. Every element is checked against the bytes that are left and the room that is left before it is carried out,
 *    and takes at least one byte of input: the loop ends, and touches nothing outside of its buffer.
 * 3. What comes out was written in this call, every byte: a copy reaches back to bytes of this call only.
 *
 * Does not know files: errors carry no place.
 */
import { LsmError } from '@lsm/base'

import { Scratch, SPARE } from './snappy-scratch.ts'

/** Literals from here on are moved by the engine's own copy, shorter ones in a loop. */
const LONG_RUN = 128

/** How many bytes a byte of input stands for at most: a copy of 64 bytes takes three. */
const BEST_RATIO = 64 / 3

const scratch = new Scratch()

/** What the header says. */
export interface Declared {
  /** Bytes of the large form. */
  readonly length: number
  /** Where the elements begin. */
  readonly at: number
}

/** Reads the declared length, and checks it against the caller's limit and against what there is to make it of. */
export function declaredBytes(source: Uint8Array, start: number, end: number, limit: number): Declared {
  const at = start + lengthHeader(source, start, end)
  const length = declaredLength(source, start, at)
  if (length > limit) throw damaged(`${length} bytes declared, at most ${limit} allowed`)
  if (length > (end - at) * BEST_RATIO)
    throw damaged(`${length} bytes declared, but there are only ${end - at} to make them of`)
  return { length, at }
}

/** The `decompress` of a codec. */
export function decompress(source: Uint8Array, start: number, end: number, limit: number): Uint8Array {
  const { length, at } = declaredBytes(source, start, end, limit)
  const packed = end - at
  const outStart = packed + SPARE
  scratch.reserve(outStart + length + SPARE)
  scratch.bytes.set(source.subarray(at, end))
  const outEnd = expand(scratch.bytes, scratch.view, packed, outStart, outStart + length)
  if (outEnd !== outStart + length) throw damaged(`${length} bytes declared, ${outEnd - outStart} came out`)
  return scratch.take(outStart, outEnd)
}

/** How many bytes the declared length takes. */
function lengthHeader(source: Uint8Array, start: number, end: number): number {
  const most = Math.min(end - start, 5)
  for (let i = 0; i < most; i++) if (source[start + i] < 128) return i + 1
  throw damaged('it does not begin with a length')
}

function declaredLength(source: Uint8Array, start: number, end: number): number {
  let length = 0
  for (let i = end - 1; i >= start; i--) length = length * 128 + (source[i] & 127)
  if (length > 0xffff_ffff) throw damaged('its declared length is above 2^32 - 1')
  return length
}

/**
 * Carries out the elements in `bytes[0, inEnd)`, writing from `outStart` on, at most to `outEnd`.
 *
 * @returns where the output ended.
 */
function expand(bytes: Uint8Array, view: DataView, inEnd: number, outStart: number, outEnd: number): number {
  let out = outStart
  let i = 0
  while (i < inEnd) {
    const tag = bytes[i++]
    let length = (tag >>> 2) + 1
    if ((tag & 3) === 0) {
      if (length > 60) {
        const extra = length - 60
        length = littleEndian(view, i, extra) + 1
        i += extra
      }
      if (length > inEnd - i) throw damaged('a literal is cut short')
      if (length > outEnd - out) throw damaged('a literal goes past the declared length')
      if (length < LONG_RUN) copyWords(view, i, out, length)
      else bytes.copyWithin(out, i, i + length)
      i += length
    } else {
      let offset: number
      if ((tag & 3) === 1) {
        length = ((tag >>> 2) & 7) + 4
        offset = ((tag >>> 5) << 8) | bytes[i]
        i++
      } else if ((tag & 3) === 2) {
        offset = view.getUint16(i, true)
        i += 2
      } else {
        offset = view.getUint32(i, true)
        i += 4
      }
      if (i > inEnd) throw damaged('a copy is cut short')
      if (offset === 0 || offset > out - outStart)
        throw damaged(`a copy reaches back ${offset} of ${out - outStart} bytes`)
      if (length > outEnd - out) throw damaged('a copy goes past the declared length')
      if (offset >= 4) copyWords(view, out - offset, out, length)
      else repeat(bytes, view, out, offset, length)
    }
    out += length
  }
  return out
}

/** Copies four bytes at a time, up to three more than asked. What is read may be what was just written. */
function copyWords(view: DataView, from: number, to: number, length: number): void {
  for (let i = 0; i < length; i += 4) view.setInt32(to + i, view.getInt32(from + i, true), true)
}

/** Repeats a pattern shorter than a word: doubled until it fills one, it goes on by words. */
function repeat(bytes: Uint8Array, view: DataView, to: number, offset: number, length: number): void {
  let done = 0
  let distance = offset
  while (distance < 4) {
    for (const stop = done + distance; done < stop; done++) bytes[to + done] = bytes[to + done - distance]
    distance *= 2
  }
  copyWords(view, to + done - distance, to + done, length - done)
}

/** A number of 1 to 4 bytes; behind the input there is room to read a word. */
function littleEndian(view: DataView, at: number, size: number): number {
  const word = view.getUint32(at, true)
  return size === 4 ? word : word & ((1 << (8 * size)) - 1)
}

function damaged(message: string): LsmError {
  return new LsmError('LSM_CORRUPTION', `damaged Snappy data: ${message}`)
}

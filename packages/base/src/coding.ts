/**
 * Integers as the formats write them.
 *
 *     fixed32   4 bytes, little-endian
 *     fixed64   8 bytes, little-endian
 *     varint    7 bits a byte, lowest first, top bit = more follow; at most 5 bytes for 32 bits, 10 for 64
 *     slice     varint32 length, then that many bytes
 *
 * A 64-bit value is a plain number here, hence exact up to 2^53 - 1. A larger one is
 * refused where it is read: no file we could use has such an offset, size or number.
 */
import { corruption } from './errors.ts'

const TWO_32 = 0x1_0000_0000

/** Writes a fixed32 at `at`. */
export function putFixed32(target: Uint8Array, at: number, value: number): void {
  target[at] = value
  target[at + 1] = value >>> 8
  target[at + 2] = value >>> 16
  target[at + 3] = value >>> 24
}

/** Reads a fixed32 at `at` as an unsigned number. The four bytes must exist. */
export function getFixed32(source: Uint8Array, at: number): number {
  return (source[at] | (source[at + 1] << 8) | (source[at + 2] << 16) | (source[at + 3] << 24)) >>> 0
}

/** Writes a fixed64 at `at`; `value` is a whole number below 2^53. */
export function putFixed64(target: Uint8Array, at: number, value: number): void {
  putFixed32(target, at, value >>> 0)
  putFixed32(target, at + 4, Math.floor(value / TWO_32))
}

/** Reads a fixed64 at `at`. The eight bytes must exist; a value above 2^53 - 1 comes out as `Infinity`. */
export function getFixed64(source: Uint8Array, at: number): number {
  const high = getFixed32(source, at + 4)
  return high > 0x1f_ffff ? Number.POSITIVE_INFINITY : high * TWO_32 + getFixed32(source, at)
}

/** How many bytes a varint takes; `value` is a whole number below 2^53. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/**
 * Writes a varint at `at`; `value` is a whole number below 2^53.
 *
 * @returns the offset after it.
 */
export function putVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  while (rest >= 0x8000_0000) {
    target[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest >= 128) {
    target[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  target[at] = rest
  return at + 1
}

/**
 * Reads untrusted bytes from front to back. Each read checks that its bytes exist and make sense,
 * and throws `LSM_CORRUPTION` with file and offset otherwise. For cold paths: manifests, footers, batches.
 */
export class ByteReader {
  /** The bytes read from. */
  readonly bytes: Uint8Array
  /** Where the next read starts. */
  at: number
  /** One past the last byte that may be read. */
  readonly end: number
  readonly #file: string
  readonly #base: number

  /** @param base - the file offset of `bytes[start]`, for error messages. */
  constructor(bytes: Uint8Array, start: number, end: number, file: string, base: number) {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.#file = file
    this.#base = base - start
  }

  /** Bytes that have not been read. */
  get remaining(): number {
    return this.end - this.at
  }

  /** One byte. */
  byte(): number {
    this.#need(1)
    return this.bytes[this.at++]
  }

  /** A fixed32. */
  fixed32(): number {
    this.#need(4)
    this.at += 4
    return getFixed32(this.bytes, this.at - 4)
  }

  /** A fixed64 up to 2^53 - 1. */
  fixed64(): number {
    this.#need(8)
    const value = getFixed64(this.bytes, this.at)
    if (value === Number.POSITIVE_INFINITY) throw this.error('64-bit number above 2^53 - 1')
    this.at += 8
    return value
  }

  /** A varint of at most 32 bits. */
  varint32(): number {
    const value = this.#varint(5)
    if (value >= TWO_32) throw this.error('varint32 above 2^32 - 1')
    return value
  }

  /** A varint up to 2^53 - 1. */
  varint64(): number {
    const value = this.#varint(10)
    if (value > Number.MAX_SAFE_INTEGER) throw this.error('varint64 above 2^53 - 1')
    return value
  }

  /** The bytes of a slice, as a view into {@link ByteReader.bytes | bytes}. */
  slice(): Uint8Array {
    const length = this.skipSlice()
    return this.bytes.subarray(this.at - length, this.at)
  }

  /** Passes over a slice, and gives the number of its bytes. */
  skipSlice(): number {
    const length = this.varint32()
    this.#need(length)
    this.at += length
    return length
  }

  /** An `LSM_CORRUPTION` error at the current position. */
  error(message: string): Error {
    return corruption(message, this.#file, this.#base + this.at)
  }

  #varint(most: number): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < most; i++) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw this.error(`varint longer than ${most} bytes`)
  }

  #need(count: number): void {
    if (this.end - this.at < count) throw this.error(`${count} bytes expected, ${this.end - this.at} left`)
  }
}

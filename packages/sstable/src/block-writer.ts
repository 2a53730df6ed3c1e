/**
 * Puts finished blocks into a file: compressed where that pays, sealed with type and checksum, several in one write.
 *
 * 1. A block is stored compressed only if that saves more than an eighth of it.
 * 2. Blocks lie one behind the other, without gaps.
 * 3. Small blocks are gathered and appended together; a write of 256 KiB costs little more than one of 4.
 *
 * Does not know what is inside a block. Never syncs.
 */
import type { WritableFile } from '@lsm/base'

import { RAW, type Codec } from './codec.ts'
import { putTrailer, TRAILER_SIZE, type BlockHandle } from './table-format.ts'

/** Bytes that are gathered before they are appended. */
const GATHERED = 256 * 1024

/** Appends blocks to a file. */
export class BlockWriter {
  /** Bytes of the file so far, gathered ones included. */
  size = 0
  readonly #file: WritableFile
  readonly #codec: Codec | undefined
  #buffer = new Uint8Array(GATHERED + 16 * 1024)
  #gathered = 0

  /** @param codec - what blocks are compressed with; `undefined` to store them as they are. */
  constructor(file: WritableFile, codec: Codec | undefined) {
    this.#file = file
    this.#codec = codec
  }

  /** Writes a block whose contents are `bytes[0, length)`. */
  write(bytes: Uint8Array, length: number): BlockHandle {
    const small = this.#codec?.compress(bytes, 0, length)
    if (small !== undefined && small.length < length - (length >>> 3)) {
      return this.#put(small, small.length, this.#codec!.id)
    }
    return this.#put(bytes, length, RAW)
  }

  /** Writes a block as it is. */
  writeRaw(bytes: Uint8Array, length: number): BlockHandle {
    return this.#put(bytes, length, RAW)
  }

  /** Ends the file by bytes that are no block, and hands everything to it. */
  finish(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#append(bytes, bytes.length)
    this.#flush()
  }

  #put(contents: Uint8Array, size: number, type: number): BlockHandle {
    const { size: offset } = this
    this.#reserve(size + TRAILER_SIZE)
    const start = this.#gathered
    this.#append(contents, size)
    putTrailer(this.#buffer, start, this.#gathered, type)
    this.#gathered += TRAILER_SIZE
    this.size += TRAILER_SIZE
    if (this.#gathered >= GATHERED) this.#flush()
    return { offset, size }
  }

  #append(bytes: Uint8Array, length: number): void {
    this.#buffer.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#gathered)
    this.#gathered += length
    this.size += length
  }

  /** Makes room in the buffer, which grows for a block larger than itself. */
  #reserve(length: number): void {
    if (this.#gathered + length <= this.#buffer.length) return
    this.#flush()
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length)
  }

  #flush(): void {
    if (this.#gathered > 0) this.#file.append(this.#buffer, 0, this.#gathered)
    this.#gathered = 0
  }
}

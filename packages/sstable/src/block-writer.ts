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

  /** Writes a block. */
  write(contents: Uint8Array): BlockHandle {
    const codec = this.#codec
    const size = contents.length
    const small = codec?.compress(contents, 0, size)
    if (codec !== undefined && small !== undefined && small.length < size - (size >>> 3)) {
      return this.#put(small, codec.id)
    }
    return this.#put(contents, RAW)
  }

  /** Writes a block as it is. */
  writeRaw(contents: Uint8Array): BlockHandle {
    return this.#put(contents, RAW)
  }

  /** Ends the file by bytes that are no block, and hands everything to it. */
  finish(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#append(bytes)
    this.#flush()
  }

  #put(contents: Uint8Array, type: number): BlockHandle {
    const { size: offset } = this
    this.#reserve(contents.length + TRAILER_SIZE)
    const start = this.#gathered
    this.#append(contents)
    putTrailer(this.#buffer, start, this.#gathered, type)
    this.#gathered += TRAILER_SIZE
    this.size += TRAILER_SIZE
    if (this.#gathered >= GATHERED) this.#flush()
    return { offset, size: contents.length }
  }

  #append(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#gathered)
    this.#gathered += bytes.length
    this.size += bytes.length
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

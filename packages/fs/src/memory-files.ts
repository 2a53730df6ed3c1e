/**
 * Files in memory: their bytes, and the two ways to hold one open.
 *
 * ```
 * chunk 0 (64 KiB)   chunk 1 (64 KiB)   …   last chunk (partly used)
 * ```
 *
 * 1. Every chunk but the last is full, so that the chunk of a position is a division.
 * 2. The first chunk grows by doubling: a file of a few bytes costs a few bytes.
 * 3. Bytes below `size` never change; an open file keeps its bytes when its name is removed or replaced.
 */
import type { ReadableFile, WritableFile } from '@lsm/base'

import { checkPosition, checkRange } from './arguments.ts'
import { closedFile } from './closed-error.ts'

const CHUNK_SIZE = 65_536
const FIRST_SIZE = 256

/** The bytes of one file, which only grow. */
export class MemoryBytes {
  /** Bytes in it. */
  size = 0
  readonly #chunks: Uint8Array[] = []

  /** Appends a copy of `bytes[start, end)`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end;) {
      const used = this.size % CHUNK_SIZE
      const chunk = this.#room(used, end - from)
      const count = Math.min(end - from, chunk.length - used)
      chunk.set(bytes.subarray(from, from + count), used)
      this.size += count
      from += count
    }
  }

  /** Copies bytes from `position` on; returns how many there were, at most `length`. */
  read(position: number, target: Uint8Array, start: number, length: number): number {
    const end = Math.min(this.size, position + length)
    for (let from = position; from < end;) {
      const chunk = this.#chunks[Math.floor(from / CHUNK_SIZE)]
      const used = from % CHUNK_SIZE
      const count = Math.min(end - from, CHUNK_SIZE - used)
      target.set(chunk.subarray(used, used + count), start + from - position)
      from += count
    }
    return Math.max(0, end - position)
  }

  /** The last chunk, with room for at least one byte after `used`. */
  #room(used: number, wanted: number): Uint8Array {
    const chunks = this.#chunks
    const last = chunks.length - 1
    if (last > 0 || (last === 0 && chunks[0].length === CHUNK_SIZE)) {
      if (used === 0) chunks.push(new Uint8Array(CHUNK_SIZE))
    } else if (last < 0 || used === chunks[0].length) {
      const grown = new Uint8Array(Math.min(CHUNK_SIZE, Math.max(FIRST_SIZE, used * 2, used + wanted)))
      if (last === 0) grown.set(chunks[0])
      chunks[0] = grown
    }
    return chunks[chunks.length - 1]
  }
}

/** See {@link WritableFile}. */
export class MemoryWritableFile implements WritableFile {
  readonly name: string
  readonly #bytes: MemoryBytes
  #open = true

  constructor(name: string, bytes: MemoryBytes) {
    this.name = name
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#check()
    checkRange(bytes, start, end)
    this.#bytes.append(bytes, start, end)
  }

  async sync(): Promise<void> {
    this.#check()
  }

  async close(): Promise<void> {
    this.#open = false
  }

  #check(): void {
    if (!this.#open) throw closedFile(this.name)
  }
}

/** See {@link ReadableFile}. */
export class MemoryReadableFile implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly #bytes: MemoryBytes
  #open = true

  constructor(name: string, bytes: MemoryBytes) {
    this.name = name
    this.size = bytes.size
    this.#bytes = bytes
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    return this.readSync(position, target, start, length)
  }

  readSync(position: number, target: Uint8Array, start: number, length: number): number {
    if (!this.#open) throw closedFile(this.name)
    checkPosition(position)
    checkRange(target, start, start + length)
    return this.#bytes.read(position, target, start, length)
  }

  async close(): Promise<void> {
    this.#open = false
  }
}

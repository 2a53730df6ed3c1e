/**
 * A file that is read from front to back in large pieces, whatever pieces its reader asks for.
 *
 * 1. One window of bytes is in memory; what asks for more than a window bypasses it.
 * 2. Between windows the reader's owner is told how much was read, and may end the reading by throwing.
 *
 * For one reader at a time.
 */
import type { ReadableFile } from '@lsm/base'

/** Bytes that are read at once. */
const WINDOW = 256 * 1024

/** Reads ahead. */
export class ReadAheadFile implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly #file: ReadableFile
  readonly #onRead: (bytes: number) => void
  #window: Uint8Array | undefined
  /** The window holds the file's bytes `[#from, #to)`. */
  #from = 0
  #to = 0

  /** @param onRead - told of every read from the file; what it throws ends the read. */
  constructor(file: ReadableFile, onRead: (bytes: number) => void) {
    this.name = file.name
    this.size = file.size
    this.#file = file
    this.#onRead = onRead
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    if (position < this.#from || position + length > this.#to) {
      if (length >= WINDOW) return this.#read(position, target, start, length)
      const window = (this.#window ??= new Uint8Array(Math.min(WINDOW, this.size)))
      this.#from = position
      this.#to = position
      this.#to += await this.#read(position, window, 0, Math.max(0, Math.min(window.length, this.size - position)))
    }
    const count = Math.min(length, this.#to - position)
    const at = position - this.#from
    target.set(this.#window!.subarray(at, at + count), start)
    return count
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    const count = await this.#file.read(position, target, start, length)
    this.#onRead(count)
    return count
  }
}

/**
 * A directory whose files are read from front to back, in large pieces.
 *
 *     file      │ block │ block │ block │ block │ block │ …
 *     window            └─ read at once ────────┘
 *
 * A table asks for one block at a time. Sixteen blocks of 4 KiB take one read call of 3.5 µs instead of sixteen of 2.
 *
 * 1. A file is read by one reader, one read at a time: there is one window per file.
 *
 * Only what a reader of tables needs works; it writes nothing.
 */
import type { ReadableFile } from '@lsm/base'
import type { TableDirectory } from '@lsm/sstable'

/** Bytes that are read at once. */
const WINDOW = 64 * 1024

/** Counts what its files read. */
export class SequentialDirectory implements TableDirectory {
  /** Bytes read from files so far. */
  bytesRead = 0
  /** Absent where the directory cannot open files synchronously. */
  readonly openFileSync?: (name: string) => ReadableFile
  readonly #directory: TableDirectory
  /** Files whose closing has begun. */
  readonly #closing = new Set<Promise<void>>()

  constructor(directory: TableDirectory) {
    this.#directory = directory
    if (directory.openFileSync !== undefined) {
      this.openFileSync = name => new SequentialFile(directory.openFileSync!(name), this)
    }
  }

  async openFile(name: string): Promise<ReadableFile> {
    return new SequentialFile(await this.#directory.openFile(name), this)
  }

  /** Closes a file of the directory. */
  closeFile(file: ReadableFile): Promise<void> {
    const closing = file.close()
    this.#closing.add(closing)
    return closing.finally(() => this.#closing.delete(closing))
  }

  /** Resolves when every file whose closing has begun is closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#closing)
  }
}

class SequentialFile implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly readSync?: (position: number, target: Uint8Array, start: number, length: number) => number
  readonly #file: ReadableFile
  readonly #directory: SequentialDirectory
  #window: Uint8Array | undefined
  /** The file's bytes `[#from, #to)` are at the beginning of the window. */
  #from = 0
  #to = 0

  constructor(file: ReadableFile, directory: SequentialDirectory) {
    this.name = file.name
    this.size = file.size
    this.#file = file
    this.#directory = directory
    if (file.readSync !== undefined) this.readSync = (...range) => this.#readSync(...range)
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    if (!this.#holds(position, length)) {
      if (length >= WINDOW) return this.#counted(await this.#file.read(position, target, start, length))
      const window = this.#empty()
      this.#fill(position, await this.#file.read(position, window, 0, this.#ahead(position)))
    }
    return this.#copy(position, target, start, length)
  }

  close(): Promise<void> {
    return this.#directory.closeFile(this.#file)
  }

  #readSync(position: number, target: Uint8Array, start: number, length: number): number {
    if (!this.#holds(position, length)) {
      if (length >= WINDOW) return this.#counted(this.#file.readSync!(position, target, start, length))
      const window = this.#empty()
      this.#fill(position, this.#file.readSync!(position, window, 0, this.#ahead(position)))
    }
    return this.#copy(position, target, start, length)
  }

  #holds(position: number, length: number): boolean {
    return position >= this.#from && position + length <= this.#to
  }

  /** Bytes to read from a position: a window full, and nothing beyond the end. */
  #ahead(position: number): number {
    return Math.max(0, Math.min(WINDOW, this.size - position))
  }

  #empty(): Uint8Array {
    this.#to = this.#from
    return (this.#window ??= new Uint8Array(WINDOW))
  }

  #fill(position: number, count: number): void {
    this.#from = position
    this.#to = position + this.#counted(count)
  }

  #counted(count: number): number {
    this.#directory.bytesRead += count
    return count
  }

  #copy(position: number, target: Uint8Array, start: number, length: number): number {
    const count = Math.max(0, Math.min(length, this.#to - position))
    const at = position - this.#from
    target.set(this.#window!.subarray(at, at + count), start)
    return count
  }
}

/**
 * A table's file that may be closed under its reader.
 *
 * The number of open files is bounded, the number of readers in use is not: an iterator may stand on a table for
 * hours. So a file that was closed to make room is opened again for each single read, and closed after it. That is
 * slow, and right: the reader goes on, and no handle is left to be forgotten.
 *
 * 1. A read that has started is finished on the handle that it started with.
 * 2. After `close`, no handle outlives a read.
 */
import { LsmError, type Directory, type ReadableFile } from '@lsm/base'

/** What opening tables needs of a directory. */
export type TableDirectory = Pick<Directory, 'openFile' | 'openFileSync'>

/** A file of a directory that is opened again after it was closed. */
export class TableFile implements ReadableFile {
  readonly name: string
  readonly size: number
  /** Absent where the file system cannot read synchronously. */
  readonly readSync?: (position: number, target: Uint8Array, start: number, length: number) => number
  readonly #directory: TableDirectory
  #file: ReadableFile | undefined

  constructor(directory: TableDirectory, file: ReadableFile) {
    this.name = file.name
    this.size = file.size
    this.#directory = directory
    this.#file = file
    if (file.readSync !== undefined) this.readSync = (...range) => this.#readSync(...range)
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    if (this.#file !== undefined) return this.#file.read(position, target, start, length)
    const file = await this.#directory.openFile(this.name)
    try {
      return await file.read(position, target, start, length)
    } finally {
      await file.close()
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #readSync(position: number, target: Uint8Array, start: number, length: number): number {
    const file = this.#file ?? this.#directory.openFileSync?.(this.name)
    if (file?.readSync === undefined) {
      throw new LsmError('LSM_NOT_SUPPORTED', 'this file system cannot read synchronously', { file: this.name })
    }
    try {
      return file.readSync(position, target, start, length)
    } finally {
      if (file !== this.#file) void file.close().catch(() => undefined)
    }
  }
}

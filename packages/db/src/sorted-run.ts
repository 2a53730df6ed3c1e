/**
 * Entries in order become tables that follow each other: one sorted run.
 *
 * 1. A table is synced before the next one begins; their names are durable when the directory is synced.
 * 2. All versions of a user key are in one table.
 *
 * Does not decide which entries are kept.
 */
import { equalBytes, TAG_SIZE, type Directory, type InternalIterator, type WritableFile } from '@lsm/base'
import { tableFileName, type FileMetadata } from '@lsm/manifest'
import { TableBuilder, type TableBuilderOptions } from '@lsm/sstable'

/** Writes one run. */
export class SortedRun {
  /** The tables that are complete. */
  readonly files: FileMetadata[] = []
  entries = 0
  readonly #directory: Directory
  readonly #options: TableBuilderOptions
  readonly #maxTableSize: number
  readonly #newNumber: () => number
  #file: WritableFile | undefined
  #builder: TableBuilder | undefined
  #number = 0
  #lastUserKey: Uint8Array | undefined

  /** @param maxTableSize - bytes at which a table ends, at the next user key. */
  constructor(directory: Directory, options: TableBuilderOptions, maxTableSize: number, newNumber: () => number) {
    this.#directory = directory
    this.#options = options
    this.#maxTableSize = maxTableSize
    this.#newNumber = newNumber
  }

  /** Adds the entry that an iterator stands on. Resolves when the next one may be added. */
  async add(at: InternalIterator): Promise<void> {
    const { key, keyStart, keyEnd, value, valueStart, valueEnd } = at
    if (
      this.#builder !== undefined &&
      this.#builder.size >= this.#maxTableSize &&
      this.#isNewKey(key, keyStart, keyEnd)
    ) {
      await this.end()
    }
    const builder = (this.#builder ??= await this.#begin())
    builder.add(key, keyStart, keyEnd, value, valueStart, valueEnd)
    this.entries++
    if (builder.size >= this.#maxTableSize) this.#lastUserKey = key.slice(keyStart, keyEnd - TAG_SIZE)
  }

  /** Ends the open table, if there is one. */
  async end(): Promise<void> {
    const builder = this.#builder
    const file = this.#file
    if (builder === undefined || file === undefined) return
    const { size, smallest, largest } = builder.finish()
    this.#builder = undefined
    this.#file = undefined
    this.#lastUserKey = undefined
    await file.sync()
    await file.close()
    this.files.push({ number: this.#number, size, smallest, largest })
  }

  /** Gives the open table up. */
  async abandon(): Promise<void> {
    await this.#file?.close().catch(() => undefined)
  }

  #isNewKey(key: Uint8Array, start: number, end: number): boolean {
    const last = this.#lastUserKey
    return last === undefined || !equalBytes(last, 0, last.length, key, start, end - TAG_SIZE)
  }

  async #begin(): Promise<TableBuilder> {
    this.#number = this.#newNumber()
    this.#file = await this.#directory.createFile(tableFileName(this.#number))
    return new TableBuilder(this.#file, this.#options)
  }
}

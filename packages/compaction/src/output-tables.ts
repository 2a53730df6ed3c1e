/**
 * The tables that a job writes, one after the other.
 *
 * 1. After `finish`, all tables are synced and their names durable: what is installed survives. A table that is ended is
 *    synced while the next one is being written.
 * 2. `abandon` removes every file that was begun, whatever state it is in.
 *
 * Does not decide which entries go where.
 */
import { LsmError, type Directory, type WritableFile } from '@lsm/base'
import { tableFileName, type FileMetadata } from '@lsm/manifest'
import { TableBuilder, type TableBuilderOptions } from '@lsm/sstable'

/** A table that a job wrote. Plain data. */
export interface OutputTable extends FileMetadata {
  /** Deletions included. */
  readonly entries: number
  /** Deletions among them. */
  readonly deletions: number
  /** The greatest sequence number in it. */
  readonly largestSequence: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Tables that may be in the middle of their sync while the next one is written. */
const MOST_ENDING = 2

/** Writes tables under reserved numbers. */
export class OutputTables {
  /** The tables that are complete. */
  readonly files: OutputTable[] = []
  /** The open table; `undefined` before the first one and after the last. */
  builder: TableBuilder | undefined
  readonly #directory: Directory
  readonly #numbers: readonly number[]
  readonly #options: TableBuilderOptions
  /** Names of the files that were begun. */
  readonly #begun: string[] = []
  #file: WritableFile | undefined
  #endedBytes = 0
  /** Syncs and closes that have begun; the failure of one is met in `next` or `finish`. */
  readonly #ending: Promise<void>[] = []

  /** @param numbers - reserved for the tables, in the order of their use. */
  constructor(directory: Directory, numbers: readonly number[], options: TableBuilderOptions) {
    this.#directory = directory
    this.#numbers = numbers
    this.#options = options
  }

  /** Bytes of all tables so far. */
  get bytes(): number {
    return this.#endedBytes + (this.builder?.size ?? 0)
  }

  /** Ends the open table, if there is one, and begins the next. */
  async next(): Promise<void> {
    if (this.#ending.length >= MOST_ENDING) await this.#ending.shift()
    this.#end()
    const number = this.#numbers[this.#begun.length]
    if (number === undefined) throw new LsmError('LSM_LIMIT', 'no file number is left for another table')
    const name = tableFileName(number)
    this.#begun.push(name)
    this.#file = await this.#directory.createFile(name)
    this.builder = new TableBuilder(this.#file, this.#options)
  }

  /** Ends the open table and makes all names durable. */
  async finish(): Promise<void> {
    this.#end()
    await Promise.all(this.#ending)
    if (this.files.length > 0) await this.#directory.sync()
  }

  /** Removes everything, as far as the directory lets it. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#ending)
    await this.#file?.close().catch(() => undefined)
    for (const name of this.#begun) await this.#directory.removeFile(name).catch(() => undefined)
  }

  /** Completes the open table, and begins to sync and close it. */
  #end(): void {
    const { builder } = this
    const file = this.#file
    if (builder === undefined || file === undefined) return
    const { size, smallest, largest, properties } = builder.finish()
    const { entries, deletions, largestSequence, createdAt } = properties
    const number = this.#numbers[this.#begun.length - 1]
    this.files.push({ number, size, smallest, largest, entries, deletions, largestSequence, createdAt })
    this.#endedBytes += size
    this.builder = undefined
    this.#file = undefined
    const ending = syncAndClose(file)
    ending.catch(() => undefined)
    this.#ending.push(ending)
  }
}

async function syncAndClose(file: WritableFile): Promise<void> {
  try {
    await file.sync()
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
  await file.close()
}

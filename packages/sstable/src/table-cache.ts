/**
 * The open tables of a directory, found by number.
 *
 * 1. At most `maxOpenFiles` tables stay open. To make room, the one that was not used for longest is closed.
 * 2. A reader that was closed stays valid for whoever still holds it; see `table-file`. Its blocks are given up.
 * 3. Opens of one table that overlap in time are one open.
 * 4. A look-up of an open table allocates nothing.
 *
 * Knows how table files are named. Does not know which tables exist, or which are needed.
 */
import { corruption, LsmError, type PageSource, type ReadableFile, type ReadContext } from '@lsm/base'

import { BlockLoader } from './block-loader.ts'
import type { TableProperties } from './properties.ts'
import { TableFile, type TableDirectory } from './table-file.ts'
import { openProperties, runSteps } from './table-open.ts'
import { TableReader, type TableReaderOptions } from './table-reader.ts'

/** LevelDB's suffix since 2012, and the one before. */
const SUFFIXES = ['ldb', 'sst'] as const

/** An open table. */
interface OpenTable {
  readonly number: number
  readonly reader: TableReader
  /** When it was used last, by the count of uses. */
  used: number
}

/** Tables that are found without a look into the map; a power of two. */
const RECENT = 64

/** Opens tables when they are needed, and keeps some open. */
export class TableCache implements PageSource<TableReader> {
  readonly #directory: TableDirectory
  readonly #maxOpenFiles: number
  readonly #options: TableReaderOptions
  readonly #open = new Map<number, OpenTable>()
  /** Sizes of the tables that were asked for and have not been evicted. */
  readonly #sizes = new Map<number, number>()
  readonly #opening = new Map<number, Promise<TableReader>>()
  /** Readers whose files are being closed. */
  readonly #closing = new Set<TableReader>()
  /** The tables that were used last, by the last bits of their numbers: most look-ups go to the same few. */
  readonly #recent: (OpenTable | undefined)[] = Array.from({ length: RECENT }, () => undefined)
  #uses = 0
  #closed = false

  /** @param maxOpenFiles - how many tables stay open; at least 1. */
  constructor(directory: TableDirectory, maxOpenFiles: number, options: TableReaderOptions) {
    this.#directory = directory
    this.#maxOpenFiles = Math.max(1, maxOpenFiles)
    this.#options = options
  }

  /** Number of open tables. */
  get openTables(): number {
    return this.#open.size
  }

  /**
   * The reader of a table, or `undefined` after noting the miss.
   *
   * @param size - the table's bytes, as the manifest says.
   */
  table(number: number, size: number, context: ReadContext): TableReader | undefined {
    const open = this.opened(number)
    if (open !== undefined) return open
    this.#sizes.set(number, size)
    return context.page(this, number)
  }

  /** The reader of a table if it is open. */
  opened(number: number): TableReader | undefined {
    const recent = this.#recent[number & (RECENT - 1)]
    const open = recent !== undefined && recent.number === number ? recent : this.#open.get(number)
    if (open === undefined) return undefined
    open.used = this.#uses++
    this.#recent[number & (RECENT - 1)] = open
    return open.reader
  }

  loadPage(number: number): Promise<TableReader> {
    const open = this.#open.get(number)
    if (open !== undefined) return Promise.resolve(open.reader)
    let opening = this.#opening.get(number)
    if (opening === undefined) {
      opening = this.#openTable(number).finally(() => this.#opening.delete(number))
      this.#opening.set(number, opening)
    }
    return opening
  }

  loadPageSync(number: number): TableReader {
    const open = this.#open.get(number)
    if (open !== undefined) return open.reader
    const size = this.#sizeOf(number)
    return this.#keep(number, TableReader.openSync(this.#openFileSync(number), size, this.#options))
  }

  /**
   * What a table's writer noted of it, without opening it for look-ups: its index is not read, and it is not kept.
   *
   * @throws LsmError if the table cannot be read.
   */
  async properties(number: number, size: number): Promise<TableProperties | undefined> {
    const open = this.#open.get(number)
    if (open !== undefined) return open.reader.properties
    const file = await this.#openFile(number)
    try {
      const loader = new BlockLoader(file, this.#options)
      return await runSteps(openProperties(loader, size), loader)
    } finally {
      await file.close()
    }
  }

  /** Closes a table that is going to be removed, and gives up its blocks. */
  evict(number: number): void {
    this.#sizes.delete(number)
    this.#close(number)
  }

  /** Closes all tables. A table that is asked for later fails with `LSM_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#opening.values())
    for (const number of this.#open.keys()) this.#close(number)
    await Promise.all([...this.#closing].map(reader => reader.closed()))
  }

  async #openTable(number: number): Promise<TableReader> {
    const size = this.#sizeOf(number)
    const file = await this.#openFile(number)
    return this.#keep(number, await TableReader.open(file, size, this.#options))
  }

  #sizeOf(number: number): number {
    if (this.#closed) throw new LsmError('LSM_CLOSED', `table ${number} was asked for after the tables were closed`)
    const size = this.#sizes.get(number)
    if (size === undefined) throw new LsmError('LSM_CLOSED', `table ${number} was removed`)
    return size
  }

  async #openFile(number: number): Promise<ReadableFile> {
    for (const suffix of SUFFIXES) {
      try {
        return new TableFile(this.#directory, await this.#directory.openFile(fileName(number, suffix)))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    throw missing(number)
  }

  #openFileSync(number: number): ReadableFile {
    const directory = this.#directory
    if (directory.openFileSync === undefined) {
      throw new LsmError('LSM_NOT_SUPPORTED', 'this file system cannot open files synchronously')
    }
    for (const suffix of SUFFIXES) {
      try {
        return new TableFile(directory, directory.openFileSync(fileName(number, suffix)))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    throw missing(number)
  }

  /** Keeps a reader that was just opened, unless another open of the same table was faster, or nobody needs it now. */
  #keep(number: number, reader: TableReader): TableReader {
    const faster = this.#open.get(number)
    if (faster !== undefined || this.#closed || !this.#sizes.has(number)) {
      this.#release(reader)
      return faster?.reader ?? reader
    }
    while (this.#open.size >= this.#maxOpenFiles) this.#closeOne()
    this.#open.set(number, { number, reader, used: this.#uses++ })
    return reader
  }

  /** Looks at all of them: a thousand take less time than the opening that this makes room for. */
  #closeOne(): void {
    let oldest = 0
    let used = Number.POSITIVE_INFINITY
    for (const [number, open] of this.#open) {
      if (open.used >= used) continue
      oldest = number
      used = open.used
    }
    this.#close(oldest)
  }

  #close(number: number): void {
    const open = this.#open.get(number)
    if (open === undefined) return
    this.#open.delete(number)
    this.#recent[number & (RECENT - 1)] = undefined
    this.#release(open.reader)
  }

  #release(reader: TableReader): void {
    reader.release()
    this.#closing.add(reader)
    void reader.closed().then(() => this.#closing.delete(reader))
  }
}

function fileName(number: number, suffix: string): string {
  return `${String(number).padStart(6, '0')}.${suffix}`
}

function isNotFound(error: unknown): boolean {
  return error instanceof LsmError && error.code === 'LSM_NOT_FOUND'
}

function missing(number: number): LsmError {
  return corruption('table is missing', fileName(number, SUFFIXES[0]), 0)
}

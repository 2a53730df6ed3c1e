/**
 * One table, open for reading.
 *
 *     look-up:  table filter -> index -> block filter -> slot of the block -> entry
 *
 * Index and filters are resident as long as the reader is; blocks come and go in their slots, as the cache decides.
 *
 * 1. A look-up whose block is resident allocates nothing.
 * 2. The reader is counted: whoever keeps it retains it, and the last to release it closes the file. Iterators do not
 *    count; whoever walks one retains the reader.
 *
 * Does not know versions, levels, or file numbers.
 */
import {
  ABSENT,
  DELETED,
  FOUND,
  MISS,
  TYPE_DELETION,
  TYPE_VALUE,
  type FoundValue,
  type InternalIterator,
  type Lookup,
  type LookupKey,
  type PageSource,
  type ReadableFile,
  type ReadContext,
} from '@lsm/base'

import type { BlockCache } from './block-cache.ts'
import { BEYOND, NOTHING } from './block-iterator.ts'
import { BlockLoader, type BlockLoaderOptions } from './block-loader.ts'
import type { FilterPolicy, FilterReader } from './filter-policy.ts'
import { PageIterator } from './page-iterator.ts'
import type { TableProperties } from './properties.ts'
import { TableBlocks } from './table-blocks.ts'
import type { BlockHandle } from './table-format.ts'
import type { TableIndex } from './table-index.ts'
import { TableIterator } from './table-iterator.ts'
import { openTable, runSteps, runStepsSync, type TableParts } from './table-open.ts'

/** How tables are read. */
export interface TableReaderOptions extends BlockLoaderOptions {
  /** The filters that are understood, preferred ones first. */
  readonly filters: readonly FilterPolicy[]
  /** Decides which blocks stay in memory. */
  readonly cache: BlockCache
}

/** Where look-ups search their block. They never wait in it, so one serves all tables. */
const PROBE = new PageIterator()

/** Reads one table. */
export class TableReader implements PageSource<Uint8Array> {
  /** The file's name. */
  readonly name: string
  /** What the writer noted, if it was one of ours. */
  readonly properties: TableProperties | undefined
  /** Damage that does not keep the table from being read, one sentence each. */
  readonly problems: readonly string[]
  readonly #file: ReadableFile
  readonly #index: TableIndex
  readonly #tableFilter: FilterReader | undefined
  readonly #blockFilter: FilterReader | undefined
  readonly #blocks: TableBlocks
  #owners = 1
  #closing: Promise<void> | undefined

  private constructor(file: ReadableFile, parts: TableParts, blocks: TableBlocks) {
    this.name = file.name
    this.properties = parts.properties
    this.problems = parts.problems
    this.#file = file
    this.#index = parts.index
    this.#tableFilter = parts.tableFilter
    this.#blockFilter = parts.blockFilter
    this.#blocks = blocks
  }

  /**
   * Opens a table, and owns its file from now on: closes it when opening fails, or when the last owner releases it.
   *
   * @param size - the table's bytes; the file may be longer.
   * @throws LsmError `LSM_CORRUPTION` or `LSM_NOT_SUPPORTED` where footer or index cannot be read.
   */
  static async open(file: ReadableFile, size: number, options: TableReaderOptions): Promise<TableReader> {
    try {
      const loader = new BlockLoader(file, options)
      const parts = await runSteps(openTable(loader, size, options.filters, options.maxBlockSize), loader)
      return new TableReader(file, parts, new TableBlocks(parts.index, loader, options.cache))
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  /** The same, blocking the thread. */
  static openSync(file: ReadableFile, size: number, options: TableReaderOptions): TableReader {
    try {
      const loader = new BlockLoader(file, options)
      const parts = runStepsSync(openTable(loader, size, options.filters, options.maxBlockSize), loader)
      return new TableReader(file, parts, new TableBlocks(parts.index, loader, options.cache))
    } catch (error) {
      void file.close().catch(() => undefined)
      throw error
    }
  }

  /** Number of data blocks. */
  get blocks(): number {
    return this.#index.count
  }

  /** Whether a filter spares look-ups of absent keys most of their blocks. */
  get isFiltered(): boolean {
    return this.#tableFilter !== undefined || this.#blockFilter !== undefined
  }

  /** Where the i-th data block lies. */
  handle(i: number): BlockHandle {
    return this.#index.handle(i)
  }

  /** Whether the filters let a look-up of a key with this hash through to the i-th data block. */
  mayContain(hash: number, i: number): boolean {
    if (this.admits(hash) === false) return false
    return this.#blockFilter === undefined || this.#blockFilter.mayContain(hash, this.#index.offsets[i])
  }

  /**
   * Looks a key up.
   *
   * @param found - where the value lies, if FOUND. The bytes never change, whatever the cache evicts.
   * @returns ABSENT, FOUND, DELETED, or MISS after noting the block in the context.
   */
  find(key: LookupKey, found: FoundValue, context: ReadContext): Lookup {
    if (this.admits(key.hash) === false) return ABSENT
    const index = this.#index
    const filter = this.#blockFilter
    for (let i = index.search(key.bytes, 0, key.end); i < index.count; i++) {
      if (filter === undefined || filter.mayContain(key.hash, index.offsets[i])) {
        const block = this.#blocks.block(i, context)
        if (block === undefined) return MISS
        PROBE.open(block)
        const type = PROBE.probe(key.bytes, 0, key.end)
        if (type !== BEYOND) return this.#judge(i, type, found)
      }
      // Only a separator that is a version of this very key leaves room for older versions in the next block.
      if (!index.isSeparatedBy(i, key.bytes, 0, key.userEnd)) return ABSENT
    }
    return ABSENT
  }

  /** Whether the table may hold a key with this hash, as the filter of the whole table says; `undefined` if there is none. */
  admits(hash: number): boolean | undefined {
    return this.#tableFilter?.mayContain(hash, 0)
  }

  /** The page in which a look-up of a key would begin, if it is resident. */
  residentPage(key: LookupKey): Uint8Array | undefined {
    const i = this.#index.search(key.bytes, 0, key.end)
    return i < this.#index.count ? this.#blocks.resident(i) : undefined
  }

  /**
   * Looks a key up in the page that {@link TableReader.residentPage} gives for it.
   *
   * @returns FOUND or DELETED; or MISS where the page does not say, and only {@link TableReader.find} can tell.
   */
  findInPage(page: Uint8Array, key: LookupKey, found: FoundValue): Lookup {
    PROBE.open(page)
    const type = PROBE.probe(key.bytes, 0, key.end)
    if (type === TYPE_DELETION) return DELETED
    return type === TYPE_VALUE ? showValue(found) : MISS
  }

  /** Walks the table. The reader must stay retained meanwhile. */
  iterator(context: ReadContext): InternalIterator {
    return new TableIterator(this.#blocks, context)
  }

  /** The file offset where an internal key is, or would be. */
  approximateOffset(key: Uint8Array, start: number, end: number): number {
    const i = this.#index.search(key, start, end)
    return i < this.#index.count ? this.#index.offsets[i] : this.#index.dataEnd
  }

  /** Loads and checks the i-th data block, whether or not it stays resident. */
  loadPage(i: number): Promise<Uint8Array> {
    return this.#blocks.loadPage(i)
  }

  /** The same, blocking the thread. */
  loadPageSync(i: number): Uint8Array {
    return this.#blocks.loadPageSync(i)
  }

  /** Whether the i-th data block is the next of many that are loaded in a row. */
  isSequential(i: number): boolean {
    return this.#blocks.isSequential(i)
  }

  /** Adds an owner. */
  retain(): void {
    this.#owners++
  }

  /** Takes an owner away; the last one gives up the blocks and closes the file, once reads in flight are done. */
  release(): void {
    if (--this.#owners > 0) return
    this.#blocks.drop()
    this.#closing ??= this.#file.close().catch(() => undefined)
  }

  /** Resolves once the file is closed, after the last release. */
  async closed(): Promise<void> {
    await this.#closing
  }

  /** What the entry under the probe says of the key that was sought. */
  #judge(i: number, type: number, found: FoundValue): Lookup {
    if (type === NOTHING) return ABSENT
    if (type === TYPE_DELETION) return DELETED
    if (type !== TYPE_VALUE) throw this.#blocks.unknownType(i, type)
    return showValue(found)
  }
}

/** The value of the entry under the probe. */
function showValue(found: FoundValue): Lookup {
  found.bytes = PROBE.value
  found.start = PROBE.valueStart
  found.end = PROBE.valueEnd
  return FOUND
}

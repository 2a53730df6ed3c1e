/**
 * One table, open for reading.
 *
 *     look-up:  table filter -> index -> block filter -> slot of the block -> entry
 *
 * Index and filters are resident as long as the reader is; blocks come and go in its slots, as the cache decides.
 *
 * 1. Everything that a look-up meets in memory has been checked when it was loaded: checksum, entries, order, and that
 *    a block's keys lie between the separators around it.
 * 2. A look-up whose block is resident allocates nothing.
 * 3. Loads of one block that overlap in time are one load.
 * 4. The reader is counted: whoever keeps it retains it, and the last to release it closes the file.
 *
 * Does not know versions, levels, or file numbers.
 */
import {
  ABSENT,
  corruption,
  DELETED,
  FOUND,
  MISS,
  tagType,
  TYPE_DELETION,
  TYPE_VALUE,
  VALID,
  type FoundValue,
  type InternalIterator,
  type Lookup,
  type LookupKey,
  type PageSource,
  type ReadableFile,
  type ReadContext,
} from '@lsm/base'

import { BlockSlots, type BlockCache } from './block-cache.ts'
import { BlockIterator } from './block-iterator.ts'
import { BlockLoader, type BlockLoaderOptions } from './block-loader.ts'
import { BlockWalker } from './block-walker.ts'
import type { FilterPolicy } from './filter-policy.ts'
import type { TableProperties } from './properties.ts'
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
const PROBE = new BlockIterator()

/** Reads one table. */
export class TableReader implements PageSource<Uint8Array> {
  /** The file's name. */
  readonly name: string
  /** Bytes of the table, as it is known by. */
  readonly size: number
  /** The resident index. */
  readonly index: TableIndex
  /** What the writer noted, if it was one of ours. */
  readonly properties: TableProperties | undefined
  /** Damage that does not keep the table from being read, one sentence each. */
  readonly problems: readonly string[]
  readonly #file: ReadableFile
  readonly #loader: BlockLoader
  readonly #cache: BlockCache
  readonly #slots: BlockSlots
  readonly #parts: TableParts
  readonly #loading = new Map<number, Promise<Uint8Array>>()
  #owners = 1
  #closed: Promise<void> | undefined

  private constructor(file: ReadableFile, size: number, loader: BlockLoader, parts: TableParts, cache: BlockCache) {
    this.name = file.name
    this.size = size
    this.index = parts.index
    this.properties = parts.properties
    this.problems = parts.problems
    this.#file = file
    this.#loader = loader
    this.#cache = cache
    this.#slots = new BlockSlots(parts.index.count)
    this.#parts = parts
  }

  /**
   * Opens a table, and owns its file from now on: closes it when opening fails, or when the last owner releases it.
   *
   * @param size - the table's bytes; the file may be longer.
   */
  static async open(file: ReadableFile, size: number, options: TableReaderOptions): Promise<TableReader> {
    try {
      const loader = new BlockLoader(file, options)
      const parts = await runSteps(openTable(loader, size, options.filters, options.maxBlockSize), loader)
      return new TableReader(file, size, loader, parts, options.cache)
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
      return new TableReader(file, size, loader, parts, options.cache)
    } catch (error) {
      void file.close().catch(() => undefined)
      throw error
    }
  }

  /** Number of data blocks. */
  get blocks(): number {
    return this.index.count
  }

  /**
   * Looks a key up.
   *
   * @param found - where the value lies, if FOUND. The bytes never change, whatever the cache evicts.
   * @returns ABSENT, FOUND, DELETED, or MISS after noting the block in the context.
   */
  find(key: LookupKey, found: FoundValue, context: ReadContext): Lookup {
    const { tableFilter, blockFilter } = this.#parts
    if (tableFilter !== undefined && !tableFilter.mayContain(key.hash, 0)) return ABSENT
    const { index } = this
    for (let i = index.search(key.bytes, 0, key.end); i < index.count; i++) {
      if (blockFilter === undefined || blockFilter.mayContain(key.hash, index.offsets[i])) {
        const block = this.block(i, context)
        if (block === undefined) return MISS
        PROBE.open(block)
        if (PROBE.seek(key.bytes, 0, key.end) === VALID) return this.#judge(i, found)
      }
      // Only a separator that is a version of this very key leaves room for older versions in the next block.
      if (!index.isSeparatedBy(i, key.bytes, 0, key.userEnd)) return ABSENT
    }
    return ABSENT
  }

  /** Walks the table. The reader must stay retained meanwhile. */
  iterator(context: ReadContext): InternalIterator {
    return new TableIterator(this, context)
  }

  /** The file offset where an internal key is, or would be. */
  approximateOffset(key: Uint8Array, start: number, end: number): number {
    const i = this.index.search(key, start, end)
    return i < this.index.count ? this.index.offsets[i] : this.index.dataEnd
  }

  /** The i-th data block if it is resident, or pinned to the context; else `undefined` after noting the miss. */
  block(i: number, context: ReadContext): Uint8Array | undefined {
    const slots = this.#slots
    const block = slots.blocks[i]
    if (block === undefined) return context.page(this, i)
    slots.visited[i] = 1
    this.#cache.hits++
    return block
  }

  /** The error for an entry of an unknown type in the i-th block. */
  unknownType(i: number, type: number): Error {
    return corruption(`an entry is of unknown type ${type}`, this.name, this.index.offsets[i])
  }

  loadPage(i: number): Promise<Uint8Array> {
    const resident = this.#slots.blocks[i]
    if (resident !== undefined) return Promise.resolve(resident)
    let loading = this.#loading.get(i)
    if (loading === undefined) {
      loading = this.#load(i).finally(() => this.#loading.delete(i))
      this.#loading.set(i, loading)
    }
    return loading
  }

  loadPageSync(i: number): Uint8Array {
    const resident = this.#slots.blocks[i]
    if (resident !== undefined) return resident
    return this.#admit(i, this.#loader.readSync(this.#loader.range(this.index.handle(i))))
  }

  /** Adds an owner. */
  retain(): void {
    this.#owners++
  }

  /** Takes an owner away; the last one gives up the blocks and closes the file, once reads in flight are done. */
  release(): void {
    if (--this.#owners > 0) return
    this.#cache.drop(this.#slots)
    this.#closed ??= this.#file.close().catch(() => undefined)
  }

  /** Resolves once the file is closed, after the last release. */
  async closed(): Promise<void> {
    await this.#closed
  }

  async #load(i: number): Promise<Uint8Array> {
    return this.#admit(i, await this.#loader.read(this.#loader.range(this.index.handle(i))))
  }

  /** Unpacks and checks a block, and takes it into its slot. */
  #admit(i: number, stored: Uint8Array): Uint8Array {
    const block = this.#loader.unseal(stored, this.index.handle(i))
    this.#check(i, block)
    this.#cache.misses++
    this.#cache.insert(this.#slots, i, block)
    return block
  }

  #check(i: number, block: Uint8Array): void {
    const offset = this.index.offsets[i]
    const walker = new BlockWalker(block, true, this.name, offset)
    if (!walker.next()) return
    const { key } = walker
    let inside = this.index.admits(i, key.bytes, 0, key.length)
    while (walker.next());
    inside &&= this.index.admits(i, key.bytes, 0, key.length)
    if (!inside) throw corruption('block has keys outside of its bounds in the index', this.name, offset)
  }

  /** What the entry under the probe says of the key that was sought. */
  #judge(i: number, found: FoundValue): Lookup {
    if (!PROBE.found) return ABSENT
    const type = tagType(PROBE.key, PROBE.keyEnd)
    if (type === TYPE_DELETION) return DELETED
    if (type !== TYPE_VALUE) throw this.unknownType(i, type)
    found.bytes = PROBE.value
    found.start = PROBE.valueStart
    found.end = PROBE.valueEnd
    return FOUND
  }
}

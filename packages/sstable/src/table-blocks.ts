/**
 * The data blocks of one table: the resident ones in their slots, the others in its file.
 *
 * 1. Everything that a reader meets in memory was checked when it was loaded: its checksum, its entries and their order,
 *    and that its keys lie between the separators around it.
 * 2. To find a resident block allocates nothing.
 * 3. Loads of one block that overlap in time are one load.
 * 4. Where blocks are asked for in a row, {@link READ_AHEAD} of the file is read at a time, and as much again while the caller
 *    goes on. What cannot be used of it is left to whoever asks for it.
 *
 * Does not know what is looked for in a block.
 */
import { corruption, END, LsmError, type Move, type PageSource, type ReadContext } from '@lsm/base'

import { BlockSlots, type BlockCache } from './block-cache.ts'
import type { BlockLoader } from './block-loader.ts'
import { PageIterator } from './page-iterator.ts'
import { TRAILER_SIZE } from './table-format.ts'
import type { TableIndex } from './table-index.ts'

/** Stored bytes that are read at a time where blocks are asked for in a row. */
const READ_AHEAD = 128 * 1024
/** Blocks in a row before that. */
const SEQUENTIAL = 4
/** Of a smaller cache the blocks that were read ahead would be evicted before they are used. */
const SMALLEST_CACHE = 32 * READ_AHEAD

/** Looks at the first and the last key of every page that comes in. */
const CHECKER = new PageIterator()

/** Gives out blocks by their number in the index. */
export class TableBlocks implements PageSource<Uint8Array> {
  readonly index: TableIndex
  readonly #loader: BlockLoader
  readonly #cache: BlockCache
  readonly #slots: BlockSlots
  readonly #loading = new Map<number, Promise<Uint8Array>>()
  /** The block behind the one that was loaded last, and how many were loaded in a row. */
  #next = 0
  #row = 0

  constructor(index: TableIndex, loader: BlockLoader, cache: BlockCache) {
    this.index = index
    this.#loader = loader
    this.#cache = cache
    this.#slots = new BlockSlots(index.count)
  }

  /** The i-th block if it is resident, or pinned to the context; else `undefined` after noting the miss. */
  block(i: number, context: ReadContext): Uint8Array | undefined {
    return this.resident(i) ?? context.page(this, i)
  }

  /** The i-th block if it is resident. */
  resident(i: number): Uint8Array | undefined {
    const slots = this.#slots
    const block = slots.blocks[i]
    if (block === undefined) return undefined
    slots.visited[i] = 1
    this.#cache.hits++
    return block
  }

  loadPage(i: number): Promise<Uint8Array> {
    const resident = this.#slots.blocks[i]
    if (resident !== undefined) return Promise.resolve(resident)
    const loading = this.#loading.get(i)
    if (loading !== undefined) return loading
    if (!this.isSequential(i)) return this.#start(i, i + 1)
    const until = this.#aheadOf(i)
    const page = this.#start(i, until)
    if (until < this.index.count && !this.#isThere(until)) {
      // Nobody waits for it: whoever asks for a block that could not be read is told why.
      this.#start(until, this.#aheadOf(until)).catch(() => undefined)
    }
    return page
  }

  isSequential(i: number): boolean {
    if (this.#loading.has(i)) return true
    return i === this.#next && this.#row >= SEQUENTIAL && this.#cache.capacity >= SMALLEST_CACHE
  }

  loadPageSync(i: number): Uint8Array {
    const resident = this.#slots.blocks[i]
    if (resident !== undefined) return resident
    this.#noteRow(i, i + 1)
    return this.#admit(i, this.#loader.loadPageSync(this.index.handle(i)))
  }

  /** Gives up what is resident. Blocks can still be loaded, but do not stay. */
  drop(): void {
    this.#cache.drop(this.#slots)
  }

  /** The error for an entry of an unknown type in the i-th block. */
  unknownType(i: number, type: number): Error {
    return corruption(`an entry is of unknown type ${type}`, this.#loader.name, this.index.offsets[i])
  }

  #isThere(i: number): boolean {
    return this.#slots.blocks[i] !== undefined || this.#loading.has(i)
  }

  #noteRow(i: number, until: number): void {
    this.#row = i === this.#next ? this.#row + 1 : 0
    this.#next = until
  }

  /** The first block behind those that are read along with the i-th. */
  #aheadOf(i: number): number {
    const { index } = this
    const end = index.offsets[i] + READ_AHEAD
    let until = i + 1
    while (until < index.count && index.offsets[until] + index.size(until) + TRAILER_SIZE <= end) until++
    return until
  }

  /** Loads some blocks; resolves with the first. */
  #start(i: number, until: number): Promise<Uint8Array> {
    this.#noteRow(i, until)
    const loading = this.#load(i, until).finally(() => this.#loading.delete(i))
    this.#loading.set(i, loading)
    return loading
  }

  async #load(i: number, until: number): Promise<Uint8Array> {
    const handle = this.index.handle(i)
    const stored = until > i + 1 ? await this.#readAhead(i, until) : undefined
    if (stored === undefined) return this.#admit(i, await this.#loader.loadPage(handle))
    const { offset, length } = this.#loader.range(handle)
    const page = this.#admit(i, this.#loader.page(stored.subarray(0, length), handle))
    for (let next = i + 1; next < until; next++) if (!this.#admitAhead(next, stored, offset)) break
    return page
  }

  /** What is stored of some blocks; `undefined` if it cannot be read, which says nothing of the first of them. */
  async #readAhead(i: number, until: number): Promise<Uint8Array | undefined> {
    const { offset } = this.index.handle(i)
    const last = this.index.handle(until - 1)
    try {
      return await this.#loader.read({ offset, length: last.offset + last.size + TRAILER_SIZE - offset })
    } catch (error) {
      if (error instanceof LsmError) return undefined
      throw error
    }
  }

  /** Takes in a block that was read along with others at an offset; says whether it could. */
  #admitAhead(i: number, stored: Uint8Array, start: number): boolean {
    if (this.#isThere(i)) return true
    const handle = this.index.handle(i)
    try {
      const { offset, length } = this.#loader.range(handle)
      this.#admit(i, this.#loader.page(stored.subarray(offset - start, offset - start + length), handle))
      return true
    } catch (error) {
      if (error instanceof LsmError) return false
      throw error
    }
  }

  /** Checks that a page is where the index says, and takes it into its slot. */
  #admit(i: number, page: Uint8Array): Uint8Array {
    CHECKER.open(page)
    if (!this.#admits(i, CHECKER.seekToFirst()) || !this.#admits(i, CHECKER.seekToLast())) {
      const { name } = this.#loader
      throw corruption('block has keys outside of its bounds in the index', name, this.index.offsets[i])
    }
    this.#cache.misses++
    this.#cache.insert(this.#slots, i, page)
    return page
  }

  #admits(i: number, move: Move): boolean {
    return move === END || this.index.admits(i, CHECKER.key, CHECKER.keyStart, CHECKER.keyEnd)
  }
}

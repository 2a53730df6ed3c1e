/**
 * The data blocks of one table: the resident ones in their slots, the others in its file.
 *
 * 1. Everything that a reader meets in memory was checked when it was loaded: its checksum, its entries and their order,
 *    and that its keys lie between the separators around it.
 * 2. To find a resident block allocates nothing.
 * 3. Loads of one block that overlap in time are one load.
 *
 * Does not know what is looked for in a block.
 */
import { corruption, END, type Move, type PageSource, type ReadContext } from '@lsm/base'

import { BlockSlots, type BlockCache } from './block-cache.ts'
import type { BlockLoader } from './block-loader.ts'
import { PageIterator } from './page-iterator.ts'
import type { TableIndex } from './table-index.ts'

/** Looks at the first and the last key of every page that comes in. */
const CHECKER = new PageIterator()

/** Gives out blocks by their number in the index. */
export class TableBlocks implements PageSource<Uint8Array> {
  readonly index: TableIndex
  readonly #loader: BlockLoader
  readonly #cache: BlockCache
  readonly #slots: BlockSlots
  readonly #loading = new Map<number, Promise<Uint8Array>>()

  constructor(index: TableIndex, loader: BlockLoader, cache: BlockCache) {
    this.index = index
    this.#loader = loader
    this.#cache = cache
    this.#slots = new BlockSlots(index.count)
  }

  /** The i-th block if it is resident, or pinned to the context; else `undefined` after noting the miss. */
  block(i: number, context: ReadContext): Uint8Array | undefined {
    const slots = this.#slots
    const block = slots.blocks[i]
    if (block === undefined) return context.page(this, i)
    slots.visited[i] = 1
    this.#cache.hits++
    return block
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

  async #load(i: number): Promise<Uint8Array> {
    return this.#admit(i, await this.#loader.loadPage(this.index.handle(i)))
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

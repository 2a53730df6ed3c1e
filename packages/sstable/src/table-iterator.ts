/**
 * Walks a table: a page iterator that goes on in the next block where one ends.
 *
 * The index is resident, the blocks may not be. Inheriting from the page iterator, and not holding one, spares the
 * copying of six fields for every entry.
 *
 * 1. `#at` is the number of the block that was entered last, or that a miss is waiting for.
 * 2. A relative move that leaves its block sets `#crossing`, and a miss leaves it set: the same move called again goes
 *    on there. An absolute move clears it.
 * 3. A value type above 1 is corruption where a move arrives at it.
 *
 * The reader must not be released while the iterator is in use.
 */
import { END, MISS, tagType, TYPE_VALUE, VALID, type Move, type ReadContext } from '@lsm/base'

import { PageIterator } from './page-iterator.ts'
import type { TableBlocks } from './table-blocks.ts'
import type { TableIndex } from './table-index.ts'

/** Walks the entries of a table. */
export class TableIterator extends PageIterator {
  readonly #blocks: TableBlocks
  readonly #index: TableIndex
  readonly #context: ReadContext
  #at = 0
  #crossing = false

  constructor(blocks: TableBlocks, context: ReadContext) {
    super()
    this.#blocks = blocks
    this.#index = blocks.index
    this.#context = context
  }

  override seekToFirst(): Move {
    this.#at = 0
    this.#crossing = false
    return this.#enterForwards()
  }

  override seekToLast(): Move {
    this.#at = this.#index.count - 1
    this.#crossing = false
    return this.#enterBackwards()
  }

  override seek(target: Uint8Array, start: number, end: number): Move {
    this.#at = this.#index.search(target, start, end)
    this.#crossing = false
    if (this.#at === this.#index.count) return END
    if (!this.#enter()) return MISS
    if (super.seek(target, start, end) === VALID) return this.#arrive()
    this.#at++
    return this.#enterForwards()
  }

  override next(): Move {
    if (!this.#crossing) {
      if (super.next() === VALID) return this.#arrive()
      this.#crossing = true
      this.#at++
    }
    return this.#cross(this.#enterForwards())
  }

  override prev(): Move {
    if (!this.#crossing) {
      if (super.prev() === VALID) return this.#arrive()
      this.#crossing = true
      this.#at--
    }
    return this.#cross(this.#enterBackwards())
  }

  /** Ends a crossing unless it missed. */
  #cross(move: Move): Move {
    this.#crossing = move === MISS
    return move
  }

  /** To the first entry in block `#at` or after it. */
  #enterForwards(): Move {
    for (; this.#at < this.#index.count; this.#at++) {
      if (!this.#enter()) return MISS
      if (super.seekToFirst() === VALID) return this.#arrive()
    }
    return END
  }

  /** To the last entry in block `#at` or before it. */
  #enterBackwards(): Move {
    for (; this.#at >= 0; this.#at--) {
      if (!this.#enter()) return MISS
      if (super.seekToLast() === VALID) return this.#arrive()
    }
    return END
  }

  /** Opens block `#at`, if it is there. */
  #enter(): boolean {
    const block = this.#blocks.block(this.#at, this.#context)
    if (block === undefined) return false
    this.open(block)
    return true
  }

  #arrive(): Move {
    const type = tagType(this.key, this.keyEnd)
    if (type > TYPE_VALUE) throw this.#blocks.unknownType(this.#at, type)
    return VALID
  }
}

/**
 * One level as one iterator: tables that do not overlap, one after the other.
 *
 *     files    [a … f]  [g … m]  [n … z]
 *                        ^ open table, its iterator inside
 *
 * 1. At most one table is in use at a time; crossing to the next one may miss twice, once for the table and once
 *    for its block.
 * 2. A crossing that missed is finished by the same relative move; an absolute move discards it.
 * 3. A table stays retained while its iterator is in use: `close` lets it go.
 */
import {
  compareInternalKeys,
  EMPTY,
  END,
  MISS,
  VALID,
  type InternalIterator,
  type Move,
  type ReadContext,
} from '@lsm/base'

import type { TableCache } from './table-cache.ts'
import type { TableReader } from './table-reader.ts'

/** A table of a level: its file number, its bytes, and its last internal key. */
export interface LevelTable {
  /** Its file number. */
  readonly number: number
  /** Bytes of its file. */
  readonly size: number
  /** Its last internal key. */
  readonly largest: Uint8Array
}

/** Walks tables that are in order and do not overlap. */
export class LevelIterator implements InternalIterator {
  key: Uint8Array = EMPTY
  keyStart = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0

  readonly #files: readonly LevelTable[]
  readonly #tables: TableCache
  readonly #context: ReadContext
  /** Index of the file that the iterator stands in, or that a crossing leads to. */
  #at = -1
  /** Index of the file whose table is in use. */
  #opened = -1
  /** The table that was in use last, and its iterator. */
  #table: TableReader | undefined
  #inner: InternalIterator | undefined
  #crossing = false

  constructor(files: readonly LevelTable[], tables: TableCache, context: ReadContext) {
    this.#files = files
    this.#tables = tables
    this.#context = context
  }

  seekToFirst(): Move {
    return this.#enter(0, 1)
  }

  seekToLast(): Move {
    return this.#enter(this.#files.length - 1, -1)
  }

  seek(target: Uint8Array, start: number, end: number): Move {
    const at = this.#fileFor(target, start, end)
    this.#crossing = false
    if (at >= this.#files.length) return END
    if (!this.#open(at)) return MISS
    const move = this.#inner!.seek(target, start, end)
    return move === END ? this.#enter(at + 1, 1) : this.#show(move)
  }

  next(): Move {
    if (this.#crossing) return this.#enter(this.#at, 1)
    const move = this.#inner!.next()
    return move === END ? this.#enter(this.#at + 1, 1) : this.#show(move)
  }

  prev(): Move {
    if (this.#crossing) return this.#enter(this.#at, -1)
    const move = this.#inner!.prev()
    return move === END ? this.#enter(this.#at - 1, -1) : this.#show(move)
  }

  /** Lets the table in use go. An absolute move begins anew. */
  close(): void {
    if (this.#opened >= 0) this.#table!.release()
    this.#opened = -1
  }

  /** To the first entry in direction `step` from the beginning, or the end, of file `at`. */
  #enter(at: number, step: 1 | -1): Move {
    this.#crossing = true
    for (let file = at; file >= 0 && file < this.#files.length; file += step) {
      this.#at = file
      if (!this.#open(file)) return MISS
      const move = step > 0 ? this.#inner!.seekToFirst() : this.#inner!.seekToLast()
      if (move === END) continue
      this.#crossing = move === MISS
      return this.#show(move)
    }
    this.#crossing = false
    return END
  }

  /** Makes file `at` the one in use; `false` if its table is not resident. */
  #open(at: number): boolean {
    this.#at = at
    if (this.#opened === at) return true
    const { number, size } = this.#files[at]
    const table = this.#tables.table(number, size, this.#context)
    if (table === undefined) return false
    table.retain()
    this.close()
    this.#opened = at
    if (this.#table === table) return true
    this.#table = table
    this.#inner = table.iterator(this.#context)
    return true
  }

  /** Index of the first file whose largest key is at or after an internal key. */
  #fileFor(target: Uint8Array, start: number, end: number): number {
    let low = 0
    let high = this.#files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { largest } = this.#files[middle]
      if (compareInternalKeys(largest, 0, largest.length, target, start, end) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #show(move: Move): Move {
    if (move !== VALID) return move
    const inner = this.#inner!
    this.key = inner.key
    this.keyStart = inner.keyStart
    this.keyEnd = inner.keyEnd
    this.value = inner.value
    this.valueStart = inner.valueStart
    this.valueEnd = inner.valueEnd
    return VALID
  }
}

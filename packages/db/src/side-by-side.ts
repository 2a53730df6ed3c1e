/**
 * Look-ups of many keys, side by side: each step is done for all of them before the next.
 *
 *     memtables ─▶ filters: which table? ─▶ index: which page? ─▶ first touch of the page ─▶ search
 *
 * A look-up waits for memory some five times, one after the other. Over a short loop the processor runs ahead, so that the waits of
 * several look-ups pass at once: a key of a hundred takes a quarter less than alone.
 *
 * Only what is plain is done here: a key that a memtable knows, or the first table whose filter admits it, in a page that is resident.
 * All others are {@link LEFT} to be looked up one by one.
 */
import { ABSENT, FOUND, FoundValue, LookupKey, MISS, type Lookup } from '@lsm/base'
import type { TableCache, TableReader } from '@lsm/sstable'

import { mostBytes, write, type Transcoder } from './encoding.ts'
import { findInMemtables, firstTable } from './point-read.ts'
import type { ReadState } from './read-state.ts'

/** Look-ups that are done at a time: what they touch fits the processor's nearest cache. */
const ABREAST = 64

/** Stands for a value that was not looked for to the end. */
export const LEFT: unique symbol = Symbol('left')

/** How far one look-up has got. */
class Lane {
  readonly key = new LookupKey()
  table: TableReader | undefined
  page: Uint8Array | undefined
  /** What the first touch of the page read: a read whose result nobody keeps would be left out. */
  touched = 0
}

/** Looks up many keys that are likely in memory. */
export class SideBySide {
  readonly #tables: TableCache
  readonly #lanes: readonly Lane[] = Array.from({ length: ABREAST }, () => new Lane())
  readonly #found = new FoundValue()

  constructor(tables: TableCache) {
    this.#tables = tables
  }

  /** The values of keys as of a sequence number, {@link LEFT} where they are still to be looked for. Never waits. */
  read(
    prepared: readonly (string | Uint8Array)[],
    state: ReadState,
    sequence: number,
    encoding: Transcoder,
  ): unknown[] {
    const values: unknown[] = []
    for (let first = 0; first < prepared.length; first += ABREAST) {
      const count = Math.min(ABREAST, prepared.length - first)
      for (let i = 0; i < count; i++) this.#setKey(this.#lanes[i], prepared[first + i], sequence)
      for (let i = 0; i < count; i++) values.push(this.#beginIn(this.#lanes[i], state, encoding))
      for (let i = 0; i < count; i++) this.#findPage(this.#lanes[i])
      for (let i = 0; i < count; i++) touch(this.#lanes[i])
      for (let i = 0; i < count; i++) {
        if (values[first + i] === LEFT) values[first + i] = this.#search(this.#lanes[i], encoding)
      }
    }
    return values
  }

  #setKey({ key }: Lane, prepared: string | Uint8Array, sequence: number): void {
    key.seal(write(prepared, key.reserve(mostBytes(prepared)), 0), sequence)
  }

  /** Asks the memtables, and if they do not know the key finds the table to look into. */
  #beginIn(lane: Lane, state: ReadState, encoding: Transcoder): unknown {
    const lookup = findInMemtables(lane.key, state, this.#found)
    lane.table = lookup === ABSENT ? firstTable(lane.key, state, this.#tables) : undefined
    return lookup === ABSENT ? LEFT : this.#value(lookup, encoding)
  }

  #findPage(lane: Lane): void {
    lane.page = lane.table?.residentPage(lane.key)
  }

  #search({ table, page, key }: Lane, encoding: Transcoder): unknown {
    const lookup = table === undefined || page === undefined ? MISS : table.findInPage(page, key, this.#found)
    return lookup === MISS ? LEFT : this.#value(lookup, encoding)
  }

  #value(lookup: Lookup, encoding: Transcoder): unknown {
    const found = this.#found
    return lookup === FOUND ? encoding.read(found.bytes, found.start, found.end) : undefined
  }
}

/** Reads of a page what its search begins with: the footer, and the words in front of it. */
function touch(lane: Lane): void {
  const { page } = lane
  if (page === undefined || page.length <= 2 * LINE) return
  const { length } = page
  lane.touched = page[length - 4] ^ page[length - LINE] ^ page[length - 2 * LINE]
}

/** Bytes that memory gives at a time. */
const LINE = 64

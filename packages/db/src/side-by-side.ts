/**
 * Look-ups of many keys, side by side: each step is done for all of them before the next.
 *
 *     memtables ─▶ filters: which table? ─▶ index: which page? ─▶ first touch of the page ─▶ search
 *
 * A look-up waits for memory some five times, one after the other. Over a short loop the processor runs ahead, so that the waits of
 * several look-ups pass at once: a key of a hundred takes a quarter less than alone.
 *
 * Only what is plain is done here: a key that a memtable knows, or the first table whose filter admits it, in a page that is resident.
 * All others are {@link LEFT} to be looked up one by one: so are the keys of a call within a call, from an encoding of the user's own.
 */
import { ABSENT, FOUND, FoundValue, LookupKey, MISS, type Lookup } from '@lsm/base'
import type { TableCache, TableReader } from '@lsm/sstable'

import { mostBytes, write, type Transcoder } from './encoding.ts'
import { findInMemtables, firstTable } from './point-read.ts'
import type { ReadState } from './read-state.ts'

/** Look-ups that are done at a time: what they touch fits the processor's nearest cache. */
const ABREAST = 64

/** Bytes that memory gives at a time. */
const LINE = 64

/** Stands for a value that was not looked for to the end. */
export const LEFT: unique symbol = Symbol('left')

/** Bytes of the longest key that is looked up here: lanes keep their buffers. */
const LONGEST_KEY = 1024

/** What keys are looked up in, as of a sequence number, and how their values are given. */
export interface ReadView {
  readonly state: ReadState
  readonly sequence: number
  readonly encoding: Transcoder
}

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
  /** As many as were ever needed. */
  readonly #lanes: Lane[] = []
  readonly #found = new FoundValue()
  #isReading = false

  constructor(tables: TableCache) {
    this.#tables = tables
  }

  /**
   * Appends the values of the next keys, those behind as many as there are values; {@link LEFT} where they are still to be looked for.
   * Never waits.
   */
  readSome(prepared: readonly (string | Uint8Array)[], values: unknown[], view: ReadView): void {
    const first = values.length
    const count = Math.min(ABREAST, prepared.length - first)
    if (this.#isReading) {
      for (let i = 0; i < count; i++) values.push(LEFT)
      return
    }
    this.#isReading = true
    try {
      const lanes = this.#lanes
      while (lanes.length < count) lanes.push(new Lane())
      for (let i = 0; i < count; i++) values.push(this.#begin(lanes[i], prepared[first + i], view))
      for (let i = 0; i < count; i++) lanes[i].page = lanes[i].table?.residentPage(lanes[i].key)
      for (let i = 0; i < count; i++) touch(lanes[i])
      for (let i = 0; i < count; i++) {
        if (values[first + i] === LEFT) values[first + i] = this.#search(lanes[i], view)
      }
    } finally {
      this.#isReading = false
    }
  }

  /** Asks the memtables, and if they do not know the key finds the table to look into. */
  #begin(lane: Lane, prepared: string | Uint8Array, view: ReadView): unknown {
    const { key } = lane
    const { state } = view
    lane.table = undefined
    if (mostBytes(prepared) > LONGEST_KEY) return LEFT
    key.seal(write(prepared, key.reserve(mostBytes(prepared)), 0), view.sequence)
    const lookup = findInMemtables(key, state, this.#found)
    if (lookup !== ABSENT) return this.#value(lookup, view)
    lane.table = firstTable(key, state, this.#tables)
    return LEFT
  }

  /** Searches the page, and lets go of it and its table. */
  #search(lane: Lane, view: ReadView): unknown {
    const { table, page, key } = lane
    lane.table = undefined
    lane.page = undefined
    const lookup = table === undefined || page === undefined ? MISS : table.findInPage(page, key, this.#found)
    return lookup === MISS ? LEFT : this.#value(lookup, view)
  }

  #value(lookup: Lookup, { encoding }: ReadView): unknown {
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

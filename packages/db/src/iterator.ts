/**
 * The iterators that users hold: entries, keys or values of a range, in order, as the database was when they were made.
 *
 * 1. Inside, entries are taken in batches by one synchronous loop; only a batch crosses a promise.
 * 2. An iterator pins its read state until it is closed or has reached its end.
 * 3. Calls do not overlap: a second `next` waits for the first.
 */
import { LsmError, MISS, ReadContext, VALID, mergeIterators, type InternalIterator } from '@lsm/base'
import { LevelIterator, type TableCache } from '@lsm/sstable/reading'

import type { Drive } from './drive.ts'
import type { Transcoder } from './encoding.ts'
import { encodeKey, type KeyRange } from './key-range.ts'
import type { ReadState } from './read-state.ts'
import type { SnapshotList } from './snapshot-list.ts'
import type { TurnClock } from './turn-clock.ts'
import { visibleIterator, type VisibleIterator } from './visible-iterator.ts'

/** Entries that `for await` and `all` take at a time. */
const BATCH = 256

/** Calls that the entries of one block are worth, to the clock. */
const BLOCK_WEIGHT = 32

/** What an iterator is made of. */
export interface IteratorParts {
  readonly state: ReadState
  readonly sequence: number
  readonly snapshots: SnapshotList
  readonly tables: TableCache
  readonly drive: Drive
  readonly clock: TurnClock
  readonly range: KeyRange
  readonly reverse: boolean
  /** Entries to give at most. */
  readonly limit: number
  readonly signal: AbortSignal | undefined
  readonly key: Transcoder
  readonly value: Transcoder
  /** What one entry is to the user. */
  readonly shape: 'entries' | 'keys' | 'values'
  /** Called when the iterator ends its life. */
  onClose(iterator: DatabaseIterator<unknown, unknown>): void
}

/**
 * Walks a range of the database, as of the moment it was made. Made by `db.iterator()`, `db.keys()` and `db.values()`.
 *
 * @typeParam T - what it gives: `[key, value]`, keys, or values.
 *
 * @example
 * ```ts
 * import { Database } from '@lsm/db'
 *
 * await using db = await Database.open('./iterator-example')
 * await db.batch([
 *   { type: 'put', key: 'a', value: '1' },
 *   { type: 'put', key: 'b', value: '2' },
 *   { type: 'put', key: 'c', value: '3' },
 * ])
 * for await (const [key, value] of db.iterator({ gte: 'b' })) console.log(key, value) // b 2, c 3
 * console.log(await db.keys({ reverse: true, limit: 2 }).all()) // [ 'c', 'b' ]
 * ```
 */
export class DatabaseIterator<T, K> implements AsyncIterable<T>, Iterable<T> {
  readonly #parts: IteratorParts
  readonly #context = new ReadContext()
  readonly #levels: LevelIterator[] = []
  readonly #entries: VisibleIterator
  #left: number
  #closed = false
  #ended = false
  /** The call that is going on, or the last one. */
  #last: Promise<unknown> = Promise.resolve()
  #busy = false

  /** @internal */
  constructor(parts: IteratorParts) {
    this.#parts = parts
    this.#left = parts.limit
    parts.state.pin()
    parts.snapshots.add(parts.sequence)
    this.#entries = visibleIterator(this.#source(), parts.sequence, parts.range, parts.reverse)
  }

  /** The next entry; `undefined` at the end. */
  async next(): Promise<T | undefined> {
    return (await this.nextv(1))[0]
  }

  /** Up to `size` next entries; an empty array at the end. May give fewer before the end. */
  nextv(size: number): Promise<T[]> {
    if (!Number.isInteger(size) || size < 1) throw new TypeError('nextv takes a whole number of at least 1')
    return this.#enqueue(() => this.#take(size))
  }

  /** All that is left, then closes. */
  async all(): Promise<T[]> {
    const all: T[] = []
    for (let some = await this.nextv(BATCH); some.length > 0; some = await this.nextv(1000)) {
      for (const item of some) all.push(item)
    }
    await this.close()
    return all
  }

  /** Makes the next entry the first one at `target` or beyond it in the iterator's direction. A target outside the range ends it. */
  seek(target: K): void {
    this.#check()
    if (this.#busy) throw new LsmError('LSM_CONFLICT', 'seek while another call on this iterator is going on')
    this.#entries.seek(encodeKey(target, this.#parts.key))
    this.#ended = false
  }

  /** The next entry, blocking the thread where the disk is needed; `undefined` at the end. */
  nextSync(): T | undefined {
    return this.nextvSync(1)[0]
  }

  /** Up to `size` next entries, blocking the thread where the disk is needed; an empty array at the end. */
  nextvSync(size: number): T[] {
    this.#check()
    if (this.#busy)
      throw new LsmError('LSM_CONFLICT', 'a synchronous call while another call on this iterator is going on')
    const batch: T[] = []
    try {
      while (this.#collect(batch, size)) this.#context.loadSync()
    } finally {
      this.#context.release()
    }
    return batch
  }

  /** All that is left, blocking the thread where the disk is needed, then closes. */
  allSync(): T[] {
    const all: T[] = []
    for (let some = this.nextvSync(BATCH); some.length > 0; some = this.nextvSync(1000)) {
      for (const item of some) all.push(item)
    }
    this[Symbol.dispose]()
    return all
  }

  /** Lets everything go that the iterator holds. Waits for a call that is going on. Does nothing the second time. */
  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
    this[Symbol.dispose]()
  }

  /** The entries that are left; the loop closes the iterator however it ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (let some = await this.nextv(BATCH); some.length > 0; some = await this.nextv(BATCH)) yield* some
    } finally {
      await this.close()
    }
  }

  /** The same, blocking the thread where the disk is needed. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    try {
      for (let some = this.nextvSync(BATCH); some.length > 0; some = this.nextvSync(BATCH)) yield* some
    } finally {
      this[Symbol.dispose]()
    }
  }

  /** Closes it without waiting: calls that are still going on end with `LSM_CLOSED`. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    for (const level of this.#levels) level.close()
    this.#parts.state.unpin()
    this.#parts.snapshots.remove(this.#parts.sequence)
    this.#parts.onClose(this)
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #source(): InternalIterator {
    const { state, tables } = this.#parts
    const children: InternalIterator[] = state.memtables.map(memtable => memtable.iterator())
    const add = (files: ConstructorParameters<typeof LevelIterator>[0]): void => {
      const level = new LevelIterator(files, tables, this.#context)
      this.#levels.push(level)
      children.push(level)
    }
    const [newest, ...deeper] = state.version.levels
    for (const file of newest) add([file])
    for (const files of deeper) if (files.length > 0) add(files)
    return mergeIterators(children)
  }

  #enqueue<R>(call: () => Promise<R>): Promise<R> {
    const before = this.#last
    const run = async (): Promise<R> => {
      await before.catch(() => undefined)
      this.#check()
      this.#busy = true
      try {
        return await call()
      } finally {
        this.#busy = false
        this.#context.release()
      }
    }
    const result = run()
    this.#last = result
    return result
  }

  async #take(size: number): Promise<T[]> {
    const { clock, drive } = this.#parts
    const batch: T[] = []
    while (this.#collect(batch, size)) {
      // A miss comes after a block's worth of entries: time for a look at the clock.
      if (clock.isLong(BLOCK_WEIGHT)) await clock.nextTurn()
      else if (drive.tryNow(this.#context)) continue
      else await drive.wait(this.#context)
      this.#check()
    }
    if (clock.isLong(size)) await clock.nextTurn()
    return batch
  }

  /** Moves entries into the batch until it is full, the iterator at its end, or something lacking: then `true`. */
  #collect(batch: T[], size: number): boolean {
    const entries = this.#entries
    while (batch.length < size && this.#left > 0 && !this.#ended) {
      const move = entries.advance()
      if (move === VALID) {
        batch.push(this.#item(entries))
        this.#left--
      } else if (move === MISS) return true
      else this.#ended = true
    }
    return false
  }

  #item(entries: VisibleIterator): T {
    const { key, value, shape } = this.#parts
    if (shape === 'values') return value.read(entries.value, entries.valueStart, entries.valueEnd) as T
    const k = key.read(entries.key, entries.keyStart, entries.keyEnd)
    return (shape === 'keys' ? k : [k, value.read(entries.value, entries.valueStart, entries.valueEnd)]) as T
  }

  #check(): void {
    const { signal } = this.#parts
    if (signal?.aborted) throw new LsmError('LSM_ABORTED', 'the iterator was aborted', { cause: signal.reason })
    if (this.#closed) throw new LsmError('LSM_CLOSED', 'the iterator is closed')
  }
}

/**
 * The iterators that users hold: entries, keys or values of a range, in order, as the database was when they were made.
 *
 * 1. Inside, entries are taken in batches by one synchronous loop; only a batch crosses a promise.
 * 2. What an iterator holds of the database is its cursor; it holds little more than a place until it is used.
 * 3. Calls do not overlap: a second `next` waits for the first.
 */
import { equalBytes, LsmError, MISS, VALID, type Move } from '@lsm/base'

import type { Cursor, Cursors, View } from './cursor.ts'
import type { Drive } from './drive.ts'
import type { Transcoder } from './encoding.ts'
import { encodeKey } from './key-range.ts'
import { MANY, PageCopies } from './page-copies.ts'
import type { TurnClock } from './turn-clock.ts'
import type { VisibleIterator } from './visible-iterator.ts'

/** Entries that `for await` and `all` take at a time. */
const BATCH = 256

/** Calls that the entries of one block are worth, to the clock. */
const BLOCK_WEIGHT = 32

/** What all iterators of a database share. */
export interface IteratorSurroundings {
  /** The database: it is not to be collected while it is read. */
  readonly owner: object
  readonly cursors: Cursors
  readonly drive: Drive
  readonly clock: TurnClock
}

/** What an iterator gives of what its cursor walks over. */
export interface IteratorParts extends View {
  /** Entries to give at most. */
  readonly limit: number
  readonly signal: AbortSignal | undefined
  readonly key: Transcoder
  readonly value: Transcoder
  /** What one entry is to the user. */
  readonly shape: 'entries' | 'keys' | 'values'
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
  readonly #surroundings: IteratorSurroundings
  readonly #cursor: Cursor
  readonly #signal: AbortSignal | undefined
  readonly #key: Transcoder
  readonly #value: Transcoder
  readonly #shape: IteratorParts['shape']
  #copies: PageCopies | undefined
  /** Whether keys or values are bytes, to be shown in copies. */
  readonly #shows: boolean
  #left: number

  /** @internal */
  constructor(surroundings: IteratorSurroundings, parts: IteratorParts) {
    this.#surroundings = surroundings
    this.#signal = parts.signal
    this.#key = parts.key
    this.#value = parts.value
    this.#shape = parts.shape
    this.#shows = parts.key.show !== undefined || parts.value.show !== undefined
    this.#left = parts.limit
    this.#cursor = surroundings.cursors.open(this, parts)
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
    if (this.#cursor.busy) throw new LsmError('LSM_CONFLICT', 'seek while another call on this iterator is going on')
    this.#cursor.seek(encodeKey(target, this.#key))
  }

  /** The next entry, blocking the thread where the disk is needed; `undefined` at the end. */
  nextSync(): T | undefined {
    return this.nextvSync(1)[0]
  }

  /** Up to `size` next entries, blocking the thread where the disk is needed; an empty array at the end. */
  nextvSync(size: number): T[] {
    this.#check()
    const cursor = this.#cursor
    if (cursor.busy)
      throw new LsmError('LSM_CONFLICT', 'a synchronous call while another call on this iterator is going on')
    const batch: T[] = []
    cursor.calls++
    try {
      while (this.#collect(batch, size)) cursor.context.loadSync()
    } finally {
      this.#copies = undefined
      cursor.endCall()
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
    await this.#cursor.last.catch(() => undefined)
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
    this.#cursor.release()
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #enqueue<R>(call: () => Promise<R>): Promise<R> {
    const cursor = this.#cursor
    const before = cursor.calls > 0 ? cursor.last : undefined
    cursor.calls++
    const result = this.#run(before, call)
    cursor.last = result
    return result
  }

  async #run<R>(before: Promise<unknown> | undefined, call: () => Promise<R>): Promise<R> {
    const cursor = this.#cursor
    try {
      if (before !== undefined) await before.catch(() => undefined)
      this.#check()
      cursor.busy = true
      return await call()
    } finally {
      cursor.busy = false
      cursor.endCall()
    }
  }

  async #take(size: number): Promise<T[]> {
    const { clock, drive } = this.#surroundings
    const batch: T[] = []
    while (this.#collect(batch, size)) {
      const { context } = this.#cursor
      // A miss comes after a block's worth of entries: time for a look at the clock.
      if (clock.isLong(BLOCK_WEIGHT)) await clock.nextTurn()
      else if (drive.tryNow(context)) continue
      else await drive.wait(context)
      this.#check()
    }
    this.#copies = undefined
    if (clock.isLong(size)) await clock.nextTurn()
    return batch
  }

  /** Moves entries into the batch until it is full, the iterator at its end, or something lacking: then `true`. */
  #collect(batch: T[], size: number): boolean {
    const cursor = this.#cursor
    if (batch.length >= size || this.#left <= 0 || cursor.ended) return false
    const entries = cursor.walk()
    if (this.#shows && size >= MANY) this.#copies ??= new PageCopies()
    let { given } = cursor
    let move: Move
    do {
      move = entries.advance()
      if (move !== VALID) break
      if (given !== undefined) {
        const isAgain = isAt(entries, given)
        given = undefined
        cursor.begun()
        if (isAgain) continue
      }
      const wanted = size - batch.length
      batch.push(this.#item(entries, wanted < this.#left ? wanted : this.#left))
      this.#left--
    } while (batch.length < size && this.#left > 0)
    cursor.stand(move)
    return move === MISS
  }

  #item(entries: VisibleIterator, wanted: number): T {
    const shape = this.#shape
    const copy = this.#copies?.of(entries, wanted)
    if (shape === 'values') return this.#valueOf(entries, copy) as T
    const key = shown(this.#key, entries.key, entries.keyStart, entries.keyEnd, copy)
    return (shape === 'keys' ? key : [key, this.#valueOf(entries, copy)]) as T
  }

  #valueOf({ value, valueStart, valueEnd }: VisibleIterator, copy: Uint8Array | undefined): unknown {
    return shown(this.#value, value, valueStart, valueEnd, copy)
  }

  #check(): void {
    const signal = this.#signal
    if (signal?.aborted) throw new LsmError('LSM_ABORTED', 'the iterator was aborted', { cause: signal.reason })
    if (this.#cursor.released) throw new LsmError('LSM_CLOSED', 'the iterator is closed')
  }
}

/** What `bytes[start, end)` are to the user: shown in a copy of all of them, if there is one, or copied alone. */
function shown(
  encoding: Transcoder,
  bytes: Uint8Array,
  start: number,
  end: number,
  copy: Uint8Array | undefined,
): unknown {
  if (copy === undefined || encoding.show === undefined) return encoding.read(bytes, start, end)
  return encoding.show(copy, start, end)
}

function isAt({ key, keyStart, keyEnd }: VisibleIterator, wanted: Uint8Array): boolean {
  return equalBytes(key, keyStart, keyEnd, wanted, 0, wanted.length)
}

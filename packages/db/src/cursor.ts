/**
 * What an open iterator holds of the database, and where it stands; the object that its user holds leads here, and nothing
 * leads back.
 *
 *     resting    a place in the order of keys, or none: some hundred bytes
 *     walking    iterators over the memtables and tables, with the blocks that they stand in
 *
 * 1. From its making to its release it pins a read state and a sequence number, so that it can walk whenever it likes.
 * 2. It rests until it is used, and again when its end is reached, or when many others walk ({@link Cursors}).
 * 3. Resting loses nothing: the next walk begins behind the entry that was given last.
 */
import { END, MISS, ReadContext, VALID, mergeIterators, type InternalIterator, type Move } from '@lsm/base'
import { LevelIterator, type TableCache } from '@lsm/sstable/reading'

import type { KeyRange } from './key-range.ts'
import type { Held, Leaks } from './leaks.ts'
import type { ReadState } from './read-state.ts'
import type { SnapshotList } from './snapshot-list.ts'
import { visibleIterator, type VisibleIterator } from './visible-iterator.ts'

/** What all cursors of a database share. */
export interface CursorSurroundings {
  readonly snapshots: SnapshotList
  readonly tables: TableCache
  readonly leaks: Leaks
}

/** What one cursor walks over. */
export interface View {
  readonly state: ReadState
  readonly sequence: number
  readonly range: KeyRange
  readonly reverse: boolean
}

const SETTLED: Promise<unknown> = Promise.resolve()

/** Iterators over everything that a read state holds, and what they lack; for one cursor after the other. */
class Walk {
  readonly context: ReadContext = new ReadContext()
  readonly #source: InternalIterator
  readonly #levels: LevelIterator[] = []
  #forward: VisibleIterator | undefined
  #entries: VisibleIterator | undefined

  constructor(state: ReadState, tables: TableCache) {
    this.#source = this.#merge(state, tables)
  }

  /** What the cursor at hand sees. */
  get entries(): VisibleIterator {
    return this.#entries!
  }

  /** Begins for a cursor. */
  begin({ sequence, range, reverse }: View): void {
    if (!reverse && this.#forward !== undefined) {
      this.#forward.reset(sequence, range)
      this.#entries = this.#forward
      return
    }
    this.#entries = visibleIterator(this.#source, sequence, range, reverse)
    if (!reverse) this.#forward = this.#entries
  }

  /** Lets go of tables and blocks. */
  close(): void {
    this.context.release()
    for (const level of this.#levels) level.close()
    this.#entries = undefined
  }

  #merge({ memtables, version }: ReadState, tables: TableCache): InternalIterator {
    const children: InternalIterator[] = memtables.map(memtable => memtable.iterator())
    const add = (files: ConstructorParameters<typeof LevelIterator>[0]): void => {
      const level = new LevelIterator(files, tables, this.context)
      this.#levels.push(level)
      children.push(level)
    }
    const [newest, ...deeper] = version.levels
    for (const file of newest) add([file])
    for (const files of deeper) if (files.length > 0) add(files)
    return mergeIterators(children)
  }
}

/** See the file's header. */
export class Cursor implements Held, View {
  readonly state: ReadState
  readonly sequence: number
  readonly range: KeyRange
  readonly reverse: boolean
  readonly place: string | undefined
  watched = false
  readonly #cursors: Cursors
  /** The call of its user that is going on, or the last one. */
  last: Promise<unknown> = SETTLED
  /** Calls that have not ended. */
  calls = 0
  /** Whether one of them has begun. */
  busy = false
  #released = false
  #ended = false
  #walk: Walk | undefined
  /** Where the next walk begins; `undefined` for the beginning of the range. */
  #from: Uint8Array | undefined
  /** Whether the entry at {@link Cursor.#from} was given already. */
  #given = false
  /** What the walk has come to; MISS while it is under way, `undefined` before its first move. */
  #move: Move | undefined

  /** @internal */
  constructor(cursors: Cursors, { state, sequence, range, reverse }: View, place: string | undefined) {
    this.#cursors = cursors
    this.state = state
    this.sequence = sequence
    this.range = range
    this.reverse = reverse
    this.place = place
    state.pin()
    cursors.surroundings.snapshots.add(sequence)
  }

  get kind(): 'iterator' {
    return 'iterator'
  }

  get leaks(): Leaks {
    return this.#cursors.surroundings.leaks
  }

  get released(): boolean {
    return this.#released
  }

  /** Whether the end has been reached; only {@link Cursor.seek} leads back. */
  get ended(): boolean {
    return this.#ended
  }

  /** What the walk lacks, after a MISS. */
  get context(): ReadContext {
    return this.#walking().context
  }

  /** The entries, to be advanced; what the last `advance` gave is then told to {@link Cursor.stand}. */
  walk(): VisibleIterator {
    const { entries } = this.#walking()
    this.#move = MISS
    return entries
  }

  /** Notes where the walk has stopped. */
  stand(move: Move): void {
    this.#move = move
    this.#ended = move === END
  }

  /** The key whose entry was given before the cursor rested: the walk begins at it. */
  get given(): Uint8Array | undefined {
    return this.#given ? this.#from : undefined
  }

  /** The walk has come to its first entry. */
  begun(): void {
    this.#given = false
  }

  /** Lets go of the blocks that were loaded for the call that ends, of what it gave, and of the walk at its end. */
  endCall(): void {
    if (--this.calls === 0) this.last = SETTLED
    this.#walk?.context.release()
    if (this.#ended) this.#rest()
  }

  /** The next `advance` leads to the first entry at `target` or beyond it in the cursor's direction. */
  seek(target: Uint8Array): void {
    this.#from = target
    this.#given = false
    this.#ended = false
    this.#move = undefined
    if (this.#walk === undefined) return
    this.state.noteSeek()
    this.#walk.entries.seek(target)
  }

  /** Ends the walk, if it stands where another one can begin; gives whether it does. */
  park(): boolean {
    if (this.busy || this.#move === MISS) return false
    this.#rest()
    return true
  }

  /** Gives up everything, without waiting. Does nothing the second time. */
  release(): void {
    if (this.#released) return
    this.#released = true
    // A load that is under way would give its blocks to the next cursor.
    if (this.#walk !== undefined) this.#cursors.end(this.#walk, this.state, !this.busy && this.#move !== MISS)
    this.#walk = undefined
    this.state.unpin()
    this.#cursors.closed(this)
  }

  #walking(): Walk {
    return (this.#walk ??= this.#begin())
  }

  #begin(): Walk {
    const walk = this.#cursors.walkOver(this.state)
    walk.begin(this)
    this.state.noteSeek()
    if (this.#from !== undefined) walk.entries.seek(this.#from)
    this.#cursors.walks(this)
    return walk
  }

  /** Ends the walk, and keeps its place. */
  #rest(): void {
    const walk = this.#walk
    if (walk === undefined) return
    if (this.#move === VALID) {
      const { key, keyStart, keyEnd } = walk.entries
      this.#from = key.slice(keyStart, keyEnd)
      this.#given = true
    }
    this.#cursors.end(walk, this.state, true)
    this.#walk = undefined
    this.#move = undefined
    this.#cursors.rests(this)
  }
}

/** Walks that go on beside each other; a cursor more, and the one that began to walk first rests. */
const MOST_WALKS = 256
/** Walks that are kept for the next cursors, of each read state. */
const MOST_KEPT = 4
/** Cursors that are asked to rest before one more is let walk in any case. */
const ASKED = 8

/** The cursors of a database that are open. */
export class Cursors {
  readonly surroundings: CursorSurroundings
  readonly #open = new Set<Cursor>()
  /** Those that walk, in the order in which they began to. */
  readonly #walking = new Set<Cursor>()
  /** Walks that no cursor uses: to make one takes as long as to find its first entries. */
  readonly #kept = new WeakMap<ReadState, Walk[]>()

  constructor(surroundings: CursorSurroundings) {
    this.surroundings = surroundings
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size
  }

  /** Opens one for a handle. */
  open(handle: object, view: View): Cursor {
    const { leaks } = this.surroundings
    const cursor = new Cursor(this, view, leaks.place())
    this.#open.add(cursor)
    leaks.watch(handle, cursor)
    return cursor
  }

  /** Ends all, each when the call on it that is going on has ended. */
  async close(): Promise<void> {
    const called = [...this.#open].filter(({ calls }) => calls > 0)
    for (const cursor of this.#open) if (cursor.calls === 0) cursor.release()
    await Promise.allSettled(called.map(({ last }) => last))
    for (const cursor of called) cursor.release()
  }

  /** A walk over a read state. @internal */
  walkOver(state: ReadState): Walk {
    return this.#kept.get(state)?.pop() ?? new Walk(state, this.surroundings.tables)
  }

  /** Ends a walk, and keeps it if it can be used again. @internal */
  end(walk: Walk, state: ReadState, isUsable: boolean): void {
    walk.close()
    if (!isUsable) return
    const kept = this.#kept.get(state)
    if (kept === undefined) this.#kept.set(state, [walk])
    else if (kept.length < MOST_KEPT) kept.push(walk)
  }

  /** A cursor has begun to walk. @internal */
  walks(cursor: Cursor): void {
    if (this.#walking.size >= MOST_WALKS) this.#park()
    this.#walking.add(cursor)
  }

  /** A cursor rests. @internal */
  rests(cursor: Cursor): void {
    this.#walking.delete(cursor)
  }

  /** A cursor was released. @internal */
  closed(cursor: Cursor): void {
    const { snapshots, leaks } = this.surroundings
    this.#open.delete(cursor)
    this.#walking.delete(cursor)
    snapshots.remove(cursor.sequence)
    leaks.forget(cursor)
  }

  #park(): void {
    let asked = 0
    for (const cursor of this.#walking) {
      if (cursor.park() || ++asked === ASKED) return
      this.#walking.delete(cursor)
      this.#walking.add(cursor)
    }
  }
}

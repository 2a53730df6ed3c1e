/**
 * A moment of the database, held so that it can be read again.
 */
import type { Held, Leaks } from './leaks.ts'
import type { SnapshotList } from './snapshot-list.ts'

/** What a snapshot holds of the database. */
class SnapshotHold implements Held {
  readonly kind = 'snapshot'
  readonly list: SnapshotList
  readonly leaks: Leaks
  readonly place: string | undefined
  watched = false
  released = false
  readonly #sequence: number

  constructor(list: SnapshotList, leaks: Leaks, sequence: number, place: string | undefined) {
    this.list = list
    this.leaks = leaks
    this.place = place
    this.#sequence = sequence
    list.add(sequence)
  }

  release(): void {
    this.released = true
    this.list.remove(this.#sequence)
    this.leaks.forget(this)
  }
}

/**
 * The contents of the database as of its creation. While it is open, versions that it sees are kept, which takes space:
 * close it.
 *
 * @example
 * ```ts
 * import { Database } from '@lsm/db'
 *
 * await using db = await Database.open('./snapshot-example')
 * await db.put('k', 'before')
 * using snapshot = db.snapshot()
 * await db.put('k', 'after')
 * console.log(await db.get('k', { snapshot })) // before
 * ```
 */
export class Snapshot {
  /** The number of the last write that it sees. */
  readonly sequence: number
  #hold: SnapshotHold | undefined

  /** @internal */
  constructor(list: SnapshotList, leaks: Leaks, sequence: number, place: string | undefined) {
    this.sequence = sequence
    this.#hold = new SnapshotHold(list, leaks, sequence, place)
    leaks.watch(this, this.#hold)
  }

  /** Whether it was closed: reading from it is then an error. */
  get closed(): boolean {
    return this.#hold === undefined
  }

  /** Whether this snapshot was made by the owner of a list. @internal */
  belongsTo(list: SnapshotList): boolean {
    return this.#hold?.list === list
  }

  /** Lets the moment go. Does nothing the second time. */
  close(): void {
    this.#hold?.release()
    this.#hold = undefined
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close()
  }
}

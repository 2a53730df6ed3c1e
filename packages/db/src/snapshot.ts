/**
 * A moment of the database, held so that it can be read again.
 */
import type { SnapshotList } from './snapshot-list.ts'

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
  #list: SnapshotList | undefined

  /** @internal */
  constructor(list: SnapshotList, sequence: number) {
    this.#list = list
    this.sequence = sequence
    list.add(sequence)
  }

  /** Whether it was closed: reading from it is then an error. */
  get closed(): boolean {
    return this.#list === undefined
  }

  /** Whether this snapshot was made by the owner of a list. @internal */
  belongsTo(list: SnapshotList): boolean {
    return this.#list === list
  }

  /** Lets the moment go. Does nothing the second time. */
  close(): void {
    this.#list?.remove(this.sequence)
    this.#list = undefined
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close()
  }
}

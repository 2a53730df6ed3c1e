/**
 * Which tables make up the database at one moment. Immutable.
 *
 *     level 0      newest (greatest number) first; tables may overlap
 *     levels 1-6   by smallest key; tables do not overlap
 *
 * 1. Of a user key, what is in an earlier table of level 0, or in a smaller level, is newer.
 * 2. A user key may end one table and begin the next of the same level: their internal keys do not overlap.
 * 3. While a version is pinned, none of its tables is removed.
 *
 * Does not know what is in the tables.
 */
import { compareBytes, compareInternalKeys, TAG_SIZE } from '@lsm/base'

import type { FileMetadata } from './version-edit.ts'

/** A set of tables in levels. */
export class Version {
  /** The tables of each of the seven levels, in order. */
  readonly levels: readonly (readonly FileMetadata[])[]
  readonly #bytes: readonly number[]
  readonly #pinned: Set<Version>
  #pins = 0

  /**
   * @param levels - seven, in order, checked.
   * @param pinned - where the version is as long as it is pinned.
   */
  constructor(levels: readonly (readonly FileMetadata[])[], pinned: Set<Version> = new Set()) {
    this.levels = levels
    this.#bytes = levels.map(files => files.reduce((sum, file) => sum + file.size, 0))
    this.#pinned = pinned
  }

  /** The index, in a level above 0, of the first table that ends at or after an internal key; their number if none does. */
  findFile(level: number, key: Uint8Array, start: number, end: number): number {
    const files = this.levels[level]
    let low = 0
    let high = files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { largest } = files[middle]
      if (compareInternalKeys(largest, 0, largest.length, key, start, end) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The tables of a level that may hold user keys from `begin` to `end`, both included; `undefined` leaves a side open. */
  overlapping(level: number, begin: Uint8Array | undefined, end: Uint8Array | undefined): FileMetadata[] {
    return this.levels[level].filter(
      ({ smallest, largest }) =>
        (begin === undefined || compareUserKey(largest, begin) >= 0) &&
        (end === undefined || compareUserKey(smallest, end) <= 0),
    )
  }

  /** Bytes in the tables of a level. */
  levelBytes(level: number): number {
    return this.#bytes[level]
  }

  /** Every table, level by level. */
  *files(): IterableIterator<FileMetadata> {
    for (const files of this.levels) yield* files
  }

  /** Keeps the tables of this version from being removed. Release with {@link Version.unpin | unpin}, once for each pin. */
  pin(): void {
    if (this.#pins++ === 0) this.#pinned.add(this)
  }

  /** Releases a pin. */
  unpin(): void {
    if (--this.#pins === 0) this.#pinned.delete(this)
  }
}

/** Compares the user key of an internal key with a user key. */
function compareUserKey(key: Uint8Array, userKey: Uint8Array): number {
  return compareBytes(key, 0, key.length - TAG_SIZE, userKey, 0, userKey.length)
}

/**
 * May a table outside the job hold something older of a user key?
 *
 * By the tables' bounds alone: a key between the smallest and the largest key of a table counts as being in it.
 *
 * 1. Keys are asked for in ascending order, so that in a level without overlap one finger per level moves forward only.
 * 2. Of level 0, whose tables overlap, every table is looked at.
 *
 * Pure: opens no table.
 */
import { compareBytes, TAG_SIZE } from '@lsm/base'

import type { LevelInput, TableDescription } from './strategy.ts'

/** Answers for one run of ascending user keys. */
export class OlderTables {
  readonly #overlapping: readonly TableDescription[]
  readonly #levels: readonly (readonly TableDescription[])[]
  /** For each of `#levels`, the first table that ends at or after the last key. */
  readonly #fingers: number[]

  /** @param older - levels of the older tables; below level 0 by key and without overlap. */
  constructor(older: readonly LevelInput[]) {
    this.#overlapping = older.filter(({ level }) => level === 0).flatMap(({ tables }) => tables)
    this.#levels = older.filter(({ level }) => level > 0).map(({ tables }) => tables)
    this.#fingers = this.#levels.map(() => 0)
  }

  /** Whether the bounds of some table enclose a user key. */
  cover(key: Uint8Array, start: number, end: number): boolean {
    for (let i = 0; i < this.#levels.length; i++) if (this.#levelCovers(i, key, start, end)) return true
    for (const table of this.#overlapping) {
      if (compare(table.smallest, key, start, end) <= 0 && compare(table.largest, key, start, end) >= 0) return true
    }
    return false
  }

  #levelCovers(i: number, key: Uint8Array, start: number, end: number): boolean {
    const tables = this.#levels[i]
    let finger = this.#fingers[i]
    while (finger < tables.length && compare(tables[finger].largest, key, start, end) < 0) finger++
    this.#fingers[i] = finger
    return finger < tables.length && compare(tables[finger].smallest, key, start, end) <= 0
  }
}

/** Compares the user key of an internal key with a user key. */
function compare(internalKey: Uint8Array, key: Uint8Array, start: number, end: number): number {
  return compareBytes(internalKey, 0, internalKey.length - TAG_SIZE, key, start, end)
}

/**
 * When does one output table end and the next begin?
 *
 *     grandparents    [a … f]   [h … m]   [n … t]   [v … z]       two levels below the inputs
 *     output          b ──────────────► | ◄ before n, if b … n would overlap too many bytes of them
 *
 * An output that overlaps much of the level below its own will be expensive to compact into it one day.
 *
 * 1. All versions of a user key are in one table.
 * 2. A table is closed when it has reached its size, or before a key that would take its overlap over the bound. One
 *    grandparent may exceed the bound by itself; the keys inside of it stay together.
 * 3. No table is begun for which there is no number: the last one takes what is left.
 *
 * Pure: knows keys and sizes, no files.
 */
import { compareBytes, TAG_SIZE } from '@lsm/base'

import type { TableDescription } from './strategy.ts'

/** What bounds an output table. */
export interface OutputBounds {
  /** Bytes at which a table is closed. */
  readonly maxTableSize: number
  /** Tables of the level below the output, by key, without overlap. */
  readonly grandparents: readonly TableDescription[]
  /** Bytes of grandparents that one output may overlap. */
  readonly maxGrandparentOverlap: number
  /** Tables that may be written in all. */
  readonly maxTables: number
}

/** Decides for one run of keys, ascending. */
export class OutputSplitter {
  readonly #bounds: OutputBounds
  /** Index of the first grandparent that begins after the last key. */
  #ahead = 0
  /** Bytes of grandparents that the open table overlaps. */
  #overlap = 0
  #tables = 0

  constructor(bounds: OutputBounds) {
    this.#bounds = bounds
  }

  /** A table begins with this internal key. */
  begin(key: Uint8Array, start: number, end: number): void {
    const { grandparents } = this.#bounds
    this.#enter(key, start, end)
    this.#tables++
    const last = this.#ahead - 1
    const inside = last >= 0 && compareUserKeys(grandparents[last].largest, key, start, end) >= 0
    this.#overlap = inside ? grandparents[last].size : 0
  }

  /**
   * Whether the open table must be closed before the first version of another user key.
   *
   * @param size - bytes that the open table has so far.
   */
  splitsBefore(key: Uint8Array, start: number, end: number, size: number): boolean {
    const { maxTables, maxTableSize, maxGrandparentOverlap } = this.#bounds
    const crossed = this.#enter(key, start, end)
    if (this.#tables >= maxTables) return false
    return size >= maxTableSize || (crossed && this.#overlap > maxGrandparentOverlap)
  }

  /** Counts the grandparents that begin at or before a key; says whether there were any. */
  #enter(key: Uint8Array, start: number, end: number): boolean {
    const { grandparents } = this.#bounds
    const before = this.#ahead
    while (
      this.#ahead < grandparents.length &&
      compareUserKeys(grandparents[this.#ahead].smallest, key, start, end) <= 0
    ) {
      this.#overlap += grandparents[this.#ahead++].size
    }
    return this.#ahead > before
  }
}

/** Compares the user keys of two internal keys. */
function compareUserKeys(a: Uint8Array, b: Uint8Array, start: number, end: number): number {
  return compareBytes(a, 0, a.length - TAG_SIZE, b, start, end - TAG_SIZE)
}

/**
 * Stretches of user keys, and the tables that lie in them.
 *
 *     level       [a … d]   [d … f]   [h … k]   [m … p]
 *     range                    e ────────► j
 *     overlap               └─────────────────┘              tables 1 and 2
 *     clean cut   └───────────────────────────┘              tables 0 to 2: d ends one and begins the next
 *
 * 1. Bounds are internal keys, and only their user keys count: two tables that share a user key overlap.
 * 2. A clean cut takes all versions of its user keys that the level has, so that what it takes to a deeper level leaves no
 *    older version of the same key behind, and a deletion that it forgets uncovers none.
 *
 * Does not know what tables are for: anything with two bounds will do.
 */
import { compareBytes, internalKey, MAX_SEQUENCE, TAG_SIZE, TYPE_DELETION, TYPE_FOR_SEEK } from '@lsm/base'

/** From one user key to another, both included, given as internal keys; `undefined` leaves a side open. */
export interface KeyRange {
  readonly smallest: Uint8Array | undefined
  readonly largest: Uint8Array | undefined
}

/** A range with both sides closed, as every table is one. */
export interface ClosedRange extends KeyRange {
  readonly smallest: Uint8Array
  readonly largest: Uint8Array
}

/** Where in a level: from index `from` to before index `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The range from one user key to another, both included; `undefined` leaves a side open. */
export function userKeyRange(begin: Uint8Array | undefined, end: Uint8Array | undefined): KeyRange {
  return {
    smallest: begin && internalKey(begin, MAX_SEQUENCE, TYPE_FOR_SEEK),
    largest: end && internalKey(end, 0, TYPE_DELETION),
  }
}

/** Compares the user keys of two internal keys. */
export function compareUserKeys(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length - TAG_SIZE, b, 0, b.length - TAG_SIZE)
}

/** Whether two ranges share a user key. */
export function overlaps(a: KeyRange, b: KeyRange): boolean {
  return startsBy(a.smallest, b.largest) && startsBy(b.smallest, a.largest)
}

/** The least range around several ranges, of which there is at least one. */
export function hullOf(ranges: readonly ClosedRange[]): ClosedRange {
  let { smallest, largest } = ranges[0]
  for (const range of ranges) {
    if (compareUserKeys(range.smallest, smallest) < 0) smallest = range.smallest
    if (compareUserKeys(range.largest, largest) > 0) largest = range.largest
  }
  return { smallest, largest }
}

/** The tables of a level above 0 that overlap a range. Where there is none, the place where they would be. */
export function spanOf(level: readonly ClosedRange[], range: KeyRange): Span {
  const { smallest, largest } = range
  const from = smallest === undefined ? 0 : firstIndex(level, table => compareUserKeys(table.largest, smallest) >= 0)
  const to =
    largest === undefined ? level.length : firstIndex(level, table => compareUserKeys(table.smallest, largest) > 0)
  return { from, to: Math.max(from, to) }
}

/** The span and its neighbours as long as they share a user key with it. */
export function cleanCut(level: readonly ClosedRange[], span: Span): Span {
  let { from, to } = span
  if (from === to) return span
  while (from > 0 && compareUserKeys(level[from - 1].largest, level[from].smallest) === 0) from--
  while (to < level.length && compareUserKeys(level[to - 1].largest, level[to].smallest) === 0) to++
  return { from, to }
}

/** The index of the first item that passes a test which all later ones pass, too; their number if none does. */
export function firstIndex<T>(items: readonly T[], passes: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (passes(items[middle])) high = middle
    else low = middle + 1
  }
  return low
}

function startsBy(start: Uint8Array | undefined, end: Uint8Array | undefined): boolean {
  return start === undefined || end === undefined || compareUserKeys(start, end) <= 0
}

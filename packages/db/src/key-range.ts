/**
 * A range of user keys, as the options of iterators and `clear` give it.
 */
import { compareBytes } from '@lsm/base'

import { copyBytes, mostBytes, write, type Transcoder } from './encoding.ts'

/** Bounds of a range of keys. `gte` and `lte` lose against `gt` and `lt` where both are given. */
export interface RangeOptions<K> {
  /** Keys after this one. */
  readonly gt?: K
  /** Keys at or after this one. */
  readonly gte?: K
  /** Keys before this one. */
  readonly lt?: K
  /** Keys at or before this one. */
  readonly lte?: K
}

/** One end of a range. */
export interface Bound {
  readonly key: Uint8Array
  /** Whether `key` itself is inside. */
  readonly included: boolean
}

/** A range of user keys; a missing bound is open. */
export interface KeyRange {
  readonly lower: Bound | undefined
  readonly upper: Bound | undefined
}

/** All keys. */
export const EVERYTHING: KeyRange = { lower: undefined, upper: undefined }

/** The range that options give, in bytes. */
export function keyRange(options: RangeOptions<unknown>, encoding: Transcoder): KeyRange {
  const bound = (exclusive: unknown, inclusive: unknown): Bound | undefined => {
    if (exclusive !== undefined) return { key: encodeKey(exclusive, encoding), included: false }
    return inclusive === undefined ? undefined : { key: encodeKey(inclusive, encoding), included: true }
  }
  return { lower: bound(options.gt, options.gte), upper: bound(options.lt, options.lte) }
}

/** A copy of the bytes of a key. */
export function encodeKey(key: unknown, encoding: Transcoder): Uint8Array {
  const prepared = encoding.prepare(key)
  if (typeof prepared !== 'string') return copyBytes(prepared, 0, prepared.length)
  const bytes = new Uint8Array(mostBytes(prepared))
  return bytes.subarray(0, write(prepared, bytes, 0))
}

/** Whether a key lies before the range. */
export function isBelow({ lower }: KeyRange, key: Uint8Array, start: number, end: number): boolean {
  if (lower === undefined) return false
  const order = compareBytes(key, start, end, lower.key, 0, lower.key.length)
  return lower.included ? order < 0 : order <= 0
}

/** Whether a key lies after the range. */
export function isAbove({ upper }: KeyRange, key: Uint8Array, start: number, end: number): boolean {
  if (upper === undefined) return false
  const order = compareBytes(key, start, end, upper.key, 0, upper.key.length)
  return upper.included ? order > 0 : order >= 0
}

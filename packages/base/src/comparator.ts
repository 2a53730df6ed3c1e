/**
 * Which user key comes first, and the short keys that fit between two of them.
 *
 * There is one order: unsigned bytes, a prefix before what it prefixes. LevelDB writes the
 * order's name into the MANIFEST; a directory with another name is refused, because under the
 * wrong order a binary search misses silently. Other orders belong into the key's encoding.
 *
 * Does not know internal keys, tables, or encodings.
 */
import { sharedPrefixLength } from './bytes.ts'

/** The name under which LevelDB records this order. */
export const COMPARATOR_NAME = 'leveldb.BytewiseComparator'

/**
 * The shortest key `k` with `a <= k < b` that LevelDB would choose: the shared prefix and one byte more.
 *
 * @returns a new array, or `undefined` where nothing shorter than `a` is to be had.
 */
export function shortSeparator(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): Uint8Array | undefined {
  const shared = sharedPrefixLength(a, aStart, aEnd, b, bStart, bEnd)
  if (shared >= aEnd - aStart || shared >= bEnd - bStart) return undefined
  const differing = a[aStart + shared]
  if (differing === 0xff || differing + 1 >= b[bStart + shared]) return undefined
  return raised(a, aStart, aEnd, shared)
}

/**
 * The shortest key at or after `a`: its bytes up to the first that is not 0xff, that one raised.
 *
 * @returns a new array, or `undefined` where nothing shorter than `a` is to be had.
 */
export function shortSuccessor(a: Uint8Array, aStart: number, aEnd: number): Uint8Array | undefined {
  for (let i = aStart; i < aEnd; i++) if (a[i] !== 0xff) return raised(a, aStart, aEnd, i - aStart)
  return undefined
}

/** The first `last` bytes of `a` and the one after them plus one, if that is shorter than `a`. */
function raised(a: Uint8Array, aStart: number, aEnd: number, last: number): Uint8Array | undefined {
  if (last + 1 >= aEnd - aStart) return undefined
  const key = a.slice(aStart, aStart + last + 1)
  key[last]++
  return key
}

/**
 * Sets of bytes of a file, as ascending, disjoint, non-empty ranges: `[start, end, start, end, …]`.
 *
 * Sets are never changed, so that each moment of a file's history can hold on to its own.
 */

/** See the file's header. */
export type Ranges = readonly number[]

/** No bytes. */
export const NONE: Ranges = []

/** The bytes of `[0, size)` that are not in `holes`. */
export function outside(size: number, holes: Ranges): Ranges {
  const result: number[] = []
  let from = 0
  for (let i = 0; i < holes.length && from < size; i += 2) {
    if (holes[i] > from) result.push(from, Math.min(holes[i], size))
    from = Math.max(from, holes[i + 1])
  }
  if (from < size) result.push(from, size)
  return result
}

/** All bytes that are in either. */
export function union(a: Ranges, b: Ranges): Ranges {
  if (b.length === 0) return a
  const pairs: (readonly [number, number])[] = []
  for (const ranges of [a, b]) for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i], ranges[i + 1]])
  pairs.sort(([one], [other]) => one - other)
  const result: number[] = []
  for (const [start, end] of pairs) {
    if (result.length > 0 && start <= result[result.length - 1]) {
      result[result.length - 1] = Math.max(result[result.length - 1], end)
    } else result.push(start, end)
  }
  return result
}

/** The end of the last range; 0 for none. */
export function endOf(ranges: Ranges): number {
  return ranges.at(-1) ?? 0
}

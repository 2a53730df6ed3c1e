/**
 * How much each level should hold.
 *
 *     level      bytes     target               bottom = the last level with tables; the greatest level fixes the targets
 *       1          -         -      unused
 *       2          -         -      unused
 *       3        14 MiB    20 MiB   base: level 0 is compacted to it
 *       4       230 MiB   200 MiB   score 1.15
 *       5         2 GB      2 GB    bottom: has no target, there is nothing below
 *       6          -         -
 *
 * Fixed targets leave the bottom level at any fraction of its target, and then up to half of the space is overwritten
 * data. Targets that follow the bottom keep every level at a tenth of the next, and overwritten data at about a ninth.
 *
 * 1. The base level's target is between `baseLevelBytes` and that times the multiplier.
 * 2. Levels above the base are unused. Tables found there (a directory may have any shape) are drained: level 0 goes no
 *    deeper than the first of them, or its newer data would pass them.
 * 3. Where even level 1 would have too great a target, the bottom goes one level down, and the old bottom drains into it.
 * 4. A base level that holds tables is given up only below half of `baseLevelBytes`: a size that swings about the
 *    bound must not move it up and down.
 *
 * Does not know tables.
 */

/** What the sizes of levels follow. */
export interface LevelSizes {
  /** Bytes that the first used level may hold, at least. */
  readonly baseLevelBytes: number
  /** How many times the bytes of one level the next one may hold. */
  readonly levelMultiplier: number
}

/** The shape that a tree should have. */
export interface LevelTargets {
  /** The level that level 0 is compacted to: the first used level, or the first one above it that holds tables. */
  readonly output: number
  /** The first used level. */
  readonly base: number
  /** The deepest level that is to hold data. */
  readonly bottom: number
  /** Bytes by level: 0 where a level is to be drained, `Infinity` where it may hold everything. */
  readonly bytes: readonly number[]
}

/** Levels of a tree, level 0 included. */
export const LEVELS = 7

/** The shape for a tree with so many bytes on each of its levels. */
export function levelTargets(bytes: readonly number[], sizes: LevelSizes): LevelTargets {
  const { baseLevelBytes, levelMultiplier } = sizes
  const holding = bytes.findLastIndex(held => held > 0)
  let bottom = holding > 0 ? holding : LEVELS - 1
  const greatest = Math.max(...bytes.slice(1))
  const targetOf = (level: number): number => greatest / levelMultiplier ** (bottom - level)
  while (bottom < LEVELS - 1 && targetOf(1) >= baseLevelBytes * levelMultiplier) bottom++

  let base = bottom
  while (base > 1 && targetOf(base - 1) >= (bytes[base - 1] > 0 ? baseLevelBytes / 2 : baseLevelBytes)) base--
  const first = bytes.findIndex((held, level) => level > 0 && held > 0)
  return {
    output: first < 0 ? base : Math.min(base, first),
    base,
    bottom,
    bytes: bytes.map((_, level) => {
      if (level >= bottom) return Number.POSITIVE_INFINITY
      return level < base ? 0 : targetOf(level)
    }),
  }
}

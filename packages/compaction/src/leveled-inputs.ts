/**
 * Which tables must go together when some of a level go to a deeper one.
 *
 *     level 4       [d ─ f] [f ─ h]           asked for: d ─ f. Its clean cut takes f ─ h along
 *     level 5    [a ── e] [f ─ g]   [k ─ m]   everything that overlaps d ─ h: a ── e and f ─ g
 *     level 6    ...                          grandparents and older tables: what overlaps a ─ h
 *
 * 1. Of the level that is left, all versions of a user key go, or none.
 * 2. Of the level that is written to, everything goes that overlaps the hull of the inputs: outputs may span its gaps.
 * 3. Of level 0, what goes takes along every older table that shares keys with it. What stays is newer wherever they
 *    share a key, so that "level 0 before deeper levels" remains "newer before older".
 *
 * Does not decide that there is something to do.
 */
import { cleanCut, hullOf, overlaps, spanOf, type ClosedRange, type KeyRange } from './key-ranges.ts'
import { areIdle, isFreeToWrite } from './running-jobs.ts'
import type { LevelInput, Plan, TableDescription, TreeDescription } from './strategy.ts'

/** Bounds of a single plan. */
export interface PlanBounds {
  /** Bytes at which an output table is closed. */
  readonly maxTableSize: number
  /** Bytes of the level below its own that an output table may overlap. */
  readonly maxGrandparentOverlap: number
}

/** Tables of one level that are to be written to another, or to be rewritten where they are. */
export interface Work {
  readonly reason: string
  readonly level: number
  /** A clean cut, or a group of level 0. Not empty. */
  readonly tables: readonly TableDescription[]
  readonly outputLevel: number
  /** Whether a table that nothing has to be merged with may be moved as it is. */
  readonly mayMove: boolean
}

/** Inputs are not widened beyond so many times the size of an output table. */
const MOST_OUTPUTS = 25

/** The tables of a level above 0 that overlap a range, in a clean cut. */
export function tablesIn(tree: TreeDescription, level: number, range: KeyRange): TableDescription[] {
  const tables = tree.levels[level]
  const { from, to } = cleanCut(tables, spanOf(tables, range))
  return tables.slice(from, to)
}

/** The plan for some work; `undefined` if a running job is in its way. */
export function planWork(tree: TreeDescription, bounds: PlanBounds, work: Work): Plan | undefined {
  const { reason, level, outputLevel } = work
  const inPlace = level === outputLevel
  const upper = inPlace || level === 0 ? work.tables : widened(tree, bounds, work)
  const lower = inPlace ? [] : tablesIn(tree, outputLevel, hullOf(upper))
  const range = hullOf([...upper, ...lower])
  if (!areIdle(tree, upper) || !areIdle(tree, lower) || !isFreeToWrite(tree, outputLevel, range)) return undefined

  const grandparents = outputLevel + 1 < tree.levels.length ? overlapping(tree, outputLevel + 1, range) : []
  const single = upper.length === 1 && lower.length === 0 && !inPlace
  if (work.mayMove && single && totalSize(grandparents) <= bounds.maxGrandparentOverlap) {
    return { kind: 'move', reason, level, table: upper[0], outputLevel }
  }
  return {
    kind: 'rewrite',
    reason,
    inputs: [{ level, tables: upper }, ...(lower.length > 0 ? [{ level: outputLevel, tables: lower }] : [])],
    outputLevel,
    maxTableSize: bounds.maxTableSize,
    grandparents,
    older: tablesBelow(tree, outputLevel, range),
  }
}

/** What lies in a range below a level, by level. */
export function tablesBelow(tree: TreeDescription, level: number, range: KeyRange): LevelInput[] {
  const inputs: LevelInput[] = []
  for (let below = level + 1; below < tree.levels.length; below++) {
    const tables = overlapping(tree, below, range)
    if (tables.length > 0) inputs.push({ level: below, tables })
  }
  return inputs
}

/**
 * The tables of level 0 that go together with one of them: all older ones that share keys, transitively; then, the oldest
 * first, those in the same range as far as they bring no busy table along and the group stays within `most`.
 *
 * @param seed - index in level 0.
 * @returns newest first; `undefined` if it must include a busy table.
 */
export function level0Group(
  tree: TreeDescription,
  seed: number,
  most: number,
  eligible: (table: TableDescription) => boolean,
): TableDescription[] | undefined {
  const tables = tree.levels[0]
  let group = withOlder(tables, new Set([seed]))
  if (!isIdleGroup(tree, group)) return undefined
  for (let at = tables.length - 1, range = hullAt(tables, group); at >= 0 && group.size < most; at--) {
    if (group.has(at) || !eligible(tables[at]) || !overlaps(tables[at], range)) continue
    const larger = withOlder(tables, new Set([...group, at]))
    if (larger.size > most) break
    if (!isIdleGroup(tree, larger)) continue
    group = larger
    range = hullAt(tables, group)
    at = tables.length
  }
  return tables.filter((_, at) => group.has(at))
}

/** Bytes of some tables. */
export function totalSize(tables: readonly TableDescription[]): number {
  let sum = 0
  for (const { size } of tables) sum += size
  return sum
}

/** A group of level 0 and every older table that shares keys with one of it. From new to old, one pass finds all. */
function withOlder(tables: readonly TableDescription[], group: Set<number>): Set<number> {
  for (let at = Math.min(...group) + 1; at < tables.length; at++) {
    if (group.has(at)) continue
    for (const member of group) {
      if (member < at && overlaps(tables[member], tables[at])) {
        group.add(at)
        break
      }
    }
  }
  return group
}

function isIdleGroup(tree: TreeDescription, group: ReadonlySet<number>): boolean {
  return tree.busy.size === 0 || [...group].every(at => !tree.busy.has(tree.levels[0][at].number))
}

function hullAt(tables: readonly TableDescription[], group: ReadonlySet<number>): ClosedRange {
  return hullOf([...group].map(at => tables[at]))
}

/** More of the level that is left, if that brings in nothing more of the level that is written to. */
function widened(tree: TreeDescription, bounds: PlanBounds, work: Work): readonly TableDescription[] {
  const { level, tables, outputLevel } = work
  const lower = tablesIn(tree, outputLevel, hullOf(tables))
  if (lower.length === 0) return tables
  const wider = tablesIn(tree, level, hullOf([...tables, ...lower]))
  const more = wider.length > tables.length
  if (!more || totalSize(wider) + totalSize(lower) > MOST_OUTPUTS * bounds.maxTableSize) return tables
  const needed = tablesIn(tree, outputLevel, hullOf(wider))
  return needed.length === lower.length && areIdle(tree, wider) ? wider : tables
}

/** The tables of a level above 0 that overlap a range, without their neighbours. */
function overlapping(tree: TreeDescription, level: number, range: KeyRange): TableDescription[] {
  const { from, to } = spanOf(tree.levels[level], range)
  return tree.levels[level].slice(from, to)
}

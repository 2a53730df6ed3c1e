/**
 * Compacting a range of keys by hand, step by step, from the top down.
 *
 *     level 0   ▒▒▒▒     1. the tables of level 0 in the range, with all that must go along, to the level that takes them
 *     level 4   ▒▒ ▒▒    2. each level's tables in the range, in pieces of some 25, to the next level
 *     level 5   ▒▒▒▒▒▒   3. the deepest level with data in the range, where it is, as far as no step has rewritten it:
 *                           there nothing older can be hidden, so deletions and overwritten versions go
 *
 * 1. The step follows from the tree and from what earlier steps have written. Nothing else is remembered.
 * 2. It ends while others write: what came after the first step (a greater file number, and not written by a step) is left.
 * 3. A table that a step has written may go deeper, but is not rewritten where it is.
 *
 * What running jobs have in hand is passed over; to be sure of everything, wait for them first.
 */
import { cleanCut, hullOf, overlaps, spanOf, userKeyRange, type KeyRange, type Span } from './key-ranges.ts'
import { level0Group, planWork, type PlanBounds } from './leveled-inputs.ts'
import type { Plan, TableDescription, TreeDescription } from './strategy.ts'

/** What is to be compacted, and how far it is. */
export interface RangeRequest {
  /** First user key, or `undefined` from the start. */
  readonly begin: Uint8Array | undefined
  /** Last user key, or `undefined` to the end. */
  readonly end: Uint8Array | undefined
  /** Numbers of the tables that earlier steps have written. */
  readonly done: ReadonlySet<number>
  /** Where level 0 goes. */
  readonly outputLevel: number
}

/** Tables of one step, as far as keys allow. */
const MOST_TABLES = 25

const REASON = 'a range is compacted by hand'

/** The next step; `undefined` when there is none. */
export function planLeveledRange(tree: TreeDescription, bounds: PlanBounds, request: RangeRequest): Plan | undefined {
  const { begin, end, done } = request
  const range = userKeyRange(begin, end)
  const first = leastOf(done)
  const eligible = ({ number }: TableDescription): boolean => number < first || done.has(number)

  const flushed = planLevel0(tree, bounds, request, table => eligible(table) && overlaps(table, range))
  if (flushed !== undefined) return flushed
  const deepest = tree.levels.findLastIndex((tables, level) => level > 0 && holds(tables, range))
  for (let level = 1; level < deepest; level++) {
    const found = planLevel(tree, bounds, { level, range, eligible })
    if (found !== undefined) return found
  }
  const fresh = (table: TableDescription): boolean => eligible(table) && !done.has(table.number)
  return deepest > 0 ? planInPlace(tree, bounds, { level: deepest, range, eligible: fresh }) : undefined
}

/** Where to look for the next step. */
interface Search {
  readonly level: number
  readonly range: KeyRange
  readonly eligible: (table: TableDescription) => boolean
}

function planLevel0(
  tree: TreeDescription,
  bounds: PlanBounds,
  { outputLevel }: RangeRequest,
  eligible: (table: TableDescription) => boolean,
): Plan | undefined {
  for (let seed = tree.levels[0].length - 1; seed >= 0; seed--) {
    if (!eligible(tree.levels[0][seed])) continue
    const tables = level0Group(tree, seed, MOST_TABLES, eligible)
    const work = tables && { reason: REASON, level: 0, tables, outputLevel, mayMove: false }
    const found = work && planWork(tree, bounds, work)
    if (found !== undefined) return found
  }
  return undefined
}

/** A piece of a level that goes to the next one. */
function planLevel(tree: TreeDescription, bounds: PlanBounds, search: Search): Plan | undefined {
  const { level } = search
  const below = tree.levels[level + 1]
  const fits = (tables: readonly TableDescription[]): boolean => {
    const { from, to } = spanOf(below, hullOf(tables))
    return to > from && tables.length + to - from <= MOST_TABLES
  }
  return planPiece(tree, bounds, search, level + 1, fits)
}

/** A piece of the deepest level. */
function planInPlace(tree: TreeDescription, bounds: PlanBounds, search: Search): Plan | undefined {
  return planPiece(tree, bounds, search, search.level, tables => tables.length <= MOST_TABLES)
}

/** The first piece of consecutive eligible tables that nothing is in the way of: one, and more as long as they fit. */
function planPiece(
  tree: TreeDescription,
  bounds: PlanBounds,
  { level, range, eligible }: Search,
  outputLevel: number,
  fits: (tables: readonly TableDescription[]) => boolean,
): Plan | undefined {
  const tables = tree.levels[level]
  const span = spanOf(tables, range)
  for (let from = span.from; from < span.to; from++) {
    if (!eligible(tables[from])) continue
    const piece = (cut: Span): Plan | undefined => {
      const { from, to } = cleanCut(tables, cut)
      return planWork(tree, bounds, {
        reason: REASON,
        level,
        tables: tables.slice(from, to),
        outputLevel,
        mayMove: true,
      })
    }
    let to = from + 1
    while (to < span.to && eligible(tables[to]) && fits(tables.slice(from, to + 1))) to++
    const found = piece({ from, to }) ?? piece({ from, to: from + 1 })
    if (found !== undefined) return found
  }
  return undefined
}

function holds(tables: readonly TableDescription[], range: KeyRange): boolean {
  const { from, to } = spanOf(tables, range)
  return to > from
}

function leastOf(numbers: ReadonlySet<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const number of numbers) if (number < least) least = number
  return least
}

/**
 * Data that nobody can read any more and that no full level will ever push out.
 *
 *     many deletions    a table with a large part of them, all older than every reader, goes down until it has nothing
 *                       below it, and is then rewritten where it is: the deletions go, with what they delete. A step is
 *                       only worth it where they are many beside what they would be merged with, too
 *     age               a table with old data goes down in the same way; one at the end of its way is rewritten again
 *                       whenever it has itself become old, for versions that a snapshot kept are not counted anywhere
 *
 * 1. It ends: each step takes a table one level deeper, or leaves none of what asked for it.
 * 2. What is not known asks for nothing.
 *
 * Does not know targets.
 */
import { hullOf } from './key-ranges.ts'
import { level0Group, planWork, tablesBelow, tablesIn, type PlanBounds, type Work } from './leveled-inputs.ts'
import type { Plan, TableDescription, TreeDescription } from './strategy.ts'

/** When a table is rewritten for the garbage in it. */
export interface GarbageSettings {
  /** The part of a table's entries, from 0 to 1, that must be deletions nobody needs; above 1 for never. */
  readonly tombstoneRatio: number
  /** Milliseconds after which data is compacted in any case; 0 for never. */
  readonly maxAge: number
}

const MS_PER_HOUR = 3_600_000

/**
 * Entries of the next level that one deletion is worth merging with. What is left waiting by this is garbage of at most a
 * tenth of the next level; without it a steady stream of deletions would rewrite that level with each memtable.
 */
const ENTRIES_PER_DELETION = 10

/**
 * The next table that is worth it, the deepest level last.
 *
 * @param outputLevel - where level 0 goes.
 */
export function planGarbage(
  tree: TreeDescription,
  settings: GarbageSettings & PlanBounds,
  outputLevel: number,
): Plan | undefined {
  for (const [level, tables] of tree.levels.entries()) {
    for (let at = tables.length - 1; at >= 0; at--) {
      const table = tables[at]
      if (!isSuspect(table, tree, settings) || tree.busy.has(table.number)) continue
      const work = level === 0 ? level0Work(tree, settings, at, outputLevel) : levelWork(tree, settings, level, table)
      const found = work && planWork(tree, settings, work)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Whether a look at its surroundings is due: cheap, for it is asked of every table. */
function isSuspect(table: TableDescription, tree: TreeDescription, settings: GarbageSettings): boolean {
  return (
    isDeleted(table, tree, settings) || isOld(table.createdAt, tree, settings) || isOld(table.writtenAt, tree, settings)
  )
}

/** Whether so much of the table is deletions, and all of them may go. */
function isDeleted(table: TableDescription, tree: TreeDescription, { tombstoneRatio }: GarbageSettings): boolean {
  const { entries, deletions, largestSequence } = table
  if (!entries || !deletions || deletions < entries * tombstoneRatio) return false
  return largestSequence !== undefined && largestSequence <= tree.oldestReader
}

function isOld(time: number | undefined, tree: TreeDescription, { maxAge }: GarbageSettings): boolean {
  return maxAge > 0 && time !== undefined && time > 0 && tree.now - time > maxAge
}

function level0Work(
  tree: TreeDescription,
  settings: GarbageSettings,
  at: number,
  outputLevel: number,
): Work | undefined {
  const table = tree.levels[0][at]
  const tables = level0Group(tree, at, 1, () => false)
  if (tables === undefined) return undefined
  const reason = isWorthIt(tree, settings, table, tables, outputLevel)
    ? deletionReason(table)
    : isOld(table.createdAt, tree, settings) && ageReason(table, table.createdAt!, tree)
  return reason ? { reason, level: 0, tables, outputLevel, mayMove: true } : undefined
}

function levelWork(
  tree: TreeDescription,
  settings: GarbageSettings,
  level: number,
  table: TableDescription,
): Work | undefined {
  const tables = tablesIn(tree, level, table)
  const sinks = tablesBelow(tree, level, hullOf(tables)).length > 0
  const time = sinks ? table.createdAt : table.writtenAt
  const outputLevel = sinks ? level + 1 : level
  const reason = isWorthIt(tree, settings, table, tables, outputLevel)
    ? deletionReason(table)
    : isOld(time, tree, settings) && ageReason(table, time!, tree)
  return reason ? { reason, level, tables, outputLevel, mayMove: true } : undefined
}

/** Whether a table's deletions are worth a step to another level, together with what goes along. */
function isWorthIt(
  tree: TreeDescription,
  settings: GarbageSettings,
  table: TableDescription,
  tables: readonly TableDescription[],
  outputLevel: number,
): boolean {
  if (!isDeleted(table, tree, settings)) return false
  const met = tablesIn(tree, outputLevel, hullOf(tables)).filter(other => !tables.includes(other))
  return sum(met, 'entries') <= ENTRIES_PER_DELETION * sum(tables, 'deletions')
}

/** What is known of a number, added up. */
function sum(tables: readonly TableDescription[], what: 'entries' | 'deletions'): number {
  return tables.reduce((total, table) => total + (table[what] ?? 0), 0)
}

function deletionReason({ number, entries, deletions }: TableDescription): string {
  return `#${number} has ${deletions} deletions in ${entries} entries`
}

function ageReason(table: TableDescription, time: number, tree: TreeDescription): string {
  return `#${table.number} is ${Math.round((tree.now - time) / MS_PER_HOUR)} hours old`
}

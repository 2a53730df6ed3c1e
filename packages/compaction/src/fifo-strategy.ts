/**
 * First in, first out: whole tables are forgotten, the oldest first. For logs, metrics and caches, that are written once
 * and of which only the latest part is wanted. Nothing is ever rewritten: each byte is written once.
 *
 * 1. What is dropped is always everything older than something: if an overwritten version stayed while the newer one
 *    went, it would come back.
 * 2. Tables of deeper levels (of a directory that was leveled before) are older than those of level 0, and go first.
 * 3. A table that is older than one that is too old is too old as well, even if its own date is not known.
 *
 * Deletions hide what they delete as everywhere, but free no space until their table goes.
 */
import { byteSize } from './byte-size.ts'
import type { DropPlan, LevelInput, Strategy, TableDescription, TreeDescription } from './strategy.ts'

/** What is kept. */
export interface FifoSettings {
  /** Bytes that all tables may have together. */
  readonly maxBytes: number
  /** Milliseconds after which a table goes; 0 for never. */
  readonly maxAge: number
}

/** A table and its level. */
interface Placed {
  readonly level: number
  readonly table: TableDescription
}

/** Makes a strategy that only drops. */
export function fifoStrategy(settings: FifoSettings): Strategy {
  return {
    name: 'fifo',
    usesLevels: false,
    plan: tree => plan(tree, settings),
    scores: tree => tree.levels.map((_, level) => (level === 0 ? sizeOf(tree) / settings.maxBytes : 0)),
    pendingBytes: () => 0,
    planRange: () => undefined,
  }
}

function plan(tree: TreeDescription, settings: FifoSettings): DropPlan | undefined {
  const tables = oldestFirst(tree)
  const bytes = sizeOf(tree)
  const aged = settings.maxAge > 0 ? countAged(tables, tree, settings.maxAge) : 0
  const spare = countSpare(tables, bytes - settings.maxBytes)
  const busy = tables.findIndex(({ table }) => tree.busy.has(table.number))
  const count = Math.min(Math.max(aged, spare), busy < 0 ? tables.length : busy)
  if (count === 0) return undefined
  const reason =
    spare >= aged ? `${byteSize(bytes)} of at most ${byteSize(settings.maxBytes)}` : `${count} tables are too old`
  return { kind: 'drop', reason, inputs: byLevel(tables.slice(0, count)) }
}

/** How many of the oldest tables go for age: all up to the newest one that is too old. */
function countAged(tables: readonly Placed[], { now }: TreeDescription, maxAge: number): number {
  return 1 + tables.findLastIndex(({ table: { createdAt } }) => !!createdAt && now - createdAt > maxAge)
}

/** How many of the oldest tables have so many bytes together. */
function countSpare(tables: readonly Placed[], bytes: number): number {
  let count = 0
  for (let left = bytes; left > 0 && count < tables.length; count++) left -= tables[count].table.size
  return count
}

/** All tables: the deepest level first, level 0 last and in the order of numbers. */
function oldestFirst(tree: TreeDescription): Placed[] {
  return tree.levels.flatMap((tables, level) => tables.map(table => ({ level, table }))).reverse()
}

function byLevel(tables: readonly Placed[]): LevelInput[] {
  const levels = [...new Set(tables.map(({ level }) => level))].sort((a, b) => a - b)
  return levels.map(level => ({
    level,
    // Back to the order of the level.
    tables: tables
      .filter(placed => placed.level === level)
      .map(({ table }) => table)
      .reverse(),
  }))
}

function sizeOf({ levels, levelBytes }: TreeDescription): number {
  if (levelBytes !== undefined) return levelBytes.reduce((sum, bytes) => sum + bytes, 0)
  return levels.reduce((sum, tables) => tables.reduce((bytes, { size }) => bytes + size, sum), 0)
}

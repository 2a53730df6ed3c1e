/**
 * Leveled compaction: level 0 takes what is flushed, every deeper level is one sorted run, ten times the one above it.
 *
 *     score of level 0      its tables / `level0Trigger`, or its bytes / the base level's target, whichever is greater
 *     score of level L      its bytes / its target (see level-targets); above 1 where it is to be drained
 *
 * The level with the greatest score goes first. From level 0 goes everything that overlaps, from deeper levels one table
 * after the other round the key space, or of the next 32 the one that overlaps least of the level below. Whatever a running
 * job has to do with is left out, and another table or level is tried. When all levels are in shape, level 0 goes all the same
 * if iterators merge it much; then garbage is looked for.
 *
 * 1. Level 0 never passes a table of a level above 0 that it could share keys with: it goes to the first level that
 *    holds any, or to the base.
 * 2. All other work goes to the very next level, or stays where it is.
 *
 * Does not merge, and does not know what the bytes are.
 */
import { byteSize } from './byte-size.ts'
import { compareUserKeys, firstIndex, spanOf } from './key-ranges.ts'
import { levelTargets, type LevelSizes, type LevelTargets } from './level-targets.ts'
import { planGarbage, type GarbageSettings } from './leveled-garbage.ts'
import { level0Group, planWork, tablesIn, totalSize, type PlanBounds } from './leveled-inputs.ts'
import { planLeveledRange } from './leveled-range.ts'
import { areIdle } from './running-jobs.ts'
import type { Plan, Strategy, TableDescription, TreeDescription } from './strategy.ts'

/** What leveled compaction goes by. */
export interface LeveledSettings extends LevelSizes, PlanBounds, GarbageSettings {
  /** Tables in level 0 that ask for compaction. */
  readonly level0Trigger: number
  /** Which table of a level goes next: the one after the last one, or of the next 32 the one with the least to merge with. */
  readonly choice: 'round-robin' | 'least-overlap'
}

/** Tables of level 0 that one job merges: each costs a block of memory and a comparison for each entry. */
const MOST_LEVEL0_TABLES = 32
/** Tables of a level that are looked at for one plan: a level of 100,000 tables must not cost more than a small one. */
const WINDOW = 32

/** Makes a leveled strategy. */
export function leveledStrategy(settings: LeveledSettings): Strategy {
  return {
    name: 'leveled',
    usesLevels: true,
    plan: tree => plan(tree, settings),
    scores: tree => scoresOf(tree, settings, targetsOf(tree, settings)),
    pendingBytes: tree => pendingBytes(tree, settings),
    planRange(tree, begin, end, done) {
      return planLeveledRange(tree, settings, { begin, end, done, outputLevel: targetsOf(tree, settings).output })
    },
  }
}

function plan(tree: TreeDescription, settings: LeveledSettings): Plan | undefined {
  const targets = targetsOf(tree, settings)
  const scores = scoresOf(tree, settings, targets)
  const urgent = scores.map((_, level) => level).filter(level => scores[level] >= 1)
  urgent.sort((a, b) => scores[b] - scores[a])
  for (const level of urgent) {
    const found =
      level === 0
        ? planLevel0(tree, settings, targets, pressureOf(tree, settings))
        : planLevel(tree, settings, targets, level)
    if (found !== undefined) return found
  }
  if (tree.isReadHeavy === true) {
    const found = planLevel0(tree, settings, targets, 'iterators merge level 0')
    if (found !== undefined) return found
  }
  return planGarbage(tree, settings, targets.output)
}

/** Why level 0 is urgent. */
function pressureOf({ levels: [tables] }: TreeDescription, { level0Trigger }: LeveledSettings): string {
  return tables.length < level0Trigger
    ? `level 0 holds ${byteSize(totalSize(tables))}`
    : `level 0 has ${tables.length} tables`
}

function planLevel0(
  tree: TreeDescription,
  settings: LeveledSettings,
  targets: LevelTargets,
  reason: string,
): Plan | undefined {
  const tables = tree.levels[0]
  const tried = new Set<TableDescription>()
  for (let seed = tables.length - 1; seed >= 0; seed--) {
    if (tried.has(tables[seed])) continue
    const group = level0Group(tree, seed, MOST_LEVEL0_TABLES, () => true)
    if (group === undefined) continue
    const work = { reason, level: 0, tables: group, outputLevel: targets.output, mayMove: true }
    const found = planWork(tree, settings, work)
    if (found !== undefined) return found
    for (const table of group) tried.add(table)
  }
  return undefined
}

function planLevel(
  tree: TreeDescription,
  settings: LeveledSettings,
  targets: LevelTargets,
  level: number,
): Plan | undefined {
  const bytes = levelBytes(tree)[level]
  const target = targets.bytes[level]
  const held = `level ${level} holds ${byteSize(bytes)}`
  const reason = target > 0 ? `${held} of ${byteSize(target)}` : `${held} and is to be empty`
  for (const table of candidates(tree, settings, level)) {
    const work = { reason, level, tables: tablesIn(tree, level, table), outputLevel: level + 1, mayMove: true }
    const found = planWork(tree, settings, work)
    if (found !== undefined) return found
  }
  return undefined
}

/** The idle tables of a level above 0 that come next, the best first. */
function candidates(tree: TreeDescription, settings: LeveledSettings, level: number): TableDescription[] {
  const tables = tree.levels[level]
  const pointer = tree.pointers[level]
  const start = pointer === undefined ? 0 : firstIndex(tables, ({ largest }) => compareUserKeys(largest, pointer) > 0)
  const next = Array.from(
    { length: Math.min(WINDOW, tables.length) },
    (_, offset) => tables[(start + offset) % tables.length],
  ).filter(table => areIdle(tree, [table]))
  if (settings.choice === 'round-robin') return next
  const costs = new Map(next.map(table => [table, overlapOf(tree, level + 1, table) / table.size]))
  return next.sort((a, b) => costs.get(a)! - costs.get(b)!)
}

function overlapOf(tree: TreeDescription, level: number, table: TableDescription): number {
  const tables = tree.levels[level]
  const { from, to } = spanOf(tables, table)
  let bytes = 0
  for (let at = from; at < to; at++) bytes += tables[at].size
  return bytes
}

function scoresOf(tree: TreeDescription, settings: LeveledSettings, targets: LevelTargets): number[] {
  const idle = tree.levels.map((_, level) => idleBytes(tree, level))
  return idle.map((bytes, level) => {
    if (level === 0) return level0Score(tree, settings, targets, bytes)
    const target = targets.bytes[level]
    if (target > 0) return bytes / target
    return bytes > 0 ? 1 + bytes / settings.baseLevelBytes : 0
  })
}

function level0Score(tree: TreeDescription, settings: LeveledSettings, targets: LevelTargets, bytes: number): number {
  const tables = tree.levels[0].reduce((count, { number }) => (tree.busy.has(number) ? count : count + 1), 0)
  const byCount = tables / settings.level0Trigger
  // One table alone is as good in level 0 as it would be below.
  return tables < 2 ? byCount : Math.max(byCount, bytes / baseTarget(settings, targets))
}

function baseTarget({ baseLevelBytes }: LeveledSettings, { base, bytes }: LevelTargets): number {
  return Number.isFinite(bytes[base]) ? bytes[base] : baseLevelBytes
}

/**
 * What the levels hold above their targets, carried down to the bottom: each byte of it is rewritten once on every level
 * that it passes, together with what it meets there.
 */
function pendingBytes(tree: TreeDescription, settings: LeveledSettings): number {
  const bytes = levelBytes(tree)
  const targets = targetsOf(tree, settings)
  let pending = 0
  let carried = 0
  const over = tree.levels[0].length >= settings.level0Trigger || bytes[0] > baseTarget(settings, targets)
  if (over && bytes[0] > 0) {
    carried = bytes[0]
    pending += bytes[0] + bytes[targets.output]
  }
  for (let level = 1; level < targets.bottom; level++) {
    if (level < targets.output) continue
    const held = bytes[level] + carried
    const excess = Math.max(0, held - targets.bytes[level])
    if (excess > 0) pending += excess * (1 + bytes[level + 1] / held)
    carried = excess
  }
  return pending
}

function targetsOf(tree: TreeDescription, settings: LeveledSettings): LevelTargets {
  return levelTargets(levelBytes(tree), settings)
}

function levelBytes(tree: TreeDescription): readonly number[] {
  return tree.levelBytes ?? tree.levels.map(totalSize)
}

function idleBytes(tree: TreeDescription, level: number): number {
  if (tree.busy.size === 0) return tree.levelBytes?.[level] ?? totalSize(tree.levels[level])
  let sum = 0
  for (const { number, size } of tree.levels[level]) if (!tree.busy.has(number)) sum += size
  return sum
}

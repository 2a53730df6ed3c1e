/**
 * Tiered (universal) compaction: all data in level 0, as runs of which the newer are merged with each other. It writes each
 * byte a few times only, and reads more runs and needs more space than leveled compaction does.
 *
 *     level 0, newest first     #41  #40  #39   #38 #37 #36      #30            deeper levels
 *     runs                       1    2    3    └── 4 ─────┘      5             oldest of all
 *
 * A run is a stretch of consecutive tables of which each lies outside the range of all that come before it: one flushed
 * table, or what one job wrote. A key is in one of them at most.
 *
 * Level 0 is read in the order of file numbers, and what a job writes has new, hence the greatest numbers. So a merge must
 * begin with the newest run: a merge of runs 3 and 4 would come out before 1 and 2 and hide what is newer. It ends anywhere.
 *
 * 1. Inputs are all tables of level 0 from the newest on, up to the end of a run. Nothing that stays is newer.
 * 2. While a table is busy, nothing is planned. The one thing that may run beside a merge is a flush, and its number must be
 *    greater than those of the merge's outputs: whoever runs jobs starts no merge while a flush has a number already.
 * 3. Tables in deeper levels (of a directory that was leveled before) stay the oldest run. Only a merge of everything takes
 *    them along, and its output goes to the deepest level that holds data: nothing older is left that it could pass.
 *
 * Does not split a run: `maxTableSize` can be as large as a file may be.
 */
import { hullOf, overlaps, userKeyRange, type ClosedRange, type KeyRange } from './key-ranges.ts'
import { tablesBelow, totalSize } from './leveled-inputs.ts'
import type { LevelInput, Plan, RewritePlan, Strategy, TableDescription, TreeDescription } from './strategy.ts'

/** What tiered compaction goes by. */
export interface TieredSettings {
  /** Runs from which on something is merged. */
  readonly minRuns: number
  /** Runs that there may be: beyond it the newest are merged, whatever their sizes. */
  readonly maxRuns: number
  /** A run is merged with the newer ones if it is at most so many percent larger than they are together. */
  readonly sizeRatio: number
  /** Percent of the oldest run that all newer ones may have together; beyond it everything is merged. */
  readonly maxSpaceAmplification: number
  /** Bytes at which an output table is closed. */
  readonly maxTableSize: number
}

/** Level 0 in runs, and what is older. */
interface Runs {
  /** Newest first, and so within each. */
  readonly runs: readonly (readonly TableDescription[])[]
  readonly sizes: readonly number[]
  /** The deeper levels that hold tables. */
  readonly deeper: readonly LevelInput[]
  readonly deeperBytes: number
}

/** Makes a tiered strategy. */
export function tieredStrategy(settings: TieredSettings): Strategy {
  return {
    name: 'tiered',
    usesLevels: false,
    plan: tree => (tree.busy.size > 0 ? undefined : plan(tree, settings)),
    scores(tree) {
      const { runs, deeper } = runsOf(tree)
      return tree.levels.map((_, level) => (level === 0 ? countRuns(runs, deeper) / settings.minRuns : 0))
    },
    pendingBytes: tree => pendingBytes(tree, settings),
    planRange: (tree, begin, end, done) => planRange(tree, settings, userKeyRange(begin, end), done),
  }
}

function plan(tree: TreeDescription, settings: TieredSettings): Plan | undefined {
  const found = runsOf(tree)
  const { runs, sizes, deeper } = found
  if (countRuns(runs, deeper) < settings.minRuns) return undefined
  const amplification = newerPercent(found)
  if (amplification > settings.maxSpaceAmplification) {
    const reason = `newer runs are ${Math.round(amplification)} % of the oldest, of at most ${settings.maxSpaceAmplification} %`
    return mergeAll(tree, settings, reason)
  }
  const similar = countSimilar(sizes, settings.sizeRatio)
  if (similar > 1) return mergeNewest(settings, found, similar, `${similar} runs are of similar size`)
  const surplus = runs.length - settings.maxRuns
  if (surplus <= 0) return undefined
  return mergeNewest(settings, found, surplus + 1, `${runs.length} runs of at most ${settings.maxRuns}`)
}

/** Merging by hand: one step, from the newest run to the oldest with something of the range. */
function planRange(
  tree: TreeDescription,
  settings: TieredSettings,
  range: KeyRange,
  done: ReadonlySet<number>,
): Plan | undefined {
  if (done.size > 0 || tree.busy.size > 0) return undefined
  const reason = 'a range is compacted by hand'
  if (tablesBelow(tree, 0, range).length > 0) return mergeAll(tree, settings, reason)
  const found = runsOf(tree)
  const oldest = found.runs.findLastIndex(run => run.some(table => overlaps(table, range)))
  return oldest < 0 ? undefined : mergeNewest(settings, found, oldest + 1, reason)
}

/** Merges the newest runs into one. */
function mergeNewest(
  { maxTableSize }: TieredSettings,
  { runs, deeper }: Runs,
  count: number,
  reason: string,
): RewritePlan {
  const tables = runs.slice(0, count).flat()
  const rest = runs.slice(count).flat()
  return {
    kind: 'rewrite',
    reason,
    inputs: [{ level: 0, tables }],
    outputLevel: 0,
    maxTableSize,
    grandparents: [],
    older: [...(rest.length > 0 ? [{ level: 0, tables: rest }] : []), ...deeper],
  }
}

/** Merges everything there is, to where the oldest of it is. */
function mergeAll(tree: TreeDescription, { maxTableSize }: TieredSettings, reason: string): RewritePlan {
  const inputs = tree.levels.map((tables, level) => ({ level, tables })).filter(({ tables }) => tables.length > 0)
  const outputLevel = inputs[inputs.length - 1].level
  return { kind: 'rewrite', reason, inputs, outputLevel, maxTableSize, grandparents: [], older: [] }
}

function pendingBytes(tree: TreeDescription, settings: TieredSettings): number {
  const { runs, sizes, deeper, deeperBytes } = runsOf(tree)
  if (countRuns(runs, deeper) < settings.minRuns) return 0
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return deeperBytes > 0 ? bytes : bytes - sizes[sizes.length - 1]
}

/** How many of the newest runs to merge: each that is not much larger than all newer ones together. */
function countSimilar(sizes: readonly number[], percent: number): number {
  let count = 1
  for (let bytes = sizes[0]; count < sizes.length && sizes[count] <= bytes * (1 + percent / 100); count++) {
    bytes += sizes[count]
  }
  return count
}

/** The bytes of all runs but the oldest, in percent of the oldest. */
function newerPercent({ sizes, deeperBytes }: Runs): number {
  const bytes = sizes.reduce((sum, size) => sum + size, deeperBytes)
  const oldest = deeperBytes > 0 ? deeperBytes : sizes[sizes.length - 1]
  return ((bytes - oldest) / oldest) * 100
}

function countRuns(runs: Runs['runs'], deeper: Runs['deeper']): number {
  return runs.length + (deeper.length > 0 ? 1 : 0)
}

function runsOf(tree: TreeDescription): Runs {
  const runs: TableDescription[][] = []
  let hull: ClosedRange | undefined
  for (const table of tree.levels[0]) {
    const apart: boolean = hull !== undefined && !overlaps(hull, table)
    if (apart) runs[runs.length - 1].push(table)
    else runs.push([table])
    hull = apart ? hullOf([hull!, table]) : table
  }
  const deeper = tablesBelow(tree, 0, { smallest: undefined, largest: undefined })
  const deeperBytes = deeper.reduce((sum, { tables }) => sum + totalSize(tables), 0)
  return { runs, sizes: runs.map(totalSize), deeper, deeperBytes }
}

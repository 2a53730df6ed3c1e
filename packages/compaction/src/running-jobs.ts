/**
 * What may run beside the jobs that are running.
 *
 *     level 4    [a ── f] u1          [p ── t] u2        a job reads u1 and u2 …
 *     level 5    a ───────────────────────── t           … and may write anything from a to t, the gap included
 *
 * Two jobs may run at once if neither reads what the other reads, and neither writes into a level where the other writes
 * between the same keys. Reads show in the tables that are busy. Where a job writes does not; if the tree does not tell,
 * the worst is assumed:
 *
 * 1. A job that reads level 0 may write anywhere between the first and the last key of all busy tables of level 0, on
 *    whatever level: where level 0 goes to depends on the moment at which the job was planned.
 * 2. A job that reads a level above 0 writes to it or to the next. Busy neighbours count as one job's.
 *
 * Does not choose tables.
 */
import { hullOf, overlaps, type ClosedRange } from './key-ranges.ts'
import type { Plan, RunningOutput, TableDescription, TreeDescription } from './strategy.ts'

/** Where a plan writes: for the tree's description while it runs. `undefined` for a plan that writes nothing. */
export function outputOf(plan: Plan): RunningOutput | undefined {
  if (plan.kind === 'drop') return undefined
  const tables = plan.kind === 'move' ? [plan.table] : plan.inputs.flatMap(input => input.tables)
  return { level: plan.outputLevel, ...hullOf(tables) }
}

/** Whether no running job reads one of the tables. */
export function areIdle(tree: TreeDescription, tables: readonly TableDescription[]): boolean {
  return tree.busy.size === 0 || tables.every(({ number }) => !tree.busy.has(number))
}

/** Whether no running job may write into a level between the ends of a range. */
export function isFreeToWrite(tree: TreeDescription, level: number, range: ClosedRange): boolean {
  if (tree.outputs !== undefined) {
    return !tree.outputs.some(output => output.level === level && overlaps(output, range))
  }
  return tree.busy.size === 0 || !suspects(tree, level).some(suspect => overlaps(suspect, range))
}

/** Ranges of busy tables whose jobs may write to a level. */
function suspects(tree: TreeDescription, level: number): ClosedRange[] {
  const flushed = tree.levels[0].filter(({ number }) => tree.busy.has(number))
  const ranges = flushed.length > 0 ? [hullOf(flushed)] : []
  for (const source of [level - 1, level]) if (source > 0) ranges.push(...busyStretches(tree, tree.levels[source]))
  return ranges
}

/** The busy tables of a level above 0, neighbours taken together. */
function busyStretches(tree: TreeDescription, tables: readonly TableDescription[]): ClosedRange[] {
  const stretches: ClosedRange[] = []
  let first: TableDescription | undefined
  for (const [at, table] of tables.entries()) {
    if (!tree.busy.has(table.number)) continue
    first ??= table
    if (at + 1 < tables.length && tree.busy.has(tables[at + 1].number)) continue
    stretches.push({ smallest: first.smallest, largest: table.largest })
    first = undefined
  }
  return stretches
}

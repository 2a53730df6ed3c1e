/**
 * The results of many workloads in one table: a row for each workload, a cell for each engine.
 */
import type { Outcome, Rounds } from './rounds.ts'
import { spreadOf, type Spread } from './spread.ts'

/** All outcomes of one set of rounds. */
export interface Result {
  readonly rounds: Rounds
  readonly outcomes: readonly Outcome[]
}

/** What one engine came to: microseconds for an operation, or why there is no number. */
export interface Cell {
  readonly engine: string
  readonly spread: Spread | undefined
  readonly lack: string | undefined
}

/** A workload and what each engine came to. */
export interface Row {
  readonly workload: string
  /** Entries of the database. */
  readonly keys: number
  readonly durability: Rounds['durability']
  readonly cells: readonly Cell[]
}

/** One row for each result; the time is that of the workload's last phase. */
export function summarize(results: readonly Result[]): Row[] {
  return results.map(({ rounds, outcomes }) => ({
    workload: rounds.workload,
    keys: rounds.size.keys,
    durability: rounds.durability,
    cells: rounds.engines.map(engine =>
      cellOf(
        engine,
        outcomes.filter(outcome => outcome.engine === engine),
      ),
    ),
  }))
}

function cellOf(engine: string, outcomes: readonly Outcome[]): Cell {
  const times = outcomes.flatMap(({ measurement }) => measurement?.phases.at(-1) ?? [])
  const micros = times.map(({ seconds, operations }) => (seconds * 1e6) / operations)
  const lack = outcomes.map(({ failure, missing }) => (failure === undefined ? missing : 'failed')).find(Boolean)
  return { engine, spread: micros.length === 0 ? undefined : spreadOf(micros), lack }
}

/** What a resolved write survives, in words. */
export const DURABILITY = {
  os: 'a resolved write survives the death of the process',
  synced: 'a resolved write survives a loss of power',
} as const

/** Rows of each durability that there is: two of them are never compared. */
export function byDurability(rows: readonly Row[]): [Row['durability'], Row[]][] {
  return (['os', 'synced'] as const)
    .map((durability): [Row['durability'], Row[]] => [durability, rows.filter(row => row.durability === durability)])
    .filter(([, some]) => some.length > 0)
}

/** A time with three significant digits. */
export function micros(time: number): string {
  return time >= 100 ? time.toFixed(0) : time.toFixed(time >= 10 ? 1 : 2)
}

/**
 * Results as text: db_bench's line for each phase as it ends, and a table of medians at the end.
 */
import Table from 'cli-table3'

import type { Phase } from './meter.ts'
import { metricsOf, type Metric } from './metrics.ts'
import type { Outcome } from './rounds.ts'
import { spreadOf, type Spread } from './spread.ts'
import { byDurability, DURABILITY, micros, type Row } from './summary.ts'
import { targetOf, verdict } from './targets.ts'

/** `fillrandom : 3.214 micros/op; 34.4 MB/s`, as LevelDB's db_bench prints it. */
export function phaseLine({ name, seconds, operations, userBytes }: Phase): string {
  const micros = ((seconds * 1e6) / operations).toFixed(3)
  const speed = (userBytes / 1048576 / seconds).toFixed(1)
  return `${name.padEnd(19)} : ${micros.padStart(11)} micros/op; ${speed.padStart(6)} MB/s`
}

/** Rules of a table above and below only. */
export const NO_RULES: Readonly<Record<string, string>> = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

/** A row for each number, a column for each engine: median, least–greatest, and how many times the first engine's. */
export function resultTable(engines: readonly string[], outcomes: readonly Outcome[]): string {
  const measured = outcomes.find(({ measurement }) => measurement !== undefined)?.measurement
  if (measured === undefined) return 'nothing was measured'
  const table = new Table({ head: ['', ...engines], chars: NO_RULES, style: { head: [], border: [] } })
  for (const metric of metricsOf(measured)) {
    const spreads = engines.map(engine => spreadIn(metric, engine, outcomes))
    table.push([metric.name, ...spreads.map(spread => cell(spread, spreads[0], metric.digits))])
  }
  return table.toString()
}

/**
 * A row for each workload: medians in microseconds for each operation, with how many times the first engine's; and what our
 * own engine was to reach, and whether it did. A table for each durability.
 */
export function summaryTables(rows: readonly Row[], withTargets: boolean): string {
  return byDurability(rows)
    .map(([durability, some]) => `${DURABILITY[durability]}\n${summaryTable(some, withTargets)}`)
    .join('\n')
}

function summaryTable(rows: readonly Row[], withTargets: boolean): string {
  const engines = rows[0].cells.map(({ engine }) => engine)
  const oneSize = rows.every(({ keys }) => keys === rows[0].keys)
  const head = ['µs/op', ...engines, ...(withTargets ? ['target', 'lsm'] : [])]
  const table = new Table({ head, chars: NO_RULES, style: { head: [], border: [] } })
  for (const row of rows) {
    const [first] = row.cells
    const cells = row.cells.map(({ spread, lack }) =>
      spread === undefined ? (lack ?? '–') : inMicros(spread, first.spread),
    )
    const name = oneSize ? row.workload : `${row.workload}, ${row.keys.toLocaleString('en')}`
    table.push([name, ...cells, ...(withTargets ? judgement(row) : [])])
  }
  return table.toString()
}

function judgement({ workload, keys, cells }: Row): string[] {
  const target = targetOf(workload, keys)
  if (target === undefined) return ['', '']
  const ours = cells.find(({ engine }) => engine.split(':', 1)[0] === 'lsm')?.spread
  return [String(target), ours === undefined ? '' : verdict(ours.median, target)]
}

function inMicros(spread: Spread, base: Spread | undefined): string {
  const ratio = base === undefined || base === spread ? '' : `  ×${(spread.median / base.median).toFixed(2)}`
  return `${micros(spread.median)}${ratio}`
}

function spreadIn({ of }: Metric, engine: string, outcomes: readonly Outcome[]): Spread | undefined {
  const numbers = outcomes
    .filter(outcome => outcome.engine === engine)
    .map(({ measurement }) => (measurement === undefined ? undefined : of(measurement)))
    .filter(number => number !== undefined)
  return numbers.length === 0 ? undefined : spreadOf(numbers)
}

function cell(spread: Spread | undefined, base: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–'
  const { median, min, max } = spread
  const range = min === max ? '' : ` (${min.toFixed(digits)}–${max.toFixed(digits)})`
  const times =
    base === undefined || base === spread || base.median === 0 ? '' : `  ×${(median / base.median).toFixed(2)}`
  return `${median.toFixed(digits)}${range}${times}`
}

/**
 * Results as text: db_bench's line for each phase as it ends, and a table of medians at the end.
 */
import Table from 'cli-table3'

import type { Phase } from './meter.ts'
import { metricsOf, type Metric } from './metrics.ts'
import type { Outcome } from './rounds.ts'
import { spreadOf, type Spread } from './spread.ts'
import { micros, type Row } from './summary.ts'

/** `fillrandom : 3.214 micros/op; 34.4 MB/s`, as LevelDB's db_bench prints it. */
export function phaseLine({ name, seconds, operations, userBytes }: Phase): string {
  const micros = ((seconds * 1e6) / operations).toFixed(3)
  const speed = (userBytes / 1048576 / seconds).toFixed(1)
  return `${name.padEnd(19)} : ${micros.padStart(11)} micros/op; ${speed.padStart(6)} MB/s`
}

/** Rules above and below only. */
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

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

/** A row for each workload: medians in microseconds for each operation, with how many times the first engine's. */
export function summaryTable(rows: readonly Row[]): string {
  const engines = rows[0]?.cells.map(({ engine }) => engine) ?? []
  const table = new Table({ head: ['µs/op', ...engines], chars: NO_RULES, style: { head: [], border: [] } })
  for (const { workload, cells } of rows) {
    table.push([
      workload,
      ...cells.map(({ spread, lack }) => (lack === undefined ? inMicros(spread, cells[0].spread) : lack)),
    ])
  }
  return table.toString()
}

function inMicros(spread: Spread | undefined, base: Spread | undefined): string {
  if (spread === undefined) return '–'
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

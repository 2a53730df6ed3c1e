/**
 * The numbers of a database as rows of a table.
 */
import type { DatabaseStats } from '@lsm/db'

/** Pairs of what and how much. */
export function statsRows(stats: DatabaseStats): [string, string][] {
  const { levels, memtables, cache, reads, flushes } = stats
  const tables = levels.reduce((sum, level) => sum + level.tables, 0)
  const bytes = levels.reduce((sum, level) => sum + level.bytes, 0)
  const rows: [string, string][] = [
    ['tables', `${number(tables)} of ${size(bytes)} in all`],
    ...levels.map((level): [string, string] => [
      `  level ${level.level}`,
      `${number(level.tables)} of ${size(level.bytes)}`,
    ]),
    [
      'in memory',
      `${number(memtables.entries)} entries in ${size(memtables.bytes)}, ${memtables.frozen} tables waiting`,
    ],
    ['block cache', `${size(cache.bytes)} of ${size(cache.capacity)}`],
    ['  hits, misses', `${number(cache.hits)}, ${number(cache.misses)}`],
    ['loads', `${number(reads.blocking)} on this thread, ${number(reads.pooled)} on others`],
    ['flushes', `${number(flushes.count)} of ${size(flushes.bytes)} in all`],
    ['newest write', `number ${number(stats.lastSequence)}`],
    ['open', `${number(stats.readers)} readers, ${number(stats.openIterators)} iterators`],
  ]
  if (stats.failure !== undefined) rows.push(['failure', stats.failure])
  return rows
}

function number(count: number): string {
  return count.toLocaleString('en')
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes with a unit that suits them. */
export function size(bytes: number): string {
  let unit = 0
  let amount = bytes
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit]}`
}

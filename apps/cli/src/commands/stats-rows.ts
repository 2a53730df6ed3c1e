/**
 * The numbers of a database as rows of a table.
 *
 * A database that was opened to read only has done nothing: what counts work is left out then.
 */
import type { DatabaseStats, LevelStats, StallCause } from '@lsm/db'

import { formatSize } from '../byte-size.ts'

type Row = readonly [what: string, howMuch: string]

/** Pairs of what and how much. */
export function statsRows(stats: DatabaseStats): Row[] {
  const { memtables, cache, reads } = stats
  const writable = stats.runner !== 'none'
  return [
    ...tableRows(stats, writable),
    [
      'in memory',
      `${number(memtables.entries)} entries in ${formatSize(memtables.bytes)}, ${memtables.frozen} tables waiting`,
    ],
    ['block cache', `${formatSize(cache.bytes)} of ${formatSize(cache.capacity)}`],
    ['  hits, misses', `${number(cache.hits)}, ${number(cache.misses)}`],
    ['loads', `${number(reads.blocking)} on this thread, ${number(reads.pooled)} on others`],
    ...(writable ? workRows(stats) : []),
    ['newest write', `number ${number(stats.lastSequence)}`],
    ['open', `${number(stats.readers)} readers, ${number(stats.openIterators)} iterators`],
    ...(stats.failure === undefined ? [] : [['failure', stats.failure] as const]),
  ]
}

function tableRows({ levels, readAmplification }: DatabaseStats, writable: boolean): Row[] {
  const tables = levels.reduce((sum, level) => sum + level.tables, 0)
  const bytes = levels.reduce((sum, level) => sum + level.bytes, 0)
  return [
    ['tables', `${number(tables)} of ${formatSize(bytes)} in all`],
    ...levels.map((level): Row => [`  level ${level.level}`, levelText(level, writable)]),
    ['read amplification', `${number(readAmplification)}: tables that a read may have to ask, filters aside`],
  ]
}

function levelText({ tables, bytes, score, bytesRead, bytesWritten }: LevelStats, writable: boolean): string {
  const text = `${number(tables)} of ${formatSize(bytes)}`
  if (!writable) return text
  return `${text}, score ${score.toFixed(2)}, ${formatSize(bytesRead)} read, ${formatSize(bytesWritten)} written`
}

function workRows({ flushes, compactions, writeAmplification, stalls, runner }: DatabaseStats): Row[] {
  const { count, bytesRead, bytesWritten, running } = compactions
  return [
    ['flushes', `${number(flushes.count)} of ${formatSize(flushes.bytes)} in all`],
    ['compactions', `${number(count)}, ${formatSize(bytesRead)} read, ${formatSize(bytesWritten)} written`],
    ...running.map((reason): Row => ['  running', reason]),
    ['  done by', runner === 'workers' ? 'worker threads' : 'the main thread, in slices'],
    ['write amplification', writeAmplification.toFixed(2)],
    ['stalls', stalls.length === 0 ? 'none' : number(stalls.reduce((sum, { count }) => sum + count, 0))],
    ...stalls.map(({ cause, count, milliseconds }): Row => [
      `  ${CAUSES[cause]}`,
      `${number(count)}, ${number(Math.round(milliseconds))} ms`,
    ]),
  ]
}

const CAUSES: Readonly<Record<StallCause, string>> = {
  memtables: 'waiting memtables',
  level0: 'tables of level 0',
  'pending-bytes': 'bytes to rewrite',
}

function number(count: number): string {
  return count.toLocaleString('en')
}

import type { DatabaseStats } from '@lsm/db'
import { expect, test } from 'vitest'

import { statsRows } from './stats-rows.ts'

const MiB = 2 ** 20

const stats: DatabaseStats = {
  levels: [
    { level: 0, tables: 3, bytes: 30 * MiB, score: 0.75, bytesRead: 40 * MiB, bytesWritten: 70 * MiB },
    { level: 6, tables: 20, bytes: 150 * MiB, score: 0, bytesRead: 90 * MiB, bytesWritten: 130 * MiB },
  ],
  memtables: { entries: 1200, bytes: MiB, frozen: 1 },
  cache: { bytes: 0, capacity: 64 * MiB, hits: 0, misses: 0 },
  reads: { blocking: 1, pooled: 2 },
  flushes: { count: 7, bytes: 70 * MiB },
  compactions: { count: 4, bytesRead: 130 * MiB, bytesWritten: 130 * MiB, running: ['level 0 has 4 tables'] },
  writeAmplification: 2.857,
  readAmplification: 4,
  stalls: [{ cause: 'level0', count: 2, milliseconds: 1234.5 }],
  lastSequence: 99,
  readers: 0,
  openIterators: 0,
  runner: 'workers',
  failure: undefined,
}

test('a database that works', () => {
  const rows = statsRows(stats)
  const row = (what: string): string | undefined => rows.find(([name]) => name.trim() === what)?.[1]
  expect(row('level 0')).toBe('3 of 30.0 MiB, score 0.75, 40.0 MiB read, 70.0 MiB written')
  expect(row('read amplification')).toBe('4: tables that a read may have to ask, filters aside')
  expect(row('compactions')).toBe('4, 130.0 MiB read, 130.0 MiB written')
  expect(row('running')).toBe('level 0 has 4 tables')
  expect(row('done by')).toBe('worker threads')
  expect(row('write amplification')).toBe('2.86')
  expect(row('stalls')).toBe('2')
  expect(row('tables of level 0')).toBe('2, 1,235 ms')
  expect(row('failure')).toBe(undefined)
  expect(statsRows({ ...stats, failure: 'the disk is full' }).at(-1)).toEqual(['failure', 'the disk is full'])
})

test('a database that was opened to read says nothing of work', () => {
  const rows = statsRows({ ...stats, runner: 'none' })
  expect(rows.find(([name]) => name === '  level 0')?.[1]).toBe('3 of 30.0 MiB')
  expect(rows.map(([name]) => name)).not.toContain('compactions')
})

import type { MemTable } from '@lsm/memtable'
import { describe, expect, test } from 'vitest'

import { MemTablePool } from './memtable-pool.ts'

const SIZE = 64 * 1024

function filled(pool: MemTablePool): MemTable {
  const memtable = pool.take(0, 0)
  memtable.add(1, 1, Uint8Array.of(7), 0, 1, 1, 1)
  memtable.freeze()
  return memtable
}

describe('a pool of memtables', () => {
  test('gives a retired memtable out again, empty', () => {
    const pool = new MemTablePool(SIZE, 2)
    const memtable = filled(pool)
    pool.retire(memtable)
    expect(pool.take(0, 0)).toBe(memtable)
    expect(memtable.entries).toBe(0)
    expect(memtable.frozen).toBe(false)
    expect(pool.take(0, 0)).not.toBe(memtable)
  })

  test('waits for the last pin of a retired memtable', () => {
    const pool = new MemTablePool(SIZE, 2)
    const memtable = filled(pool)
    pool.pin([memtable])
    pool.pin([memtable])
    pool.retire(memtable)
    pool.unpin([memtable])
    expect(pool.take(0, 0)).not.toBe(memtable)
    expect(memtable.entries).toBe(1)
    pool.unpin([memtable])
    expect(pool.take(0, 0)).toBe(memtable)
  })

  test('does not take back what is pinned but not retired', () => {
    const pool = new MemTablePool(SIZE, 2)
    const memtable = filled(pool)
    pool.pin([memtable])
    pool.unpin([memtable])
    expect(pool.take(0, 0)).not.toBe(memtable)
  })

  test('keeps so many and no more', () => {
    const pool = new MemTablePool(SIZE, 1)
    const memtables = [filled(pool), filled(pool)]
    for (const memtable of memtables) pool.retire(memtable)
    expect(pool.take(0, 0)).toBe(memtables[0])
    expect(memtables).not.toContain(pool.take(0, 0))
  })

  test('does not keep what is far larger than usual', () => {
    const pool = new MemTablePool(SIZE, 2)
    const large = pool.take(4 * SIZE, 1)
    expect(large.capacity).toBeGreaterThan(4 * SIZE)
    pool.retire(large)
    expect(pool.take(0, 0).capacity).toBe(SIZE)
  })

  test('makes a larger one where a free one may be too small', () => {
    const pool = new MemTablePool(SIZE, 2)
    pool.retire(filled(pool))
    expect(pool.take(2 * SIZE, 1).capacity).toBeGreaterThan(2 * SIZE)
  })
})
